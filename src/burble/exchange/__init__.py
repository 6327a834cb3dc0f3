"""Other programs' formats. Knows nothing of training."""
