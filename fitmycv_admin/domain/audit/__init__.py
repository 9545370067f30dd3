"""Who changed what, when and why: written by every command of a member of staff."""

from fitmycv_admin.domain.audit.trail import record

__all__ = ["record"]
