"""Ready answers to what was asked on a phone, so that a visitor need not know what to type."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.outbox.questions import FOLLOW_UPS
from cases.tasks import LIVING
from console.demo.cast import Phone
from console.words import Words, page_data
from storage.tables import Question, Student, Task, TaskHolder

MOST_TASKS = 3
Chip = dict[str, str]


async def chips_for(
    session: AsyncSession, words: Words, phone: Phone, child: Student, *, correction: str | None, never_later: Collection[str] = ()
) -> list[Chip]:
    """What may be pressed on this phone now: the newest question first, then the most urgent tasks; none of another child's.

    `never_later`: kinds of task that nobody may put off. `correction`: absent or arrived, where the teacher could add to a sheet that
    is answered.
    """
    asked = select(Question).where(Question.contact_id.in_(phone.contact_ids), Question.state == "open")
    questions = list(await session.scalars(asked.order_by(Question.asked_at.desc(), Question.id.desc())))
    found = [chip for question in questions for chip in await _of_question(session, words, question, child)]
    held = select(Task).join(TaskHolder).where(TaskHolder.person_id == phone.person_id, TaskHolder.until.is_(None), Task.state.in_(LIVING))
    tasks = [task for task in await session.scalars(held.order_by(Task.due_at, Task.id)) if not task.facts.get("quiet")]
    tasks = [task for task in tasks if task.student_id in {None, child.id}]
    tasks.sort(key=lambda task: task.student_id is None)
    found += [chip for task in tasks[:MOST_TASKS] for chip in _of_task(words, task, can_wait=task.kind not in never_later)]
    if correction is not None and not any(question.kind == "sheet" for question in questions):
        found += _filled(words, correction, child)
    return found


async def _of_question(session: AsyncSession, words: Words, question: Question, child: Student) -> list[Chip]:
    if question.kind == "choose":
        names = [(await session.get_one(Student, student_id)).name for student_id in question.facts["children"]]
        return [_chip(words, entry, number=number, child=name) for number, name in enumerate(names, 1) for entry in _entries("choose")]
    if question.kind == "sheet":
        return _filled(words, "sheet", child) + _filled(words, "absent", child)
    if question.kind in FOLLOW_UPS:  # the dialog itself says what is offered, in the language of its messages
        return [_chip(words, {"send": answer, "zh": label, "en": label}) for answer, label in question.facts["choices"]]
    return _filled(words, question.kind, child) if question.kind in page_data("demo")["chips"] else []


def _entries(kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page_data("demo")["chips"][kind]
    return found


def _filled(words: Words, kind: str, child: Student) -> list[Chip]:
    seat = child.seat_number if child.seat_number is not None else child.name
    return [_chip(words, entry, seat=seat, child=child.name) for entry in _entries(kind)]


def _of_task(words: Words, task: Task, *, can_wait: bool) -> Iterator[Chip]:
    book = page_data("demo")["task_chips"]
    if task.state == "open" and not task.facts.get("by_acknowledging"):
        for entry in book["always"]:
            yield _coded(words, task, entry)
    yield _coded(words, task, book["done"].get(task.kind, book["done"]["default"]))
    if can_wait:
        yield _coded(words, task, book["postpone"])


def _coded(words: Words, task: Task, entry: dict[str, Any]) -> Chip:
    chip = _chip(words, entry)
    digit = chip["send"][0]
    key = f"{task.code} {digit}" if digit.isdigit() else task.code
    return {"send": f"{task.code} {chip['send']}", "key": key, "label": chip["label"]}


def _chip(words: Words, entry: dict[str, Any], **filled: object) -> Chip:
    send = str(entry["send"]).format(**filled)
    return {"send": send, "key": send, "label": words.pick(entry, **filled)}
