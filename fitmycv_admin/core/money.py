"""Amounts of money: integer cents and integer nano-dollars, never a float."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from fitmycv_admin.core.errors import Invalid

NANO = 1_000_000_000
PER_MILLION = 1_000_000


def round_half_up(numerator: int, denominator: int) -> int:
    """numerator / denominator as an integer, halves away from zero. Both exact integers."""
    if denominator <= 0:
        raise ValueError("the denominator is positive")
    sign = -1 if numerator < 0 else 1
    return sign * ((2 * abs(numerator) + denominator) // (2 * denominator))


def usd_to_nano(text: str, *, field: str = "") -> int:
    """Dollars as a person types them ("2.50", "2,5") to nano-USD; refuses more than 9 decimals."""
    return _scaled(text, NANO, field)


def euros_to_cents(text: str, *, field: str = "") -> int:
    """Euros as a person types them to cents; refuses more than 2 decimals."""
    return _scaled(text, 100, field)


def _scaled(text: str, scale: int, field: str) -> int:
    cleaned = text.strip().replace("\u202f", "").replace("\u00a0", "").replace(" ", "").replace(",", ".")
    try:
        amount = Decimal(cleaned)
    except InvalidOperation as error:
        raise Invalid("common.error.not_an_amount", field=field) from error
    if not amount.is_finite() or amount < 0 or amount > 1_000_000_000:
        raise Invalid("common.error.not_an_amount", field=field)
    scaled = amount * scale
    if scaled != scaled.to_integral_value():
        raise Invalid("common.error.too_many_decimals", field=field)
    return int(scaled.to_integral_value(ROUND_HALF_UP))


def nano_to_usd(nano: int) -> Decimal:
    """Nano-USD as an exact Decimal of dollars."""
    return Decimal(nano) / NANO


def shares(total: int, weights: Sequence[int]) -> list[int]:
    """`total` split in proportion to `weights` by largest remainder; the parts sum to the whole."""
    whole = sum(weights)
    if whole == 0:
        return [0] * len(weights)
    floors = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for index in by_remainder[: total - sum(floors)]:
        floors[index] += 1
    return floors
