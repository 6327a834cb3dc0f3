"""Writing and scoring text, in NumPy alone. Knows nothing of how a model was trained."""
