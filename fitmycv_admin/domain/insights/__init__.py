"""What concerns every subject at once: seeds, overviews and margins."""
