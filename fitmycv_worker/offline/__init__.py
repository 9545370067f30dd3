"""The engine that works without a key: rules that read CVs and offers, behind OpenAI's wire."""
