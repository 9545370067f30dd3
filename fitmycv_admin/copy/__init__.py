"""The words people read, by language, area and key."""
