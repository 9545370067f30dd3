"""Budgets of AI spend: rules, limits that hold, notices and the ways they reach somebody."""
