"""Tests of the worker llm."""
