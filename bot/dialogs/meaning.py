"""Who reads a family's text in place of the bot may say what it meant: kept for the next lexicon."""

from __future__ import annotations

from datetime import date

from bot.replies import read_meant
from cases.reply_corrections import correct_reply
from storage.tables import Task
from storage.work import Work

TRIAGE = frozenset({"triage", "triage_unknown"})


async def note_meaning(work: Work, task: Task, *, by: int, said: str, today: date) -> None:
    """Where the words with which a triage task was done name a meaning, the reply behind it is corrected."""
    if task.kind not in TRIAGE:
        return
    meant = read_meant(said, today)
    if meant is not None:
        await correct_reply(work, task, by=by, meant=meant.intent, on=meant.on)
