"""Tests of domain/telemetry."""
