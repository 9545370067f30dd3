"""Tests of domain/emails."""
