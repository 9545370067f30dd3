"""What the cost pages show: totals, series, breakdown and top users, all from the same cells."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session, text

from fitmycv_admin.core.errors import NotFound
from fitmycv_admin.domain.actors import Actor
from fitmycv_admin.domain.ai_costs import cells, names
from fitmycv_admin.domain.ai_costs.cells import Filters
from fitmycv_admin.domain.ai_costs.names import Dimension, Name
from fitmycv_admin.domain.ai_costs.periods import Grain, Period
from fitmycv_admin.domain.emails import addresses
from fitmycv_admin.vocabulary import Permission

# The person of the calls that nobody asked for.
SYSTEM = 0
# A person without calls.
NOBODY = -1


@dataclass(frozen=True, slots=True)
class Sums:
    """What some calls add up to; `cost_nano` in nano-USD. `unpriced` calls had no price and are not in it; neither is a
    call that nobody answered, of which no one knows what was billed."""

    calls: int = 0
    unpriced: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    cost_nano: int = 0

    def __add__(self, other: "Sums") -> "Sums":
        return total((self, other))

    @property
    def tokens(self) -> int:
        """Prompt and completion together."""
        return self.prompt_tokens + self.completion_tokens


@dataclass(frozen=True, slots=True)
class Slot:
    """One bar: a day, the first day of a month, or the instant of an hour (UTC)."""

    at: date | datetime
    parts: tuple[tuple[str, Sums], ...]

    @property
    def whole(self) -> Sums:
        """The bar's height."""
        return total(sums for _key, sums in self.parts)


@dataclass(frozen=True, slots=True)
class Part:
    """One line of the breakdown, with the same part of the compared period; `numbers` are the catalogue's."""

    name: Name
    now: Sums
    before: Sums | None
    numbers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class UserRow:
    """What one person caused; the address is shortened for who may not read it. No id: the system itself."""

    user_id: UUID | None
    email: str
    plan: str
    sums: Sums


@dataclass(frozen=True, slots=True)
class Freshness:
    """Every call committed before `complete_to` is counted; `waiting` of them are not in the rollups yet."""

    complete_to: datetime
    folded_at: datetime | None
    waiting: int
    zone: str


@dataclass(frozen=True, slots=True)
class Costs:
    """One reading of the cost page: every figure of it comes from the same snapshot."""

    period: Period
    before_period: Period | None
    grain: Grain
    now: Sums
    before: Sums | None
    slots: tuple[Slot, ...]
    parts: tuple[Part, ...]
    users: tuple[UserRow, ...]
    fresh: Freshness
    version: str


def costs(
    db: Session, by: Actor, period: Period, before: Period | None, dimension: Dimension, filters: Filters,
    top: int = 8,
) -> Costs:  # fmt: skip
    """Everything the cost page shows for a period, split by `dimension`; `before` is what it is compared with.

    `top` is how many of the dearest people are named.
    """
    by.must(Permission.COSTS_READ)
    known = names.read(db)
    fresh, word = _state(db)
    grain = period.grain
    slots = _slots(db, period, grain, dimension, filters, known)
    parts = _merged(part for slot in slots for part in slot.parts)
    earlier = _parts(db, before, dimension, filters, known) if before else {}
    keys = {**dict.fromkeys(parts), **dict.fromkeys(earlier)}
    by_key = {name.key: name for name in known.by_id[dimension].values()}
    rows = [
        Part(
            by_key.get(key) or Name(key, key, mapped=False),
            parts.get(key, Sums()),
            earlier.get(key, Sums()) if before else None,
            tuple(known.numbers(dimension, key)),
        )
        for key in keys
    ]
    rows.sort(key=lambda row: (-row.now.cost_nano, -row.now.calls, row.name.label))
    return Costs(
        period=period,
        before_period=before,
        grain=grain,
        now=total(parts.values()),
        before=total(earlier.values()) if before else None,
        slots=slots,
        parts=tuple(rows),
        users=top_users(db, by, period, filters, limit=top) if top else (),
        fresh=fresh,
        version=word,
    )


def totals(db: Session, by: Actor, period: Period, filters: Filters) -> Sums:
    """What the calls of a period add up to."""
    by.must(Permission.COSTS_READ)
    source = cells.of_person(period, filters) or cells.source(period, filters, Grain.DAY)
    row = db.execute(text(f"SELECT {cells.ADDED} FROM {source.sql} cells"), source.values).one()
    return Sums(*row)


def calls_of_hour(db: Session, by: Actor, period: Period, hour: datetime, filters: Filters) -> int:
    """How many calls of a period fall into the hour that begins at an instant."""
    by.must(Permission.COSTS_READ)
    source = cells.source(period, filters, Grain.HOUR)
    counted = text(f"SELECT coalesce(sum(calls), 0)::bigint FROM {source.sql} cells WHERE at = :hour")
    return int(db.execute(counted, {**source.values, "hour": hour}).scalar_one())


