"""Screens: they ask the domain and show what it says."""
