"""Settings with their types, and which names belong to a feature."""
