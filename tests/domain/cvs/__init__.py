"""Tests of domain/cvs."""
