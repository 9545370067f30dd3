"""The one place where an exception becomes something a person reads."""

from typing import Any

import reflex as rx

from fitmycv_admin.copy import text
from fitmycv_admin.core import log
from fitmycv_admin.core.errors import FitMyCvError
from fitmycv_admin.core.ids import short_code
from fitmycv_admin.ui.guard import running_language

_log = log.get(__name__)


def shown(error: Exception) -> Any:
    """A toast: the sentence of an expected error, or an apology with an id that the log knows too."""
    if isinstance(error, FitMyCvError):
        return rx.toast.error(text(error.language, error.key, **error.params))
    code = short_code(6)
    _log.error("handler failed", error_id=code, exc_info=error)
    return rx.toast.error(text(running_language(), "common.error.apology", code=code))


def reported(error: Exception) -> None:
    """What a browser says went wrong in it; its text is untrusted and only logged."""
    _log.warning("browser error", report=str(error)[:2000])
