"""How limits and features are written on every page of plans."""

from typing import Any

import reflex as rx

from fitmycv_admin.copy import text
from fitmycv_admin.ui.copy import t, t_word
from fitmycv_admin.ui.kit import query, values
from fitmycv_admin.ui.session import actor
from fitmycv_admin.vocabulary import PlanFeature


def limit_text(limit: Any) -> rx.Var[str]:
    """A limit: a number, no limit, or never."""
    number = rx.Var.create(limit).to(int)
    return rx.cond(
        number == -1, t("plans.unlimited"), rx.cond(number == 0, t("plans.never"), values.number(number))
    ).to(str)


def feature_text(feature: Any) -> rx.Var[str]:
    """The name of a plan's feature."""
    return t_word("plans.feature", rx.Var.create(feature).to(str))


def feature_name(feature: str) -> str:
    """The same on the server, in the language of who asks; a name nobody knows stays as it is."""
    known = feature in tuple(PlanFeature)
    return text(str(actor().language), f"plans.feature.{feature}") if known else feature


def feature_filter() -> rx.Component:
    """The filter by feature that the lists share."""
    options = [query.option("", t("plans.all"))] + [
        query.option(str(feature), t(f"plans.feature.{feature}")) for feature in PlanFeature
    ]
    return query.query_filter("feature", t("plans.feature"), options)
