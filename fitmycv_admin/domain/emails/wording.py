"""A message as blocks, from which its HTML, its plain text and its editor document are made."""

import html
import re
from dataclasses import dataclass
from typing import Any

from fitmycv_admin.vocabulary import Language

VARIABLE = re.compile(r"\{\{\s*(\w+)\s*(?:\|([^{}]*))?\}\}")
_BUTTON = (
    "display:inline-block;padding:11px 20px;border-radius:6px;background-color:#0f6b5c;"
    "color:#ffffff;font-weight:600;text-decoration:none"
)


@dataclass(frozen=True, slots=True)
class Wording:
    """What one message says in one language. `{{name}}` stands for a variable."""

    subject: str
    heading: str
    before: tuple[str, ...]
    button: str = ""
    link: str = ""
    after: tuple[str, ...] = ()

    def html(self) -> str:
        """The body as HTML; the frame around it is added when it is sent."""
        lines = [f'<h1 style="margin:0 0 16px;font-size:20px;font-weight:600">{_escaped(self.heading)}</h1>']
        lines += [_paragraph(line) for line in self.before]
        if self.button:
            lines.append(
                f'<p style="margin:24px 0"><a href="{{{{{self.link}}}}}" style="{_BUTTON}">'
                f"{_escaped(self.button)}</a></p>"
            )
        lines += [_paragraph(line) for line in self.after]
        return "\n".join(lines)

    def text(self) -> str:
        """The body for readers without HTML."""
        link = [f"{self.button}:\n{{{{{self.link}}}}}"] if self.button else []
        return "\n\n".join([self.heading, *self.before, *link, *self.after]) + "\n"

    def design(self) -> dict[str, Any]:
        """The body as the document of the template editor."""
        content: list[dict[str, Any]] = [
            {"type": "heading", "attrs": {"level": 1}, "content": _inline(self.heading)},
            *({"type": "paragraph", "content": _inline(line)} for line in self.before),
        ]
        if self.button:
            attributes = {"text": self.button, "url": self.link, "isUrlVariable": True}
            content.append({"type": "button", "attrs": attributes})
        content += [{"type": "paragraph", "content": _inline(line)} for line in self.after]
        return {"type": "doc", "content": content}


@dataclass(frozen=True, slots=True)
class Default:
    """One trigger: its category, the variables it gives with an example of each, its words by language."""

    category: str
    label: str
    variables: dict[str, str]
    wordings: dict[Language, Wording]

    def variables_document(self) -> list[dict[str, Any]]:
        """The variables as the trigger's row holds them."""
        return [{"name": name, "example": example} for name, example in self.variables.items()]


def _escaped(text: str) -> str:
    return html.escape(text, quote=False)


def _paragraph(text: str) -> str:
    return f'<p style="margin:0 0 14px">{_escaped(text)}</p>'


def _inline(text: str) -> list[dict[str, Any]]:
    """Text and variables in turn; re.split gives text, name, fallback, text…"""
    parts = VARIABLE.split(text)
    nodes: list[dict[str, Any]] = []
    for index in range(0, len(parts), 3):
        if parts[index]:
            nodes.append({"type": "text", "text": parts[index]})
        if index + 1 < len(parts):
            nodes.append({"type": "variable", "attrs": {"id": parts[index + 1], "fallback": parts[index + 2] or ""}})
    return nodes
