"""What there is to tell of trained models, for people who look back at them."""
