"""docs/data-model.md says what the database is: compared with the models both ways."""

import re
from pathlib import Path

import pytest
from sqlmodel import SQLModel

import fitmycv_admin.models  # noqa: F401
from tests.architecture.reference_model import REFERENCE, TABLES

PAGE = (Path(__file__).parents[2] / "docs" / "data-model.md").read_text(encoding="utf-8")
METADATA = SQLModel.metadata.tables
# A section of the page: heading "### Model → `table`", its rows, its line "Also".
SECTIONS = {
    found[1]: (found[2], found[3])
    for found in re.finditer(r"^### (\w+) → `(\w+)`\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL)
}
ROW = re.compile(r"^\| `(\w+)` \| (.+?) \| (.*?) ?\|$", re.MULTILINE)


def _columns(cell: str) -> list[tuple[str, str]]:
    return [(table, column) for table, column in re.findall(r"`(\w+)\.(\w+)`", cell)]


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def test_every_model_of_the_reference_has_its_section() -> None:
    assert set(SECTIONS) == set(REFERENCE)
    assert {model: section[0] for model, section in SECTIONS.items()} == TABLES


@pytest.mark.parametrize("model", REFERENCE)
def test_every_field_is_mapped_to_columns_that_exist(model: str) -> None:
    rows = {row[1]: _columns(row[2]) for row in ROW.finditer(SECTIONS[model][1])}
    assert tuple(rows) == REFERENCE[model]
    for field, columns in rows.items():
        assert columns, f"{model}.{field} has no column"
        for table, column in columns:
            assert column in METADATA[table].columns, f"{table}.{column} of {model}.{field} does not exist"


@pytest.mark.parametrize("model", REFERENCE)
def test_every_difference_has_its_reason(model: str) -> None:
    for field, cell, why in ROW.findall(SECTIONS[model][1]):
        if _columns(cell) != [(TABLES[model], _snake(field))] and field != "openAICallNames":
            assert why.strip(), f"{model}.{field} is {cell} without a reason"


def _named(table: str) -> set[str]:
    """The columns that the page names for a table."""
    named = {column for row in ROW.finditer(PAGE) for where, column in _columns(row[2]) if where == table}
    for where, body in SECTIONS.values():
        if where == table and (also := re.search(r"^Also: (.*)$", body, re.MULTILINE)):
            named |= set(re.findall(r"`(\w+)`", also[1]))
    own = re.search(rf"^\| `{table}` \| [^|]* \| (.*) \|$", PAGE, re.MULTILINE)
    return named | (set(re.findall(r"`(\w+)`", own[1])) if own else set())


@pytest.mark.parametrize("table", sorted(METADATA))
def test_every_table_and_column_of_ours_is_named(table: str) -> None:
    missing = {column.name for column in METADATA[table].columns} - _named(table)
    assert not missing, f"docs/data-model.md does not name {sorted(missing)} of {table}"
    gone = _named(table) - {column.name for column in METADATA[table].columns}
    assert not gone, f"docs/data-model.md names {sorted(gone)} of {table}, which do not exist"


def test_the_page_names_no_table_that_is_gone() -> None:
    listed = re.findall(r"^\| `(\w+)` \| [^|`]+ \| `", PAGE, re.MULTILINE)
    assert set(listed) <= set(METADATA)
    assert set(listed) | set(TABLES.values()) == set(METADATA)


def test_the_diagram_shows_every_foreign_key_and_no_other() -> None:
    diagram = PAGE.split("```mermaid")[1].split("```")[0]
    drawn = set(re.findall(r"^ +(\w+) \S+--\S+ (\w+) : (\w+)$", diagram, re.MULTILINE))
    real = {
        (key.column.table.name, table.name, key.parent.name)
        for table in METADATA.values()
        for key in table.foreign_keys
    }
    assert drawn == real
