"""The plan as data and its pure rules: no input or output, no clock, nothing of ours imported."""
