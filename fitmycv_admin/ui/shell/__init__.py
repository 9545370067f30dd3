"""The frames around pages."""
