"""Supervision, assessment, inspection and commendation (督导、考核、检查、表彰): facts are put together, people decide."""
