"""Other programs' formats: weights that Keras wrote. Knows nothing of training."""
