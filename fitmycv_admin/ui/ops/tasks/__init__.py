"""Operators' pages about slow work."""
