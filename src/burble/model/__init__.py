"""What a trained model is: its file, and its forward pass in Keras and in NumPy."""
