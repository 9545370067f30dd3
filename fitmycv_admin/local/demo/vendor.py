"""Exchange rates and the vendor's bills of the demo, both invented and labelled so."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from sqlmodel import text

from fitmycv_admin.domain.ai_costs.bill_imports import DEMO
from fitmycv_admin.domain.ai_costs.exchange import BASE, QUOTE
from fitmycv_admin.local.demo.stage import DAYS, Stage
from fitmycv_admin.models import BilledDay, BillImport, ExchangeRate

_START = Decimal("0.9180")


def send(stage: Stage) -> None:
    """Insert a rate for each working day, and a bill for each day but the last: most agree, three do not."""
    _rates(stage)
    _bills(stage)


def _rates(stage: Stage) -> None:
    rate, rows = _START, []
    for number in range(DAYS + 10):
        day = (stage.start - timedelta(days=10 - number)).date()
        rate *= 1 + Decimal(stage.dice.randrange(-45, 46)) / 10_000
        if day.weekday() < 5:
            rows.append(
                {
                    "day": day, "base": BASE, "quote": QUOTE, "rate": rate.quantize(Decimal("0.0001")),
                    "source": DEMO, "set_at": datetime(day.year, day.month, day.day, 16, tzinfo=UTC),
                }
            )  # fmt: skip
    stage.insert(ExchangeRate, rows)


def _bills(stage: Stage) -> None:
    counted: dict[date, Counter[str]] = {}
    for row in stage.db.execute(text(_COUNTED)):
        counted.setdefault(row.day, Counter())[row.model_name] = row.nano
    days = [day for day in sorted(counted) if day < stage.now.date()]
    if not days:
        return
    odd = {days[-3]: "tool", days[-9]: "short", days[-24]: "tool"} if len(days) > 24 else {}
    lines = [line for day in days for line in _lines(stage, day, counted[day], odd.get(day, ""))]
    number = _import(stage, days, lines)
    stage.insert(
        BilledDay,
        [{"day": day, "line_item": item, "amount_nano": nano, "import_id": number} for day, item, nano in lines],
    )


def _lines(stage: Stage, day: date, models: Counter[str], odd: str) -> list[tuple[date, str, int]]:
    """What the vendor bills for a day: input and output of each model, near what was counted."""
    found: list[tuple[date, str, int]] = []
    for name, nano in sorted(models.items()):
        billed = nano * (100_000 + stage.dice.randrange(-900, 1_600)) // 100_000
        if odd == "short" and name.startswith("gpt-4o"):
            billed = billed * 88 // 100
        found += [(day, f"{name}, input", billed * 4 // 10), (day, f"{name}, output", billed - billed * 4 // 10)]
    if odd == "tool":
        found.append((day, "file search tool calls", sum(models.values()) // 11))
    return found


def _import(stage: Stage, days: list[date], lines: list[tuple[date, str, int]]) -> int:
    row = BillImport(
        source=DEMO, file_name="demo", first_day=days[0], last_day=days[-1], lines=len(lines),
        total_nano=sum(nano for _, _, nano in lines), imported_at=stage.now - timedelta(hours=3),
    )  # fmt: skip
    stage.db.add(row)
    stage.db.flush()
    assert row.id is not None
    return row.id


_COUNTED = """
SELECT (c.created_at AT TIME ZONE 'UTC')::date AS day, m.model_name, sum(coalesce(c.cost_nano, 0))::bigint AS nano
FROM openai_call c JOIN openai_pricing m ON m.id = c.model_id GROUP BY 1, 2 ORDER BY 1, 2"""
