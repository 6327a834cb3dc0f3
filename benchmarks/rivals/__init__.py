"""What others offer for the same work, written anew from their published descriptions."""
