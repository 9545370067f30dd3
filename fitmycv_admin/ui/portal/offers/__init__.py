"""Job offers."""
