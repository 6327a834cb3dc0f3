"""Long measurements; their results of record lie in `results`."""
