"""Adapters: each outside system in one file."""
