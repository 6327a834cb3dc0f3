"""A Kneser-Ney n-gram model of the training text, and how it is mixed with the network."""
