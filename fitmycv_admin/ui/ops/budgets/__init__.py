"""Budgets, their rules and what they told: the pages of operations."""
