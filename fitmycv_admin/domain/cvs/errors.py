"""What a person is told when something about a CV, an offer or a score cannot be done."""

from uuid import UUID

from fitmycv_admin.core.errors import Conflict, FitMyCvError, Invalid, NotFound


class CvNotFound(NotFound):
    """The CV is missing, or somebody else's."""

    key = "cvs.error.cv_not_found"


class OfferNotFound(NotFound):
    """The offer is missing, or somebody else's."""

    key = "cvs.error.offer_not_found"


class NameTaken(Invalid):
    """Another CV of the person already has this name."""

    key = "cvs.error.name_taken"


class NameEmpty(Invalid):
    """A CV needs a name."""

    key = "cvs.error.name_empty"


class NameTooLong(Invalid):
    """The name has more characters than `max`."""

    key = "cvs.error.name_too_long"


class OfferTooShort(Invalid):
    """The text has fewer characters than `min`: nothing could be read in it."""

    key = "cvs.error.offer_too_short"


class OfferTooLong(Invalid):
    """The text has more characters than `max`."""

    key = "cvs.error.offer_too_long"


class AlreadyImported(Conflict):
    """This very file was imported before; `cv_id` is the CV it gave."""

    key = "cvs.error.already_imported"

    def __init__(self, cv_id: UUID, name: str) -> None:
        self.cv_id = cv_id
        super().__init__(name=name)


class NotReadYet(FitMyCvError):
    """The offer, or the CV, has not been read yet."""

    key = "cvs.error.not_read_yet"
