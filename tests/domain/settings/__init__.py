"""Tests of domain/settings."""
