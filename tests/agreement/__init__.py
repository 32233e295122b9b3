"""That everything that counts tells the same numbers, on every day of a life that nobody wrote."""
