"""Tests of the worker offline."""
