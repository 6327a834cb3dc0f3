"""Batches, steps, validation and several processes, in JAX. Knows nothing of terminals."""
