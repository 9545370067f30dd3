"""Slow work: what is asked for, who does it now, and how it ended."""
