"""What is known about the running event, request or task without being passed along."""

from contextvars import ContextVar

# The language of whoever is asking: an error remembers it, so that the edge can put it into words.
LANGUAGE: ContextVar[str] = ContextVar("language", default="fr")
