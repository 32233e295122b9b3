"""Who reads a family's text in place of the bot may say what it meant: kept for the next lexicon."""

from __future__ import annotations

from datetime import date

from bot.replies import read_meant, school_year_of
from cases.plans import plan_in_force
from cases.reply_corrections import correct_reply, reply_behind
from storage.tables import Task
from storage.work import Work


async def note_meaning(work: Work, task: Task, *, by: int, said: str, today: date) -> None:
    """Where the words with which a task was done name a meaning, the reply behind it is corrected, read by nobody or read wrongly."""
    reply = reply_behind(task)
    if reply is None:
        return
    _, plan = await plan_in_force(work.session)
    meant = read_meant(said, today, school_year_of(plan))
    if meant is not None:
        await correct_reply(work, reply, by=by, meant=meant.intent, on=meant.on)
