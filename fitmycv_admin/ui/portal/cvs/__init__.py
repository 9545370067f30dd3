"""CVs and their scores."""
