"""Other programs' formats, out and in. Knows nothing of training."""
