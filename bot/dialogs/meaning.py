"""Who reads a family's text in place of the bot may say what it meant: kept for the next lexicon."""

from __future__ import annotations

from bot.dialogs.speaker import Speaker
from bot.replies import read_meant
from cases.reply_corrections import correct_reply
from storage.tables import Task
from storage.work import Work

TRIAGE = frozenset({"triage", "triage_unknown"})


async def note_meaning(work: Work, task: Task, *, by: Speaker, said: str) -> None:
    """Where the words with which a triage task was done name a meaning, the reply behind it is corrected."""
    if task.kind not in TRIAGE:
        return
    meant = read_meant(said, by.today, by.school_year)
    if meant is not None:
        await correct_reply(work, task, by=by.staff_id, meant=meant.intent, on=meant.on)
