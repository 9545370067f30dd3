"""Rules of style and safety that only a reader of the source can check."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("fitmycv_admin", "fitmycv_worker")
SOURCES = sorted(file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))
PRIVATE_REFLEX = {"fitmycv_admin/ui/guard.py", "fitmycv_admin/api/gate.py", "fitmycv_admin/serve.py"}


def named(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def trees() -> Iterator[tuple[str, ast.Module]]:
    for file in SOURCES:
        yield named(file), ast.parse(file.read_text(), filename=str(file))


def calls(tree: ast.AST, attribute: str) -> list[int]:
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == attribute
    ]


def test_only_the_database_module_commits():
    found = {name: calls(tree, "commit") for name, tree in trees() if name != "fitmycv_admin/core/db.py"}
    allowed = {name for name in found if name.startswith("fitmycv_admin/local/")}  # the embedded servers' own set-up
    assert {name: lines for name, lines in found.items() if lines and name not in allowed} == {}


def test_every_module_says_what_it_is_for():
    assert [name for name, tree in trees() if not ast.get_docstring(tree)] == []


def test_no_file_is_longer_than_four_hundred_lines():
    assert {named(file): n for file in SOURCES if (n := len(file.read_text().splitlines())) > 400} == {}


def test_no_function_is_longer_than_fifty_lines():
    long = {}
    for name, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
                length = node.end_lineno - node.lineno + 1
                limit = 60 if name.startswith("fitmycv_admin/ui/") else 50
                if length > limit:
                    long[f"{name}:{node.name}"] = length
    assert long == {}


def test_rows_are_drawn_by_named_functions():
    found = []
    for name, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "foreach":
                found += [f"{name}:{node.lineno}" for argument in node.args if isinstance(argument, ast.Lambda)]
    assert found == []


@pytest.mark.parametrize("banned", ["html", "markdown", "upload", "download", "cookie", "LocalStorage", "Cookie"])
def test_screens_leave_dangerous_components_alone(banned):
    found = []
    for name, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "rx":
                found += [f"{name}:{node.lineno}"] if node.attr == banned else []
    assert found == []


def test_reflex_internals_are_touched_in_four_places():
    found = []
    for name, tree in trees():
        for node in ast.walk(tree):
            module = node.module if isinstance(node, ast.ImportFrom) else ""
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [module or ""]
            private = [m for m in names if m.startswith(("reflex_base", "reflex.state", "reflex.middleware"))]
            if private and name not in PRIVATE_REFLEX:
                found.append(f"{name}: {private}")
    assert found == []


def test_commands_and_queries_ask_who_asks():
    """A public function of the domain that takes a session to change things also takes the actor."""
    missing = []
    for name, tree in trees():
        if not name.startswith("fitmycv_admin/domain/") or not name.endswith("queries.py"):
            continue
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                arguments = [argument.arg for argument in node.args.args]
                if arguments[:1] == ["db"] and arguments[1:2] != ["by"]:
                    missing.append(f"{name}:{node.name}")
    assert missing == []
