"""What other systems hear: events as signed calls to their addresses."""
