"""Other systems: what lets them in, and what they want to hear of."""
