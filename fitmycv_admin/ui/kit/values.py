"""Numbers, money, durations and instants: raw values in, written by the browser in the reader's locale."""

from typing import Any

import reflex as rx
from reflex.vars import VarData

_FORMAT = VarData(
    imports={"$/public/js/format.js": [rx.ImportVar(tag="useFormat", install=False)]},
    hooks={"const _f = useFormat();": None},
)

Raw = rx.Var[Any] | int | float | str | None


def number(value: Raw, *, decimals: int | None = None) -> rx.Var[str]:
    """A count or a measure: 48,912 or 48 912."""
    return _formatted("number", value, decimals)


def money_usd_nano(value: Raw, *, decimals: int | None = None) -> rx.Var[str]:
    """Nano-dollars as dollars: two decimals from $1 up, four below, six below a cent."""
    return _formatted("usdNano", value, decimals)


def price_usd_nano(value: Raw) -> rx.Var[str]:
    """A price in nano-dollars as dollars, with every decimal it has and at least two."""
    return _formatted("price", value)


def money_cents(value: Raw, currency: rx.Var[str] | str = "EUR") -> rx.Var[str]:
    """Cents of a currency: €9.99 or 9,99 €."""
    return _formatted("cents", value, currency)


def percent(value: Raw, *, decimals: int | None = None) -> rx.Var[str]:
    """A ratio between 0 and 1 as a percentage: 41% or 41 %."""
    return _formatted("percent", value, decimals)


def change(value: Raw) -> rx.Var[str]:
    """A ratio with its sign: +9.4% or −3,1 %."""
    return _formatted("change", value)


def compact(value: Raw) -> rx.Var[str]:
    """A large number in few characters: 1.2M."""
    return _formatted("compact", value)


def file_size(value: Raw) -> rx.Var[str]:
    """Bytes in the unit that reads best: 1.4 MB or 1,4 Mo."""
    return _formatted("bytes", value)


def duration_ms(value: Raw) -> rx.Var[str]:
    """Milliseconds: 850 ms, 4.2 s, 3 m 05 s, 1 h 12 m."""
    return _formatted("duration", value)


def date_text(value: Raw, shape: str = "date") -> rx.Var[str]:
    """A date or an instant as text: shape is exact, minute, time, date, day or month."""
    return _formatted("at", value, shape)


class Instant(rx.Component):
    """A `<time>`: short, with the exact instant in the workspace's zone and in UTC on hover."""

    library = "$/public/js/format.js"
    tag = "Instant"
    value: rx.Var[Any]
    relative: rx.Var[bool]
    shape: rx.Var[str]


class IdChip(rx.Component):
    """An identifier in monospace, shortened in the middle, copied on click."""

    library = "$/public/js/format.js"
    tag = "IdChip"
    value: rx.Var[Any]
    head: rx.Var[int]
    tail: rx.Var[int]


class Workspace(rx.Component):
    """Tells every instant of the page which time zone the workspace uses; draws nothing."""

    library = "$/public/js/format.js"
    tag = "Workspace"
    zone: rx.Var[str]


def instant(value: Raw, *, relative: bool = True, shape: str = "minute") -> rx.Component:
    """An instant: "4 m" when relative, else the shape (minute, exact, time, date, day)."""
    return Instant.create(value=value, relative=relative, shape=shape)


def id_chip(value: rx.Var[Any] | str, *, head: int = 8, tail: int = 3) -> rx.Component:
    """A monospaced, shortened id; a click copies the whole of it."""
    return IdChip.create(value=value, head=head, tail=tail)


def _formatted(function: str, value: Raw, *options: Any) -> rx.Var[str]:
    given = [rx.Var.create(value), *(rx.Var.create(option) for option in options if option is not None)]
    return rx.Var(
        _js_expr=f"_f.{function}({','.join(str(var) for var in given)})",
        _var_type=str,
        _var_data=VarData.merge(_FORMAT, *[var._get_all_var_data() for var in given]),
    )
