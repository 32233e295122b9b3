"""Somebody will call: who, and by when, as the task says that they owe it."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from bot.dialogs.phrases import phrase, spoken_day
from bot.dialogs.speaker import Speaker
from bot.dialogs.talk import Talk
from cases.tasks import asked_first
from storage.tables import Student, Task
from storage.work import Work

NOON = 12


async def say_who_calls(talk: Talk, student: Student, task: Task | None) -> None:
    """ "王老师明天上午给您打电话"; without a task, or with nobody to hold it, only that somebody will."""
    facts = await promise(talk.work, talk.speaker, task)
    talk.say("will_call" if facts else "handed_over", student, **facts)


async def promised(talk: Talk, task_id: int | None) -> dict[str, str]:
    """`promise` of the task with this id."""
    return await promise(talk.work, talk.speaker, await talk.work.session.get(Task, task_id or 0))


async def promise(work: Work, speaker: Speaker, task: Task | None) -> dict[str, str]:
    """Facts `who` and `when` for a message of its own; empty where nobody has the task."""
    holder = await asked_first(work, task) if task is not None else None
    if task is None or holder is None:
        return {}
    why, name = holder
    role = speaker.plan.role_name(task.role) if why == "holder" else ""
    return {"who": f"{role}{name}", "when": _when(work, speaker, task)}


async def task_of_text(talk: Talk) -> Task | None:
    """The task that this very text opened."""
    await talk.work.session.flush()
    opened = select(Task).where(Task.inbound_id == talk.inbound.id, Task.opened_at == talk.work.now)
    return await talk.work.session.scalar(opened.order_by(Task.id.desc()).limit(1))


def _when(work: Work, speaker: Speaker, task: Task) -> str:
    due = task.due_at.astimezone(speaker.plan.zone)
    day, today = due.date(), speaker.calendar.day_of(work.now)
    hour = str(due.hour + (due.minute > 0))
    if day <= today:
        return phrase("when.today", hour=hour)
    if day == today + timedelta(days=1):
        return phrase("when.tomorrow_morning") if due.hour <= NOON else phrase("when.tomorrow", hour=hour)
    return phrase("when.morning", on=spoken_day(day)) if due.hour <= NOON else phrase("when.later", on=spoken_day(day), hour=hour)
