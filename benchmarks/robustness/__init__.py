"""What happens when something goes wrong, or is not known."""
