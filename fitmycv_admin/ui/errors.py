"""The one place where an exception becomes something a person reads."""

import reflex as rx
from reflex.event import EventSpec

from fitmycv_admin.copy import text
from fitmycv_admin.core import log
from fitmycv_admin.core.errors import FitMyCvError
from fitmycv_admin.core.ids import short_code
from fitmycv_admin.ui.guard import running_language

_log = log.get(__name__)


def shown(exception: Exception) -> EventSpec:
    """A toast: the sentence of an expected error, or an apology with an id that the log knows too."""
    if isinstance(exception, FitMyCvError):
        return rx.toast.error(text(exception.language, exception.key, **exception.params))
    code = short_code(6)
    _log.error("handler failed", error_id=code, exc_info=exception)
    return rx.toast.error(text(running_language(), "common.error.apology", code=code))


def reported(exception: Exception) -> None:
    """What a browser says went wrong in it; its text is untrusted and only logged."""
    _log.warning("browser error", report=str(exception)[:2000])
