"""Why a pipeline has no result, each with a sentence for people."""

from fitmycv_admin.core.errors import FitMyCvError


class Refused(FitMyCvError):
    """The input cannot be worked with; `code` is what is stored with the task."""

    key = "imports.refused.no_cv"
    code = "refused"


class NotReadable(Refused):
    """The file could not be read within its limits."""

    key = "imports.refused.hostile"
    code = "hostile"


class NotACv(Refused):
    """Nothing in the file looks like a CV."""

    key = "imports.refused.no_cv"
    code = "no_cv"


class NotAnOffer(Refused):
    """Nothing in the text looks like a job offer."""

    key = "imports.refused.no_offer"
    code = "no_offer"


class NoRequirements(Refused):
    """The offer asks for nothing that a CV could be compared with."""

    key = "imports.refused.no_requirements"
    code = "no_requirements"
