"""A run: its request, settings, state, folder, model card and plots. Knows nothing of JAX."""
