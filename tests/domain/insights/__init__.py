"""Tests of domain/insights."""