def split(db: Session, by: Actor, period: Period, dimension: Dimension, filters: Filters) -> dict[str, Sums]:
    """The totals of a period by the keys of a dimension; together they are `totals`, to the nano-dollar."""
    by.must(Permission.COSTS_READ)
    return _parts(db, period, dimension, filters, names.read(db))


@dataclass(frozen=True, slots=True)
class Tokens:
    """What some calls used, by kind: cached and cache-write, image and audio tokens are part of the prompt, reasoning
    tokens of the completion."""

    prompt: int
    cached: int
    cache_write: int
    completion: int
    reasoning: int
    image: int
    audio: int
    calls: int
    cost_nano: int

    def __add__(self, other: "Tokens") -> "Tokens":
        return Tokens(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(Tokens)))


@dataclass(frozen=True, slots=True)
class TokenSum:
    """The tokens of one feature (by its key) with one model at one tier (numbers of the catalogue)."""

    feature_key: str
    model_id: int
    tier_id: int
    tokens: Tokens


def token_sums(db: Session, by: Actor, period: Period, filters: Filters) -> tuple[TokenSum, ...]:
    """What a period used, by feature, model and tier: what another price or model would have cost."""
    by.must(Permission.COSTS_READ)
    known = names.read(db)
    source = cells.source(period, filters, Grain.DAY)
    summed = ", ".join(f"sum({column})::bigint AS {column}" for column in cells.SUMS + cells.TOKENS)
    found: dict[tuple[str, int, int], Tokens] = {}
    for row in db.execute(
        text(f"SELECT feature_id, model_id, tier_id, {summed} FROM {source.sql} cells GROUP BY 1, 2, 3"), source.values
    ):
        key = (known.of(Dimension.FEATURE, row.feature_id).key, row.model_id, row.tier_id)
        tokens = Tokens(
            row.prompt_tokens, row.cached_tokens, row.cache_write_tokens, row.completion_tokens, row.reasoning_tokens,
            row.image_tokens, row.audio_tokens, row.calls, row.cost_nano,
        )  # fmt: skip
        found[key] = found[key] + tokens if key in found else tokens
    return tuple(TokenSum(*key, tokens) for key, tokens in sorted(found.items()))


def top_users(db: Session, by: Actor, period: Period, filters: Filters, limit: int = 10) -> tuple[UserRow, ...]:
    """Who cost most in a period, dearest first."""
    by.must(Permission.COSTS_READ)
    values = {"limit": limit, **cells.by_user_values(period, filters)}
    dearest = "ORDER BY sum(cost_nano) DESC, user_seq LIMIT :limit"
    source = f"{cells.by_user(period, filters, keys=('user_seq',))} {dearest}"
    if not cells.reads_calls_of_people(filters):
        # First who they are, then everything added up for them alone.
        ranking = cells.by_user(period, filters, keys=("user_seq",), sums=("calls", "cost_nano"))
        values["people"] = [row.user_seq for row in db.execute(text(f"{ranking} {dearest}"), values)]
        source = cells.by_user(period, filters, keys=("user_seq",), only="user_seq = ANY(:people)")
    rows = db.execute(
        text(
            f"""SELECT u.id, u.email, p.name AS plan, top.* FROM ({source}) top
                LEFT JOIN app_user u ON u.seq = top.user_seq
                LEFT JOIN subscription s ON s.user_id = u.id AND s.status IN ('active', 'trialing', 'past_due')
                LEFT JOIN subscription_plan p ON p.id = s.plan_id
                ORDER BY top.cost_nano DESC, top.user_seq"""
        ),
        values,
    ).all()
    shown = by.may(Permission.PEOPLE_REVEAL)
    return tuple(
        UserRow(
            row.id,
            (row.email or "") if shown else masked(row.email),
            row.plan or "",
            Sums(*(getattr(row, column) for column in cells.SUMS)),
        )
        for row in rows
    )


def freshness(db: Session, by: Actor) -> Freshness:
    """How current the figures are."""
    by.must(Permission.COSTS_READ)
    return _state(db)[0]


def version(db: Session, by: Actor) -> str:
    """A word that changes whenever a call is recorded or corrected: a tab asks again only then."""
    by.must(Permission.COSTS_READ)
    return _state(db)[1]


def zone(db: Session, by: Actor) -> str:
    """The workspace's zone, in which days are counted."""
    by.must(Permission.COSTS_READ)
    return db.execute(text("SELECT zone FROM fold_mark")).scalar_one_or_none() or "Europe/Paris"


def filters_of(
    db: Session, by: Actor, *, keys: dict[Dimension, str], user_id: UUID | None = None, is_system: bool = False
) -> Filters:  # fmt: skip
    """Filters from what a URL says; an unknown key matches nothing. Raises NotFound for an unknown person."""
    by.must(Permission.COSTS_READ)
    known = names.read(db)
    seq = SYSTEM if is_system else None
    if user_id is not None:
        seq = db.execute(text("SELECT seq FROM app_user WHERE id = :id"), {"id": user_id}).scalar_one_or_none()
        if seq is None:
            raise NotFound
    return Filters({d: known.numbers(d, key) for d, key in keys.items() if key}, seq)


