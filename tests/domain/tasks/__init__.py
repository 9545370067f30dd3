"""Tests of the tasks' rules, against a real database."""
