"""Languages of screens, mails and papers."""

from enum import StrEnum


class Language(StrEnum):
    """Languages of the screens and mails."""

    FR = "fr"
    EN = "en"


class CvLanguage(StrEnum):
    """Languages a CV or an offer may be written in."""

    FR = "fr"
    EN = "en"
    DE = "de"
    ES = "es"
