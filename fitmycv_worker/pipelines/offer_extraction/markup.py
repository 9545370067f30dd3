"""Pasted pages as plain text: blocks become lines, list items become bullets."""

import html
import re

_TAGS = re.compile(r"<\s*/?\s*\w+[^>]*>")
_BLOCKS = re.compile(r"<\s*/?\s*(?:p|br|div|ul|ol|h[1-6]|tr|section|li)\b[^>]*>", re.IGNORECASE)


def plain(text: str) -> str:
    """`text` without HTML; text that holds none is left as it is."""
    if not _BLOCKS.search(text):
        return html.unescape(text) if "&" in text else text
    text = re.sub(r"(?is)<(script|style)\b.*?</\1>", " ", text)
    text = re.sub(r"(?i)<\s*li\b[^>]*>", "\n- ", text)
    return html.unescape(_TAGS.sub(" ", _BLOCKS.sub("\n", text)))
