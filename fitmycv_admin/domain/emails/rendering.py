"""A template and its variables become a subject, an HTML page and a text: escaped, with safe links only."""

import html
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import nh3

from fitmycv_admin.domain.emails.wording import VARIABLE
from fitmycv_admin.vocabulary import Language

_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")
_TAGS = set(nh3.ALLOWED_TAGS) - {"map", "area", "details", "summary"}
_STYLES = {
    "background-color", "border", "border-bottom", "border-collapse", "border-radius", "border-top", "color", "display",
    "font-family", "font-size", "font-style", "font-weight", "height", "letter-spacing", "line-height", "margin",
    "margin-bottom", "margin-left", "margin-right", "margin-top", "max-width", "padding", "padding-bottom",
    "padding-left", "padding-right", "padding-top", "text-align", "text-decoration", "vertical-align", "width",
}  # fmt: skip
_ATTRIBUTES = {
    "*": {"style", "align", "valign", "width", "height", "dir", "lang"},
    "a": {"href", "title"},
    "img": {"src", "alt"},
    "table": {"cellpadding", "cellspacing", "border", "bgcolor", "role"},
    "td": {"colspan", "rowspan", "bgcolor"},
    "th": {"colspan", "rowspan", "bgcolor", "scope"},
}


class BadTemplate(ValueError):
    """The template or its variables cannot make a message; a mistake of ours, not of the reader."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message in words: `subject` on one line, `html` a whole page, `text` plain."""

    subject: str
    html: str
    text: str


def render(
    subject: str,
    body: str,
    plain: str,
    variables: Mapping[str, str],
    *,
    allowed: Collection[str],
    language: Language,
) -> Rendered:
    """Fill a template. Raises BadTemplate for a variable that is not allowed or a link that is none.

    A place without a value takes its fallback, else stays empty: no reader ever sees `{{name}}`.
    """
    values = {name: _one_line(value) for name, value in variables.items()}
    for name, value in values.items():
        if name not in allowed:
            raise BadTemplate(f"variable {name} is not one of this trigger")
        if name.endswith("Url") and not is_link(value):
            raise BadTemplate(f"{name} is not an http or https link")
    shown = _one_line(_filled(subject, values))
    if not shown:
        raise BadTemplate("the subject is empty")
    escaped = {name: html.escape(value) for name, value in values.items()}
    return Rendered(
        subject=shown[:200],
        html=_framed(clean(_filled(body, escaped, escape_fallback=True)), shown, language),
        text=_filled(plain, values).replace("\r", ""),
    )


def variables_in(*texts: str) -> set[str]:
    """The names of the variables that a template uses."""
    return {found[1] for text in texts for found in VARIABLE.finditer(text)}


def clean(body: str) -> str:
    """The HTML without scripts, forms, foreign styles, and links that are not http or https."""
    return nh3.clean(
        body,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https"},
        url_relative="deny",
        filter_style_properties=_STYLES,
    )


def text_of(body: str) -> str:
    """The words of an HTML body, one paragraph a line."""
    broken = re.sub(r"(?i)<br\s*/?>|</(?:p|h[1-6]|li|tr|div)>", "\n", body)
    return html.unescape(nh3.clean(broken, tags=set())).strip() + "\n"


def is_link(text: str) -> bool:
    """Whether the text is an absolute http or https address and nothing else."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"[\s\"'<>\\]", text)


def _filled(template: str, values: Mapping[str, str], *, escape_fallback: bool = False) -> str:
    """One pass: what a value contains is never read as a variable again."""

    def value(found: re.Match[str]) -> str:
        fallback = (found[2] or "").strip()
        return values.get(found[1]) or (html.escape(html.unescape(fallback)) if escape_fallback else fallback)

    return VARIABLE.sub(value, template)


def _one_line(text: str) -> str:
    return _CONTROL.sub(" ", text).strip()


def _framed(body: str, title: str, language: Language) -> str:
    return (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{html.escape(title)}</title></head>\n"
        '<body style="margin:0;padding:24px 12px;background-color:#f6f5f2;color:#1d1c1a;'
        'font-family:Inter,Segoe UI,Helvetica,Arial,sans-serif;font-size:15px;line-height:1.55">\n'
        '<table role="presentation" align="center" width="100%" cellpadding="0" cellspacing="0" '
        'style="max-width:560px;margin:0 auto"><tr><td style="padding:0 4px 14px;font-weight:600">FitMyCV</td></tr>\n'
        '<tr><td style="background-color:#ffffff;border:1px solid #e4e1db;border-radius:10px;padding:28px">\n'
        f"{body}\n</td></tr></table>\n</body></html>\n"
    )
