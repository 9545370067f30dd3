"""The services and stand-ins of one machine, for demo, development and tests."""
