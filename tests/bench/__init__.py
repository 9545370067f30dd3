"""Benchmarks: figures with a bar, written to build/bench.json."""
