"""Amounts, shares and moments in the language of a channel."""

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_percent

_LOCALES = {"en": "en_US", "fr": "fr"}


def usd(lang: str, nano: int) -> str:
    """Nano-dollars as dollars: two decimals from one dollar up, four below."""
    places = "0.00" if abs(nano) >= 1_000_000_000 or nano == 0 else "0.0000"
    shape = f"#,##{places}\u00a0¤" if lang == "fr" else f"¤#,##{places};-¤#,##{places}"
    amount = format_currency(Decimal(nano).scaleb(-9), "USD", shape, locale=_LOCALES[lang], currency_digits=False)
    return amount.replace("$US", "$")


def share(lang: str, part: int, whole: int) -> str:
    """A part of a whole as a percentage without decimals, rounded down; empty without a whole."""
    if whole <= 0:
        return ""
    shape = "#,##0\u202f%" if lang == "fr" else "#,##0%"
    return format_percent(part * 100 // whole / 100, shape, locale=_LOCALES[lang])


def moment(lang: str, at: datetime, zone: ZoneInfo) -> str:
    """A day and a time, in the workspace's zone."""
    return format_datetime(at.astimezone(zone), "d MMM y, HH:mm", locale=_LOCALES[lang])


def day(lang: str, on: date) -> str:
    """A day."""
    return format_date(on, "d MMM y", locale=_LOCALES[lang])
