"""Pages of plans, limits and credits."""
