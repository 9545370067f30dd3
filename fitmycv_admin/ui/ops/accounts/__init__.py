"""People, for staff."""
