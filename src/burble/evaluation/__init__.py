"""How good a model is, how original, and beside what. Knows nothing of terminals."""
