"""Screens of the operations area."""
