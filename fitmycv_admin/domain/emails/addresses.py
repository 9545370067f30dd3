"""E-mail addresses: one spelling each, and nothing that could reach a header."""

import unicodedata

from email_validator import EmailNotValidError, validate_email

from fitmycv_admin.core.errors import Invalid

LONGEST = 254


class BadAddress(Invalid):
    """The text is no e-mail address that can be written to."""

    key = "accounts.error.email"


def folded(text: str) -> str:
    """The spelling an address is looked up by; says nothing about whether it is one."""
    return unicodedata.normalize("NFKC", text).strip().lower()


def clean(text: str) -> str:
    """The address in its one spelling. Raises BadAddress."""
    if len(text) > LONGEST:
        raise BadAddress(field="email")
    try:
        # Whether the domain exists is found out by writing to it.
        found = validate_email(folded(text), check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError as error:
        raise BadAddress(field="email") from error
    return found.normalized.lower()


def masked(address: str) -> str:
    """Enough to recognise an address one knows, too little to write to it: `a•••@e•••.org`."""
    local, _, domain = address.partition("@")
    name, _, end = domain.rpartition(".")
    return f"{local[:1]}•••@{name[:1]}•••.{end}" if domain else "•••"
