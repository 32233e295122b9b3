"""Visits of teaching at home (送教上门): planned, asked about on the day, confirmed by the teacher's answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from cases.desk import desk_of_student
from cases.enrolment_words import NotTaken
from cases.home_watch import PLAN, count_visit, visits_are_planned
from cases.lesson_families import end_checks, lesson_day
from cases.rolls import AT_HOME
from cases.said import ACCOUNT, Said, may_say
from cases.tasks import LIVING, NewTask, end_task, open_task
from plan.model import Plan
from storage.tables import Arrangement, HomeLesson, Person, Student, Task
from storage.work import Work

DAYS_TOLD = 6
"""Days that a message names one by one."""
MISSED_FOR = 14
"""Days after which a visit that nobody was asked about (an outage) is left to the register, as not held."""


async def plan_lessons(work: Work, said: Said, student: Student, teacher: Person, days: Sequence[date]) -> list[date]:
    """Plans visits of a teacher on these days; a day that was planned before stays with whoever had it. Raises NotTaken."""
    rules = said.plan.registers
    if rules is None:
        raise NotTaken("not_in_plan")
    may_say(said, rules.by, student)
    taught = select(Arrangement.id).where(Arrangement.student_id == student.id, Arrangement.until.is_(None), Arrangement.kind == AT_HOME)
    if await work.session.scalar(taught) is None:
        raise NotTaken("not_at_home", child=student.name)
    if not days:
        raise NotTaken("say_days")
    if min(days) < said.today:
        raise NotTaken("past")
    if len(set(days)) > rules.lessons.most_at_once:
        raise NotTaken("too_many", most=rules.lessons.most_at_once)
    planned = {"student_id": student.id, "person_id": teacher.id, "planned_by": said.by, "evidence": said.evidence or None}
    rows = [planned | {"planned_on": day} for day in sorted(set(days))]
    stored = insert(HomeLesson)
    stored = stored.on_conflict_do_update(
        index_elements=["student_id", "planned_on"], where=HomeLesson.state == "cancelled",
        set_={"state": "planned", **{name: stored.excluded[name] for name in ("person_id", "planned_by", "evidence")}},
    )  # fmt: skip
    made = sorted(await work.session.scalars(stored.returning(HomeLesson.planned_on), rows))
    await visits_are_planned(work, student.id, said.by)
    work.record("lessons_planned", f"student:{student.id}", area_code=student.area_code, actor=f"person:{said.by}", count=len(made))
    if made and teacher.id != said.by:
        work.say(
            f"lessons:{student.id}:{teacher.id}:{work.now.isoformat()}", teacher.id, "lessons_told", area_code=student.area_code,
            student_id=student.id, facts={"days": _told_days(made), "count": len(made)},
        )  # fmt: skip
    return made


def _told_days(days: Sequence[date]) -> str:
    told = "、".join(f"{day.month}月{day.day}日" for day in days[:DAYS_TOLD])
    return told if len(days) <= DAYS_TOLD else f"{told}…{days[-1].month}月{days[-1].day}日"


async def ask_about_lessons(work: Work, plan: Plan, day: date) -> None:
    """On the planned day its teacher is asked; after an outage the visits of the last days are asked about, too, once each."""
    if plan.registers is None:
        return
    due = select(HomeLesson, Student).join(Student, Student.id == HomeLesson.student_id)
    due = due.where(HomeLesson.state == "planned", HomeLesson.planned_on <= day).order_by(HomeLesson.planned_on, HomeLesson.id)
    for lesson, student in (await work.session.execute(due)).all():
        if (day - lesson.planned_on).days > MISSED_FOR:
            lesson.state = "not_held"
        else:
            await _ask(work, plan, lesson, student)


async def _ask(work: Work, plan: Plan, lesson: HomeLesson, student: Student) -> None:
    if plan.registers is None:
        return
    desk = await desk_of_student(work, student)
    rules = plan.registers.lessons
    new = NewTask(
        f"lesson:{lesson.id}:{lesson.planned_on}", "home_lesson", rules.role, desk.calendar.after(work.now, rules.due),
        rules.template, holder_ids=(lesson.person_id,), about={"student_id": student.id},
        facts={"day": lesson_day(lesson), "lesson_id": lesson.id},
    )  # fmt: skip
    task = await open_task(work, desk, new)
    lesson.state, lesson.task_id = "asked", task.id if task is not None else lesson.task_id


async def confirm_lesson(work: Work, task: Task, by: int, words: str, *, held: bool) -> bool:
    """The teacher's answer: what was taught, or why not. False where it tells nothing."""
    if len(words) < ACCOUNT:
        return False
    lesson = await work.session.get_one(HomeLesson, task.facts["lesson_id"])
    lesson.state, lesson.said = "done" if held else "not_held", words
    lesson.confirmed_at, lesson.confirmed_by = work.now, by
    work.record("lesson_confirmed", f"student:{lesson.student_id}", area_code=task.area_code, actor=f"person:{by}", held=held)
    await (count_visit(work, lesson.student_id) if held else end_checks(work, lesson, "lesson_not_held"))
    return True


async def check_lesson(work: Work, task: Task, by: int, words: str, *, held: bool) -> bool:
    """Whoever is in charge has found out what the teacher and the family say differently. False where it tells nothing."""
    if len(words) < ACCOUNT:
        return False
    lesson = await work.session.get_one(HomeLesson, task.facts["lesson_id"])
    if not held:
        lesson.state, lesson.confirmed_at, lesson.confirmed_by = "not_held", work.now, by
    work.record("lesson_checked", f"student:{lesson.student_id}", area_code=task.area_code, actor=f"person:{by}", held=held)
    return True


async def cancel_lessons(work: Work, student_id: int) -> None:
    """The child is taught in another way now: what was planned is off."""
    await work.session.execute(
        update(HomeLesson).where(HomeLesson.student_id == student_id, HomeLesson.state.in_(("planned", "asked"))).values(state="cancelled")
    )
    asked = select(Task).where(Task.student_id == student_id, Task.kind.in_(("home_lesson", PLAN)), Task.state.in_(LIVING))
    for task in await work.session.scalars(asked):
        end_task(work, task, "cancelled", reason="arrangement_changed")


async def lessons_of(work: Work, student_id: int) -> Sequence[tuple[HomeLesson, str]]:
    """(visit, teacher) of a child, the latest first; those that are planned stand before all others."""
    query = select(HomeLesson, Person.name).join(Person, Person.id == HomeLesson.person_id).where(HomeLesson.student_id == student_id)
    rows = await work.session.execute(query.order_by(HomeLesson.planned_on.desc(), HomeLesson.id.desc()))
    return [(lesson, name) for lesson, name in rows.all()]


def lately(lessons: Sequence[tuple[HomeLesson, str]], today: date, *, ahead: int, most: int) -> Sequence[tuple[HomeLesson, str]]:
    """Of what `lessons_of` gives: so many that come next, and so many whose day has come. A term of planned ones hides none that was."""
    planned = [one for one in lessons if one[0].planned_on > today and one[0].state == "planned"]
    return [*planned[-ahead:], *[one for one in lessons if one[0].planned_on <= today][:most]]
