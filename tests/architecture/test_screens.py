"""What screens keep between two events."""

import dataclasses
import typing
from collections.abc import Iterator
from typing import Any

from reflex.state import State

from fitmycv_admin import fitmycv_admin as application


def states(of: type) -> Iterator[type]:
    for state in of.__subclasses__():
        yield state
        yield from states(state)


def kept(hint: Any, seen: set[type]) -> Iterator[type]:
    """The dataclasses of ours in a type, and those they hold."""
    for inner in typing.get_args(hint):
        yield from kept(inner, seen)
    is_ours = isinstance(hint, type) and hint.__module__.startswith("fitmycv_admin")
    if is_ours and dataclasses.is_dataclass(hint) and hint not in seen:
        seen.add(hint)
        yield hint
        for inner in typing.get_type_hints(hint).values():
            yield from kept(inner, seen)


def test_what_a_state_keeps_has_no_slots():
    """A state is pickled and unpickled at each of its events, and a dataclass with slots is pickled by slow Python:
    with them a quarter of an event's time went into it."""
    assert application.app
    found = {
        f"{row.__module__}.{row.__name__}"
        for state in states(State)
        if state.__module__.startswith("fitmycv_admin")
        for hint in typing.get_type_hints(state).values()
        for row in kept(hint, set())
        if "__slots__" in vars(row)
    }
    assert sorted(found) == []
