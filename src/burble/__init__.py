"""burble trains a small recurrent network on a person's own text, and writes more of it."""

__version__ = "0.1.0"
