"""Tests of domain/billing."""
