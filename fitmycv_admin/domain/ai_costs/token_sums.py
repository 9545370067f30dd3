"""What the calls of the last days used, by day, call name, model, tier and plan: the ground of every "what if"."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta

from sqlmodel import Session, text

from fitmycv_admin.core import clock
from fitmycv_admin.domain.ai_costs import cells, tariff
from fitmycv_admin.domain.ai_costs.periods import day_of

DAYS = 30


@dataclass(frozen=True, slots=True)
class TokenSums:
    """Counts of some calls. `cost_nano` is what they cost; `unpriced` of them had no price and are not in it."""

    calls: int = 0
    unpriced: int = 0
    prompt: int = 0
    cached: int = 0
    cache_write: int = 0
    completion: int = 0
    reasoning: int = 0
    image: int = 0
    audio: int = 0
    cost_nano: int = 0

    def __add__(self, other: "TokenSums") -> "TokenSums":
        return TokenSums(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(TokenSums)))

    @property
    def tokens(self) -> int:
        """In and out together."""
        return self.prompt + self.completion

    def weight(self, lines: tariff.Lines) -> int | None:
        """What these tokens cost at other prices, a million times too large; None when a price is missing."""
        return tariff.weight(
            lines, prompt=self.prompt, cached=self.cached, cache_write=self.cache_write, completion=self.completion,
            reasoning=self.reasoning, image=self.image, audio=self.audio,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cell:
    """The calls of one call name, model, tier and plan (0: none) on a day of the workspace's zone."""

    day: date
    feature_id: int
    model_id: int
    tier_id: int
    plan_id: int
    sums: TokenSums


def read(
    db: Session, *, days: int = DAYS, model_id: int | None = None, tier_id: int | None = None,
    feature_ids: Sequence[int] | None = None,
) -> list[Cell]:  # fmt: skip
    """The cells of the last `days` days, today included; None does not narrow."""
    zone = db.execute(text("SELECT zone FROM fold_mark")).scalar_one_or_none() or "Europe/Paris"
    first = day_of(clock.now() - timedelta(days=days - 1), zone)
    narrow = ""
    if model_id is not None:
        narrow += " AND model_id = :model"
    if tier_id is not None:
        narrow += " AND tier_id = :tier"
    if feature_ids is not None:
        narrow += " AND feature_id = ANY(:features)"
    rows = db.execute(
        text(
            f"SELECT day, feature_id, model_id, tier_id, plan_id, {_ADDED} FROM (SELECT day, feature_id, model_id,"
            f" tier_id, plan_id, {_SUMS} FROM roll_day WHERE day >= :first{narrow} UNION ALL {_TAIL}{narrow}) cells"
            " GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5"
        ),
        {
            "first": first, "zone": zone, "model": model_id, "tier": tier_id,
            "features": None if feature_ids is None else list(feature_ids),
        },
    ).all()  # fmt: skip
    return [
        Cell(row.day, row.feature_id, row.model_id, row.tier_id, row.plan_id, TokenSums(*row[5:])) for row in rows
    ]


def total(sums: Iterable[TokenSums]) -> TokenSums:
    """All of them added."""
    whole = TokenSums()
    for each in sums:
        whole = whole + each
    return whole


_NAMES = ("calls", "unpriced", "prompt_tokens", "cached_tokens", "cache_write_tokens", "completion_tokens",
          "reasoning_tokens", "image_tokens", "audio_tokens", "cost_nano")  # fmt: skip
_SUMS = ", ".join(_NAMES)
_ADDED = ", ".join(f"sum({name})::bigint" for name in _NAMES)
_TAIL = f"""
SELECT (created_at AT TIME ZONE cast(:zone AS text))::date AS day, feature_id, model_id, tier_id, coalesce(plan_id, 0),
    1, (cost_nano IS NULL AND price_version_id IS NULL)::int, prompt_tokens, cached_tokens, cache_write_tokens,
    completion_tokens, reasoning_tokens, image_tokens, audio_tokens, coalesce(cost_nano, 0)
FROM openai_call WHERE xid >= {cells.MARK}
    AND (created_at AT TIME ZONE cast(:zone AS text))::date >= :first"""
