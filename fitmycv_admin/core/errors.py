"""Errors that are for people; anything else is a bug and rises."""

from fitmycv_admin.core.context import LANGUAGE


class FitMyCvError(Exception):
    """Expected and shown: a catalogue key with its parameters, put into words at the edge.

    Subclasses set `key`; the sentence of each language is in the copy catalogues. `is_passing` says that
    the same thing may work in a moment: a worker tries again before it shows the sentence.
    """

    key = "common.error.unexpected"
    is_passing = False

    def __init__(self, key: str | None = None, **params: str | int) -> None:
        self.key = key or type(self).key
        self.params = params
        self.language = LANGUAGE.get()
        super().__init__(f"{self.key} {params}" if params else self.key)


class NotFound(FitMyCvError):
    """Missing, or somebody else's: the two look the same from outside."""

    key = "common.error.not_found"


class Forbidden(FitMyCvError):
    """The role of the actor does not hold this permission."""

    key = "common.error.forbidden"


class Conflict(FitMyCvError):
    """Somebody else changed the object first."""

    key = "common.error.conflict"


class Invalid(FitMyCvError):
    """One field of a form cannot be accepted; `field` names it."""

    key = "common.error.invalid"

    def __init__(self, key: str | None = None, *, field: str = "", **params: str | int) -> None:
        self.field = field
        super().__init__(key, **params)
