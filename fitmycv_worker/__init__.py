"""The process that runs slow work."""
