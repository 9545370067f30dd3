"""Pages of what the application is set to."""
