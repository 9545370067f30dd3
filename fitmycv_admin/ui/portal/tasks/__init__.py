"""What is on its way, and what came of it."""
