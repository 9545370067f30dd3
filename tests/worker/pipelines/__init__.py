"""Tests of the worker pipelines."""
