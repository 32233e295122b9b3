"""What did they mean: replies of guardians, teachers and officers, read by rules that can be explained."""

from bot.replies.guardian import read_guardian
from bot.replies.kinds import Child, Reading

__all__ = ["Child", "Reading", "read_guardian"]