def seq_of(db: Session, by: Actor, person: str) -> int:
    """The number of a person by their id, or by their address for who may read addresses; -1 for nobody."""
    by.must(Permission.COSTS_READ)
    column = "lower(email)" if "@" in person else "id"
    wanted: str | UUID = person.lower()
    if column == "id":
        try:
            wanted = UUID(person)
        except ValueError:
            return NOBODY
    elif not by.may(Permission.PEOPLE_REVEAL):
        return NOBODY
    found = text(f"SELECT seq FROM app_user WHERE {column} = :person")
    return db.execute(found, {"person": wanted}).scalar_one_or_none() or NOBODY


def email_of(db: Session, by: Actor, seq: int) -> str:
    """The address of a person, shortened for who may not read it."""
    by.must(Permission.COSTS_READ)
    if seq == SYSTEM:
        return ""
    email = db.execute(text("SELECT email FROM app_user WHERE seq = :seq"), {"seq": seq}).scalar_one_or_none() or ""
    return email if by.may(Permission.PEOPLE_REVEAL) else masked(email)


def total(sums: Iterable[Sums]) -> Sums:
    """All of them added; a year has thousands, so column by column."""
    calls = unpriced = prompt = cached = completion = cost = 0
    for each in sums:
        calls += each.calls
        unpriced += each.unpriced
        prompt += each.prompt_tokens
        cached += each.cached_tokens
        completion += each.completion_tokens
        cost += each.cost_nano
    return Sums(calls, unpriced, prompt, cached, completion, cost)


def masked(email: str | None) -> str:
    """An address by which a colleague recognises a person; the system has none."""
    return addresses.masked(email) if email else ""


def _state(db: Session) -> tuple[Freshness, str]:
    row = db.execute(text(_FRESH)).one()
    fresh = Freshness(row.complete_to, row.folded_at, row.waiting, row.zone)
    return fresh, f"{row.folded_calls + row.waiting}-{row.adjusted}-{row.zone}"


def _slots(
    db: Session, period: Period, grain: Grain, dimension: Dimension, filters: Filters, known: names.Names
) -> tuple[Slot, ...]:
    source = cells.source(period, filters, Grain.HOUR if grain is Grain.HOUR else Grain.DAY)
    at = "date_trunc('month', at)::date" if grain is Grain.MONTH else "at"
    rows = db.execute(
        text(
            f"SELECT {at} AS at, {cells.COLUMN[dimension]} AS number, {cells.ADDED} FROM {source.sql} cells"
            " GROUP BY 1, 2"
        ),
        source.values,
    ).all()
    found: dict[Any, list[tuple[str, Sums]]] = {at: [] for at in _every(period, grain)}
    # Sorted here: asked to give them in order, the database would sort a year of cells before it adds them up.
    for row in sorted(rows, key=lambda row: row[1]):
        found.setdefault(row[0], []).append((known.of(dimension, row[1]).key, Sums(*row[2:])))
    return tuple(Slot(at, tuple(_merged(parts).items())) for at, parts in sorted(found.items()))


def _parts(
    db: Session, period: Period, dimension: Dimension, filters: Filters, known: names.Names
) -> dict[str, Sums]:  # fmt: skip
    source = cells.source(period, filters, Grain.DAY)
    rows = db.execute(
        text(f"SELECT {cells.COLUMN[dimension]} AS number, {cells.ADDED} FROM {source.sql} cells GROUP BY 1"),
        source.values,
    ).all()
    return _merged((known.of(dimension, row[0]).key, Sums(*row[1:])) for row in rows)


def _merged(parts: Iterable[tuple[str, Sums]]) -> dict[str, Sums]:
    """Call names of one feature become one part."""
    found: dict[str, list[Sums]] = {}
    for key, sums in parts:
        found.setdefault(key, []).append(sums)
    return {key: some[0] if len(some) == 1 else total(some) for key, some in found.items()}


def _every(period: Period, grain: Grain) -> list[date | datetime]:
    """Each slot of a period, also the empty ones."""
    if grain is Grain.HOUR:
        start = period.starts_at.replace(minute=0)
        hours = -int((start - period.ends_at).total_seconds() // 3600)
        return [start + timedelta(hours=n) for n in range(hours)]
    days = [period.first + timedelta(days=n) for n in range(period.days)]
    return list(dict.fromkeys(day.replace(day=1) for day in days)) if grain is Grain.MONTH else list(days)


_FRESH = f"""
SELECT transaction_timestamp() AS complete_to, m.folded_at, coalesce(m.zone, 'Europe/Paris') AS zone,
    coalesce(m.folded_calls, 0) AS folded_calls,
    (SELECT count(*) FROM openai_call WHERE xid >= {cells.MARK}) AS waiting,
    (SELECT coalesce(sum(calls), 0) FROM adjustment_batch) AS adjusted
FROM (SELECT 1) one LEFT JOIN fold_mark m ON true
"""
