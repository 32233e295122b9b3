"""The family's word on a visit of teaching at home: asked the day after; a "no" is for whoever is in charge of the school."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import and_, func, select
from sqlalchemy.orm import aliased

from cases.desk import Desk, desk_of_student
from cases.guardians import reachable_guardians
from cases.tasks import LIVING, NewTask, end_task, first_holders, open_task
from plan.model import Plan
from plan.registers import FamilyAsked
from storage.tables import HomeLesson, Person, Student, Task
from storage.work import Work

ASKED_WITHIN = 7
"""Days after which a family is no longer asked about a visit (an outage)."""
CHECK = "lesson_check"
TOLD = ("done", "not_held")


def lesson_day(lesson: HomeLesson) -> str:
    """The day of a visit as messages say it."""
    return f"{lesson.planned_on.month}月{lesson.planned_on.day}日"


async def ask_families(work: Work, plan: Plan, day: date) -> None:
    """Each family is asked once about each visit, on a later day; of several that were missed by an outage, about the last.

    A visit that was called off, or of which the teacher says that it was not held, needs no question. Silence changes nothing.
    """
    if plan.registers is None or (rules := plan.registers.lessons.family) is None:
        return
    later = aliased(HomeLesson)
    newer = select(later.id).where(
        later.student_id == HomeLesson.student_id, later.planned_on > HomeLesson.planned_on, later.planned_on < day,
        later.state.in_(("asked", "done")),
    )  # fmt: skip
    due = select(HomeLesson, Student).join(Student, Student.id == HomeLesson.student_id).where(
        HomeLesson.family_asked_at.is_(None), HomeLesson.state.in_(("asked", "done")), ~newer.exists(),
        and_(HomeLesson.planned_on < day, HomeLesson.planned_on >= day - timedelta(days=ASKED_WITHIN)),
    )  # fmt: skip
    for lesson, student in (await work.session.execute(due.order_by(HomeLesson.id))).all():
        await _ask(work, rules, lesson, student)


async def _ask(work: Work, rules: FamilyAsked, lesson: HomeLesson, student: Student) -> None:
    """The first guardian who can be reached; where none can, the next days try again."""
    desk = await desk_of_student(work, student)
    people = await reachable_guardians(work, student.id, desk.today)
    if not people:
        return
    lesson.family_asked_at = work.now
    closes = (work.now + timedelta(days=desk.plan.answer_within_days)).isoformat()
    work.say(
        f"lesson:{lesson.id}:family:{people[0]}", people[0], rules.template, area_code=student.area_code, student_id=student.id,
        question="lesson", expires_at=work.now + timedelta(days=1),
        facts={"day": lesson_day(lesson), "lesson_id": lesson.id, "question_expires": closes},
    )  # fmt: skip


def is_contested(lesson: HomeLesson) -> bool:
    """Whether teacher and family have both spoken, and say different things. Of a visit that was found not to be held they do not."""
    return lesson.state in TOLD and lesson.came is not None and lesson.came != (lesson.state == "done")


async def note_family(work: Work, lesson: HomeLesson, person_id: int, *, came: bool) -> None:
    """The family's word is kept beside the teacher's. "No" becomes a task, unless the teacher has said so already."""
    lesson.came, lesson.family_said_at, lesson.family_person_id = came, work.now, person_id
    student = await work.session.get_one(Student, lesson.student_id)
    work.record("lesson_told", f"student:{student.id}", area_code=student.area_code, actor=f"guardian:{person_id}", came=came)
    if not came and lesson.state in ("asked", "done"):
        await _have_checked(work, lesson, student)


async def _have_checked(work: Work, lesson: HomeLesson, student: Student) -> None:
    """Whoever is in charge finds out, never the teacher who is meant."""
    desk = await desk_of_student(work, student)
    rules = desk.plan.registers.lessons.family if desk.plan.registers is not None else None
    if rules is None:
        return
    people = await _in_charge(work, desk, rules, lesson)
    teacher = await work.session.get_one(Person, lesson.person_id)
    told = {"teacher_said": lesson.said} if lesson.state == "done" and lesson.said else {}
    stem = f"lesson:{lesson.id}:check#"
    earlier = select(func.count()).select_from(Task).where(Task.student_id == student.id, Task.key.startswith(stem, autoescape=True))
    new = NewTask(
        f"{stem}{await work.session.scalar(earlier) or 0}", CHECK, rules.role, desk.calendar.after(work.now, rules.due), rules.told,
        holder_ids=people, about={"student_id": student.id},
        facts={"day": lesson_day(lesson), "lesson_id": lesson.id, "teacher": teacher.name, **told},
    )  # fmt: skip
    await open_task(work, desk, new)


async def _in_charge(work: Work, desk: Desk, rules: FamilyAsked, lesson: HomeLesson) -> tuple[int, ...]:
    people, _, _ = await first_holders(work, desk, rules.role, barred=[lesson.person_id])
    return tuple(people)


async def last_word(work: Work, person_id: int, since: datetime) -> HomeLesson | None:
    """The visit of which this person spoke last, after that time."""
    said = select(HomeLesson).where(HomeLesson.family_person_id == person_id, HomeLesson.family_said_at > since)
    return await work.session.scalar(said.order_by(HomeLesson.family_said_at.desc()).limit(1))


async def take_word_back(work: Work, lesson: HomeLesson) -> None:
    """It was not meant: what it set going ends."""
    lesson.came = lesson.family_said_at = lesson.family_person_id = None
    await end_checks(work, lesson, "answer_undone")


async def end_checks(work: Work, lesson: HomeLesson, reason: str) -> None:
    """Nobody has to find out any more."""
    checks = select(Task).where(Task.student_id == lesson.student_id, Task.kind == CHECK, Task.state.in_(LIVING))
    for task in await work.session.scalars(checks):
        if task.facts["lesson_id"] == lesson.id:
            end_task(work, task, "cancelled", reason=reason)
