"""Who reads a family's text in place of the bot may say what it meant: kept for the next lexicon."""

from __future__ import annotations

from datetime import date

from bot.replies import read_meant, school_year_of
from cases.plans import plan_in_force
from cases.reply_corrections import correct_reply
from storage.tables import Task
from storage.work import Work

TRIAGE = frozenset({"triage", "triage_aside", "triage_unknown"})


async def note_meaning(work: Work, task: Task, *, by: int, said: str, today: date) -> None:
    """Where the words with which a triage task was done name a meaning, the reply behind it is corrected."""
    if task.kind not in TRIAGE:
        return
    _, plan = await plan_in_force(work.session)
    meant = read_meant(said, today, school_year_of(plan))
    if meant is not None:
        await correct_reply(work, task, by=by, meant=meant.intent, on=meant.on)
