"""Tests of the worker's processes, as real processes."""
