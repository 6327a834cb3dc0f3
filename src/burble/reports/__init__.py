"""What there is to tell of trained models, and to show of them to others."""
