"""Scores of models, their baselines, and the originality of samples. Knows nothing of terminals."""
