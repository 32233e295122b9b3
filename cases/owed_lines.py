"""What somebody owes, a few words each: by which code it is answered, about whom, what, and by which day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import func, select

from cases.names import given_name
from plan.calendar import Calendar
from plan.model import Plan
from storage.tables import SchoolClass, Student, Task
from storage.work import Work

MOST_LISTED = 6
LONGEST_LIST = 130
"""Characters: with the words around it such a list makes three parts of an SMS."""


About = Mapping[int, tuple[str, str]]
"""Task → whom it is about: as the family calls the child, and by the full name; of a class its name twice."""


async def about_whom(work: Work, plan: Plan, tasks: Sequence[Task]) -> About:
    """Whom each task is about, for its holder: the child, else the class. A task that belongs to no case (`apart`) names nobody."""
    told = [task for task in tasks if task.kind not in plan.tasks or not plan.tasks[task.kind].apart]
    query = select(Student.id, Student.name, Student.ethnicity).where(Student.id == func.any([task.student_id for task in told]))
    children = {found: (given_name(name, ethnicity), name) for found, name, ethnicity in await work.session.execute(query)}
    rooms = select(SchoolClass.id, SchoolClass.name).where(SchoolClass.id == func.any([task.class_id for task in told]))
    classes = {found: (name, name) for found, name in await work.session.execute(rooms)}
    about = {task.id: children.get(task.student_id or 0) or classes.get(task.class_id or 0) for task in told}
    return {task_id: whom for task_id, whom in about.items() if whom}


def owed_lines(plan: Plan, tasks: Sequence[Task], about: About, day: date | None = None) -> list[str]:
    """One line for each. Children whom the list would call alike have their full names; a due day that is `day` goes without saying."""
    calendar = Calendar(plan)
    called: defaultdict[str, set[str]] = defaultdict(set)
    for task in tasks:
        given, full = about.get(task.id, ("", ""))
        called[given].add(full)
    lines = []
    for task in tasks:
        given, full = about.get(task.id, ("", ""))
        due = calendar.day_of(task.due_at)
        by = "" if due == day else f"{due.month}月{due.day}日"
        words = (task.code, full if len(called[given]) > 1 else given, plan.task_name(task.kind).zh, by)
        lines.append(" ".join(word for word in words if word))
    return lines


def listed(lines: Sequence[str], longest: int = LONGEST_LIST, rest: str = "；等{count}件") -> str:
    """As many lines as there is room for, at least one; `rest` stands for the others."""
    room = [number for number in range(1, min(len(lines), MOST_LISTED) + 1) if len("；".join(lines[:number])) <= longest]
    shown = lines[: max(room, default=1)]
    return "；".join(shown) + (rest.format(count=len(lines)) if len(lines) > len(shown) else "")
