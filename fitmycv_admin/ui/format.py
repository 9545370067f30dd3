"""Money, numbers, durations and dates as text in a reader's language, for mails and exports."""

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal, format_percent

from fitmycv_admin.core import clock

NONE = "–"
_LOCALES = {"en": "en_US", "fr": "fr"}
_MOMENTS = {"exact": "d MMM y, HH:mm:ss", "minute": "d MMM, HH:mm", "time": "HH:mm:ss", "date": "d MMM y"}


def number(lang: str, value: float | None, *, decimals: int | None = None) -> str:
    """A count or a measure: 48,912 or 48 912."""
    if value is None:
        return NONE
    places = "0" * decimals if decimals else ""
    shape = "#,##0" + ("." + places if places else "") if decimals is not None else "#,##0.##"
    return format_decimal(value, shape, locale=_LOCALES[lang])


def money_usd_nano(lang: str, nano: int | None, *, decimals: int | None = None) -> str:
    """Nano-dollars as dollars: two decimals from $1 up, four below, six below a cent."""
    if nano is None:
        return NONE
    digits = decimals if decimals is not None else _decimals_of_nano(nano)
    return _money(lang, Decimal(nano).scaleb(-9), "USD", digits)


def money_cents(lang: str, cents: int | None, currency: str = "EUR") -> str:
    """Cents of a currency: €9.99 or 9,99 €."""
    return NONE if cents is None else _money(lang, Decimal(cents).scaleb(-2), currency.upper(), 2)


def percent(lang: str, ratio: float | None, *, decimals: int = 1) -> str:
    """A ratio between 0 and 1 as a percentage."""
    if ratio is None:
        return NONE
    shape = "#,##0" + ("." + "#" * decimals if decimals else "") + ("\u202f%" if lang == "fr" else "%")
    return format_percent(_half_up(ratio, decimals + 2), shape, locale=_LOCALES[lang])


def duration_ms(lang: str, ms: int | None) -> str:
    """Milliseconds: 850 ms, 4.2 s, 3 m 05 s, 1 h 12 m, 2 d 4 h."""
    if ms is None:
        return NONE
    minutes, days = ("min", "j") if lang == "fr" else ("m", "d")
    seconds = round(ms / 1000)
    if ms < 1000:
        return f"{ms}\u00a0ms"
    if ms < 60_000:
        return f"{number(lang, round(ms / 100) / 10, decimals=1)}\u00a0s"
    if seconds < 3600:
        return f"{seconds // 60}\u00a0{minutes}\u00a0{seconds % 60:02d}\u00a0s"
    if seconds < 86_400:
        return f"{seconds // 3600}\u00a0h\u00a0{seconds % 3600 // 60:02d}\u00a0{minutes}"
    return f"{seconds // 86_400}\u00a0{days}\u00a0{seconds % 86_400 // 3600}\u00a0h"


def instant(lang: str, value: datetime | None, zone: str, *, shape: str = "exact") -> str:
    """An aware instant in a time zone; shape is exact, minute, time or date."""
    if value is None:
        return NONE
    # A minute of another year names its year.
    moment = "d MMM y, HH:mm" if shape == "minute" and value.year != clock.now().year else _MOMENTS[shape]
    return format_datetime(value, moment, tzinfo=ZoneInfo(zone), locale=_date_locale(lang))


def day(lang: str, value: date | None) -> str:
    """A calendar day: 24 Oct 2026 or 24 oct. 2026."""
    return NONE if value is None else format_date(value, "d MMM y", locale=_date_locale(lang))


def _half_up(value: float | Decimal, places: int) -> Decimal:
    """Round as people and browsers do; the library would round halves to even."""
    return Decimal(str(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def _decimals_of_nano(nano: int) -> int:
    dollars = abs(nano) / 1e9
    if dollars == 0 or dollars >= 1:
        return 2
    return 4 if dollars >= 0.01 else 6


def _money(lang: str, amount: Decimal, currency: str, digits: int) -> str:
    figure = "#,##0." + "0" * digits
    shape = f"{figure}\u00a0¤" if lang == "fr" else f"¤{figure}"
    written = format_currency(_half_up(amount, digits), currency, shape, locale=_LOCALES[lang], currency_digits=False)
    return written.replace("$US", "$").replace("£GB", "£")


def _date_locale(lang: str) -> str:
    return "en_GB" if lang == "en" else "fr"
