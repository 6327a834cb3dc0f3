"""Many trainings side by side: comparisons, and searches for good settings."""
