"""Two characters by which a task is answered: of no person do two living tasks bear the same."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from zlib import crc32

from sqlalchemy import select

from storage.tables import Task, TaskHolder
from storage.work import Work

FORMER = "former_code"
"""In a task's facts: what whoever had it before may go on calling it."""
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
DIGITS = "23456789"
CODES = [letter + digit for digit in DIGITS for letter in LETTERS]


def of_code(tasks: Sequence[Task], code: str) -> list[Task]:
    """Those that bear the code; where none does, those that bore it before they came to somebody who had another one of that code."""
    return [task for task in tasks if task.code == code] or [task for task in tasks if task.facts.get(FORMER) == code]


async def free_code(work: Work, key: str, people: Collection[int]) -> str:
    """Two characters that none of these persons has among their living tasks.

    The search begins at a place that the key gives: tasks that are opened at the same moment, or that come to the same
    person later from below, then hardly ever bear the same code.
    """
    return _first_but(await _taken(work, people), key)


async def tell_apart(work: Work, task: Task, new: Collection[int], old: Collection[int]) -> None:
    """A task that comes to somebody who has another of its code gets a new one, free for those who have it already too."""
    if task.code in await _taken(work, new, but=task.id):
        task.facts = {**task.facts, FORMER: task.code}
        task.code = _first_but(await _taken(work, {*new, *old}), task.key)


def _first_but(taken: Collection[str], key: str) -> str:
    first = crc32(key.encode()) % len(CODES)
    return next((code for code in (*CODES[first:], *CODES[:first]) if code not in taken), CODES[first])


async def _taken(work: Work, people: Collection[int], but: int | None = None) -> set[str]:
    codes = select(Task.code).distinct().join(TaskHolder, TaskHolder.task_id == Task.id)
    living = codes.where(TaskHolder.person_id.in_(people), TaskHolder.until.is_(None), Task.ended_at.is_(None))
    return set(await work.session.scalars(living if but is None else living.where(Task.id != but)))
