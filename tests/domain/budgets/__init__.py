"""Tests of domain/ai_costs."""
