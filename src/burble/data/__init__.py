"""Files and folders in, symbol ids out. Knows nothing of models."""
