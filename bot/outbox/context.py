"""What templates may speak of: loaded for a whole batch, a few queries in all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.outbox.claim import Due
from bot.outbox.settings import OutboxSettings
from bot.outbox.wording import day, moment, signature
from cases.names import given_name
from storage.tables import AttendanceSheet, CaseFile, Notice, School, SchoolClass, Student, Task
from storage.tables.base import Numbered

Found = Mapping[int, Any]
Labels = Mapping[str, Mapping[str, str]]
PLACES = ("id", "school_id", "class_id")
COMPLAINT = "complaint"
NEEDED: Mapping[type[Numbered], Sequence[str]] = {
    Task: (*PLACES, "kind", "code", "due_at", "case_id", "student_id", "sheet_id", "notice_id", "postponed", "facts"),
    AttendanceSheet: (*PLACES, "enrolled", "at_home", "on"),
    Notice: ("id", "case_id", "number", "deadline_on"),
    CaseFile: ("id", "number", "level", "student_id"),
    Student: (*PLACES, "name", "ethnicity"),
    SchoolClass: ("id", "name"),
    School: ("id", "name", "phone"),
}
"""Columns that words are made of: whole rows would take longer to load than all the rest of a message takes."""


@dataclass(frozen=True)
class Subjects:
    """The rows that a batch of intents is about, by id."""

    tasks: Found
    sheets: Found
    notices: Found
    cases: Found
    students: Found
    classes: Found
    schools: Found


def _ids(column: str, *groups: Iterable[Any]) -> set[int]:
    return {getattr(row, column) for row in chain.from_iterable(groups)} - {None}


async def _rows(session: AsyncSession, table: type[Numbered], wanted: set[int]) -> Found:
    if not wanted:
        return {}
    columns = [getattr(table, name) for name in NEEDED[table]]
    rows = await session.execute(select(*columns).where(columns[0] == func.any(list(wanted))))
    return {row[0]: row for row in rows}  # `id` comes first in each


async def load_subjects(session: AsyncSession, intents: Sequence[Due]) -> Subjects:
    """Follows each intent's links to the task, sheet, notice, case, child, class and school."""
    tasks = await _rows(session, Task, _ids("task_id", intents))
    sheets = await _rows(session, AttendanceSheet, _ids("sheet_id", intents, tasks.values()))
    notices = await _rows(session, Notice, _ids("notice_id", intents, tasks.values()))
    cases = await _rows(session, CaseFile, _ids("case_id", intents, tasks.values(), notices.values()))
    students = await _rows(session, Student, _ids("student_id", intents, tasks.values(), cases.values()))
    classes = await _rows(session, SchoolClass, _ids("class_id", students.values(), sheets.values(), tasks.values()))
    schools = await _rows(session, School, _ids("school_id", students.values(), sheets.values(), tasks.values()))
    return Subjects(tasks, sheets, notices, cases, students, classes, schools)


def _place(found: Subjects, class_id: int | None, school_id: int | None) -> dict[str, Any]:
    words: dict[str, Any] = {}
    if class_id is not None and class_id in found.classes:
        words["class_name"] = found.classes[class_id].name
    if school_id is not None and school_id in found.schools:
        school = found.schools[school_id]
        words |= {"school": school.name, "school_phone": school.phone or ""}
    return words


def _task_words(task: Row[Any], found: Subjects, settings: OutboxSettings) -> dict[str, Any]:
    case, duties = found.cases.get(task.case_id or 0), settings.labels["duty"]
    words = _place(found, task.class_id, task.school_id) | _taken(task, settings)
    return words | {
        "duty": duties.get(task.kind, task.kind), "due": moment(task.due_at, settings.policy.zone),
        "task_case": case.number if case else "",
    }  # fmt: skip


def _taken(task: Row[Any], settings: OutboxSettings) -> dict[str, Any]:
    """What the task takes as an answer: nothing is offered that would be refused."""
    policy = settings.policy
    words = {
        "code": task.code,
        "later": task.kind not in policy.never_later and not task.facts.get("urgent") and task.postponed < policy.put_off,
        "by_answer": task.kind == COMPLAINT,
    }
    return {**words, **settings.catalogue.answering(task.kind, words)}


def _case_words(case: Row[Any], labels: Labels) -> dict[str, Any]:
    return {"case_number": case.number, "level": case.level, "level_name": labels["level"].get(str(case.level), str(case.level))}


def _student_words(student: Row[Any], found: Subjects) -> dict[str, Any]:
    """A child without a school still has all the words that a template may need; without a class it is `unplaced`."""
    words = {
        "child": given_name(student.name, student.ethnicity),
        "child_full": student.name,
        "class_name": "",
        "school": "",
        "school_phone": "",
    }
    unplaced = {"unplaced": True} if student.class_id is None else {}
    return words | unplaced | _place(found, student.class_id, student.school_id)


def _sheet_words(sheet: Row[Any], found: Subjects) -> dict[str, Any]:
    """`at_home` is left out where nobody of the class is taught at home."""
    home = {"at_home": sheet.at_home} if sheet.at_home else {}
    return _place(found, sheet.class_id, sheet.school_id) | {"enrolled": sheet.enrolled, "sheet_date": day(sheet.on)} | home


def _notice_words(notice: Row[Any]) -> dict[str, Any]:
    return {"notice_number": notice.number or "", "deadline": day(notice.deadline_on) if notice.deadline_on else ""}


def context_of(intent: Due, found: Subjects, settings: OutboxSettings) -> dict[str, Any]:
    """The words a template may use for this intent; its own facts win."""
    task = found.tasks.get(intent.task_id or 0)
    sheet = found.sheets.get(intent.sheet_id or (task.sheet_id if task else None) or 0)
    notice = found.notices.get(intent.notice_id or (task.notice_id if task else None) or 0)
    case = found.cases.get(intent.case_id or (task.case_id if task else None) or (notice.case_id if notice else None) or 0)
    student = found.students.get(intent.student_id or (task.student_id if task else None) or (case.student_id if case else None) or 0)
    words: dict[str, Any] = {"signature": signature(settings.signatures, intent.area_code)}
    words |= _task_words(task, found, settings) if task else {}
    words |= _case_words(case, settings.labels) if case else {}
    words |= _student_words(student, found) if student else {}
    words |= _notice_words(notice) if notice else {}
    words |= _sheet_words(sheet, found) if sheet else {}
    return words | intent.facts
