"""Price lists from outside, read strictly: our own CSV or JSON, or the public JSON map of prices per token."""

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from fitmycv_admin.core import money
from fitmycv_admin.core.errors import Invalid
from fitmycv_admin.domain.ai_costs import pricing
from fitmycv_admin.vocabulary import ServiceTier, UsageType

MOST_BYTES = 2_000_000
MOST_ENTRIES = 5_000
LONGEST_NAME = 120

# Words of the public map: what they price, before the suffix of a tier. They are dollars per token.
_KINDS = {
    "input_cost_per_token": UsageType.INPUT,
    "output_cost_per_token": UsageType.OUTPUT,
    "cache_read_input_token_cost": UsageType.CACHED_INPUT,
    "cache_creation_input_token_cost": UsageType.CACHE_WRITE,
    "output_cost_per_reasoning_token": UsageType.REASONING,
    "input_cost_per_image_token": UsageType.IMAGE,
    "input_cost_per_audio_token": UsageType.AUDIO,
}
_SUFFIXES = {
    "": ServiceTier.STANDARD,
    "_priority": ServiceTier.PRIORITY,
    "_flex": ServiceTier.FLEX,
    "_batches": ServiceTier.BATCH,
}


@dataclass(frozen=True, slots=True)
class Entry:
    """The prices of a model at a tier, in nano-USD per million tokens by usage type."""

    model: str
    tier: str
    lines: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Read:
    """What a file holds, and what of it could not be used: (where, key of the reason)."""

    entries: tuple[Entry, ...]
    skipped: tuple[tuple[str, str], ...]


def read(content: str) -> Read:
    """The price list in a text: JSON when it begins like it, CSV otherwise. Raises Invalid when it is neither."""
    if len(content.encode()) > MOST_BYTES:
        raise Invalid("prices.error.file_big", field="content")
    text = content.lstrip("\ufeff").strip()
    if not text:
        raise Invalid("prices.error.file_empty", field="content")
    rows = list(_json(text) if text[0] in "{[" else _csv(text))
    if len(rows) > MOST_ENTRIES:
        raise Invalid("prices.error.file_big", field="content")
    entries: dict[tuple[str, str], Entry] = {}
    skipped: list[tuple[str, str]] = []
    for where, model, tier, lines in rows:
        problem = _problem(model, tier, lines)
        if not problem and (model, tier) in entries:
            problem = "prices.error.row_twice"
        if problem:
            skipped.append((where, problem))
        else:
            entries[model, tier] = Entry(model, tier, {k: v for k, v in lines.items() if v is not None})
    if not entries:
        raise Invalid("prices.error.file_nothing", field="content")
    return Read(tuple(entries.values()), tuple(skipped))


_Row = tuple[str, str, str, dict[str, int | None]]


def _csv(text: str) -> Iterable[_Row]:
    """Columns model, tier and the usage types, in dollars per million; those of our own export are known too."""
    delimiter = ";" if text.partition("\n")[0].count(";") > text.partition("\n")[0].count(",") else ","
    try:
        rows = list(csv.DictReader(io.StringIO(text), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise Invalid("prices.error.file_unread", field="content") from error
    if not rows or "model" not in rows[0] or not {"input", "input_usd_per_million"} & set(rows[0]):
        raise Invalid("prices.error.file_head", field="content")
    for number, row in enumerate(rows, start=2):
        lines: dict[str, int | None] = {}
        for kind in UsageType:
            said = str(row.get(str(kind)) or row.get(f"{kind}_usd_per_million") or "").strip()
            if said:
                lines[kind] = _nano(said.replace(",", "."), 1)
        yield f"{number}", str(row["model"] or "").strip(), str(row.get("tier") or "standard").strip(), lines


def _json(text: str) -> Iterable[_Row]:
    try:
        given = json.loads(text, parse_float=Decimal, parse_int=Decimal)
    except (ValueError, RecursionError) as error:
        raise Invalid("prices.error.file_unread", field="content") from error
    if isinstance(given, list):
        yield from _own(given)
        return
    for name, said in given.items():
        if isinstance(said, dict) and name != "sample_spec":
            yield from _mapped(str(name), said)


def _own(given: list[Any]) -> Iterable[_Row]:
    """A list of objects with model, tier and the usage types in dollars per million."""
    for number, one in enumerate(given, start=1):
        if not isinstance(one, dict):
            yield f"{number}", "", "", {}
            continue
        lines = {str(kind): _nano(one[kind], 1) for kind in UsageType if one.get(kind) is not None}
        yield f"{number}", str(one.get("model") or "").strip(), str(one.get("tier") or "standard"), lines


def _mapped(name: str, said: Mapping[str, Any]) -> Iterable[_Row]:
    """A model of the public map, once for each tier it has an input and an output price at."""
    model = name.partition("/")[2] if name.startswith("openai/") else name
    if said.get("litellm_provider", "openai") != "openai" or "/" in model:
        return
    for suffix, tier in _SUFFIXES.items():
        lines = {
            str(kind): _nano(said[word + suffix], money.PER_MILLION)
            for word, kind in _KINDS.items()
            if said.get(word + suffix) is not None
        }
        if str(UsageType.INPUT) in lines and str(UsageType.OUTPUT) in lines:
            yield name, model, str(tier), lines


def _nano(said: Any, times: int) -> int | None:
    """Dollars as nano-dollars; None when it is not an amount, or finer than a nano-dollar per million."""
    try:
        nano = Decimal(str(said)) * times * money.NANO
    except InvalidOperation:
        return None
    if not nano.is_finite() or nano < 0 or nano != nano.to_integral_value():
        return None
    return int(nano)


def _problem(model: str, tier: str, lines: Mapping[str, int | None]) -> str:
    if not model or len(model) > LONGEST_NAME or any(letter.isspace() for letter in model):
        return "prices.error.row_model"
    if tier not in list(ServiceTier):
        return "prices.error.row_tier"
    if None in lines.values():
        return "prices.error.row_amount"
    try:
        pricing.check({kind: nano for kind, nano in lines.items() if nano is not None})
    except Invalid as error:
        return error.key
    return ""
