"""What the pages about credits share: the words of kinds, sources and reasons, and amounts with their sign."""

from typing import Any

import reflex as rx

from fitmycv_admin.copy import catalogue, text
from fitmycv_admin.domain.billing import grants
from fitmycv_admin.ui.copy import t_key, t_word
from fitmycv_admin.ui.kit import values
from fitmycv_admin.ui.session import actor
from fitmycv_admin.vocabulary import CreditKind

_COMES_IN = {CreditKind.PURCHASE: "pill pill-ok", CreditKind.RETURN: "pill pill-info"}
_LOST = (CreditKind.CHARGEBACK, CreditKind.PURCHASE_REVERSAL, CreditKind.CLAWBACK)
LOOKS = {
    **{str(kind): look for kind, look in _COMES_IN.items()},
    **{str(kind): "pill pill-bad" for kind in _LOST},
    str(CreditKind.ADJUSTMENT): "pill pill-warn",
    str(CreditKind.EXPIRY): "pill pill-warn",
}


def source_key(source: str) -> str:
    """The catalogue key of where a line comes from; empty for a word that nobody put into words."""
    return _key(f"credits.sources.{source}")


def reason_key(reason: str) -> str:
    """The catalogue key of a reason code; empty for a free text of another source."""
    return _key(f"credits.reason.{reason}")


def feature_key(feature: str) -> str:
    """The catalogue key of the credit cost's name, which is the feature's."""
    return _key(f"settings.credits_{feature}.label") if feature else ""


def source_option(source: str) -> dict[str, str]:
    """A source as the choice of a filter, in the language of who asks."""
    key = source_key(source)
    return {"value": source, "label": text(str(actor().language), key) if key else source}


def reasons(codes: tuple[str, ...] = grants.GIVE_REASONS) -> list[tuple[str, Any]]:
    """Reason codes as the choices of a field."""
    return [(code, t_word("credits.reason", code)) for code in codes]


def kind_pill(kind: Any) -> rx.Component:
    """The kind of a line, coloured by what it means."""
    return rx.el.span(t_word("credits.kinds", kind), class_name=rx.match(kind, *LOOKS.items(), "pill"))


def signed(amount: Any) -> rx.Component:
    """An amount with its sign: +5 or −3."""
    return rx.cond(
        amount > 0,
        rx.el.span("+", values.number(amount), class_name="tone-ok"),
        rx.el.span(values.number(amount)),
    )


def known_or_raw(key: Any, raw: Any) -> rx.Component:
    """The sentence of a key, else the raw word, else a dash."""
    return rx.cond(key != "", t_key(key), rx.cond(raw != "", raw, "–"))


def _key(key: str) -> str:
    return key if key in catalogue("en") else ""
