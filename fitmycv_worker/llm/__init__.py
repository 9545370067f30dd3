"""The one door to language models, and what passes through it."""
