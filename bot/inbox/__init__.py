"""What people write to us: stored first, then handled in order."""
