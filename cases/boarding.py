"""Boarders are counted on the evening on which they come back: who is missing is asked after the same evening (art. 2.2, 2.6).

It is a check of safety, not of attendance: whether a child is absent on the next school day, only that day's sheet says.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.dialects.postgresql import insert

from cases.calendars import class_exceptions
from cases.contact_tasks import open_find_contacts
from cases.desk import desk_of_school
from cases.guardians import reachable_guardians
from cases.responsible import holders, holders_of_classes
from cases.rolls import in_class
from plan.calendar import Calendar
from plan.model import Plan
from plan.school_day import Boarding
from storage.tables import BoardingCheck, Intent, MissingBoarder, School, SchoolClass, Student
from storage.work import Work

LATE = timedelta(hours=2)
"""How long after the check a family may still be asked that evening."""


async def ask_boarders(work: Work, plan: Plan, day: date) -> None:
    """Opens the check of every class whose boarders come back this evening, and asks who answers for it."""
    evening = plan.boarding
    if evening is None:
        return
    rows = await _returning(work, plan, evening, day)
    if not rows:
        return
    stored = insert(BoardingCheck).on_conflict_do_nothing(index_elements=["class_id", "on"]).returning(BoardingCheck)
    await _ask(work, plan, evening, list(await work.session.scalars(stored, rows)), "boarding_check")


async def remind_boarders(work: Work, plan: Plan, day: date) -> None:
    """Asks again where nobody has answered."""
    if plan.boarding is not None:
        await _ask(work, plan, plan.boarding, await _unanswered(work, day), "boarding_reminder")


async def close_boarding(work: Work, plan: Plan, day: date) -> None:
    """What is still unanswered is told to the school's own head that evening, one message a school."""
    evening = plan.boarding
    by_school: dict[int, list[BoardingCheck]] = defaultdict(list)
    for check in await _unanswered(work, day) if evening is not None else ():
        check.state = "unanswered"
        work.record("boarding_unanswered", f"boarding:{check.id}", area_code=check.area_code)
        by_school[check.school_id].append(check)
    for school_id, checks in by_school.items():
        await _tell_head(work, plan, school_id, checks)


async def check_of(work: Work, class_id: int, day: date) -> BoardingCheck | None:
    """The check of a class on an evening, locked for this use case."""
    query = select(BoardingCheck).where(BoardingCheck.class_id == class_id, BoardingCheck.on == day)
    return await work.session.scalar(query.with_for_update())


async def record_boarding(work: Work, check: BoardingCheck, *, missing: Sequence[int], arrived: Sequence[int], full: bool, by: int) -> None:
    """Who has not come back. `full` says how everybody is, and takes back whoever was named before and is not any more."""
    known = {row.student_id: row for row in await work.session.scalars(select(MissingBoarder).where(MissingBoarder.check_id == check.id))}
    back = set(arrived) | ({student for student in known if student not in missing} if full else set())
    for student_id in back:
        if student_id in known and known[student_id].state == "missing":
            await _arrived(work, check, known[student_id])
    for student_id in missing:
        if student_id not in known:
            work.session.add(
                MissingBoarder(check_id=check.id, student_id=student_id, state="missing", recorded_at=work.now, recorded_by=by)
            )
        elif known[student_id].state != "missing":
            known[student_id].state = "missing"
        await _ask_family(work, check, student_id)
    check.state, check.answered_at, check.answered_by = "answered", work.now, by
    work.record(
        "boarding_answered", f"boarding:{check.id}", area_code=check.area_code, actor=f"person:{by}",
        absent=len(missing), arrived=len(arrived),
    )  # fmt: skip


def boarders_of(class_id: int) -> tuple[ColumnElement[bool], ...]:
    """Conditions on a student: boards, and is on the rolls of that class."""
    return Student.class_id == class_id, Student.boarder.is_(True), in_class()


async def _returning(work: Work, plan: Plan, evening: Boarding, day: date) -> list[dict[str, object]]:
    """Classes with boarders that have no school today, and have it tomorrow."""
    if day.weekday() not in evening.weekday_numbers and not evening.after_days_off:
        return []
    calendar, tomorrow = Calendar(plan), day + timedelta(days=1)
    now, then = await class_exceptions(work.session, day), await class_exceptions(work.session, tomorrow)
    today_usual, then_usual = calendar.is_school_day(day), calendar.is_school_day(tomorrow)
    query = (
        select(SchoolClass, func.count(Student.id))
        .join(School, School.id == SchoolClass.school_id)
        .join(Student, Student.class_id == SchoolClass.id)
        .where(School.boarding, Student.boarder.is_(True), in_class())
        .group_by(SchoolClass.id)
        .order_by(SchoolClass.id)
    )
    return [
        {
            "class_id": klass.id, "school_id": klass.school_id, "area_code": klass.area_code, "on": day, "state": "asked",
            "boarders": count, "asked_at": calendar.at(day, evening.ask_at),
        }
        for klass, count in await work.session.execute(query)
        if then.get(klass.id, then_usual) and not now.get(klass.id, today_usual)
    ]  # fmt: skip


async def _ask(work: Work, plan: Plan, evening: Boarding, checks: Sequence[BoardingCheck], template: str) -> None:
    calendar = Calendar(plan)
    people = await holders_of_classes(work.session, evening.role, [check.class_id for check in checks], calendar.day_of(work.now))
    names = await _class_names(work, checks)
    for check in checks:
        closes = calendar.quiet_start(work.now)
        for person_id in people.get(check.class_id, ()):
            work.say(
                f"boarding:{check.id}:{template}:{person_id}", person_id, template, area_code=check.area_code,
                still="boarding_unanswered", question="boarding", expires_at=closes,
                facts={
                    "check_id": check.id, "class_name": names[check.class_id], "boarders": check.boarders,
                    "question_expires": closes.isoformat(),
                },
            )  # fmt: skip


async def hand_checks_over(work: Work, plan: Plan, class_ids: Sequence[int], day: date) -> None:
    """Whoever answers for these classes now is asked tonight's open checks."""
    waiting = [check for check in await _unanswered(work, day) if check.class_id in class_ids]
    if plan.boarding is not None and waiting:
        await _ask(work, plan, plan.boarding, waiting, "boarding_check")


async def _unanswered(work: Work, day: date) -> list[BoardingCheck]:
    query = select(BoardingCheck).where(BoardingCheck.on == day, BoardingCheck.state == "asked").order_by(BoardingCheck.id)
    return list(await work.session.scalars(query.with_for_update()))


async def _class_names(work: Work, checks: Sequence[BoardingCheck]) -> dict[int, str]:
    wanted = [check.class_id for check in checks]
    found = await work.session.execute(select(SchoolClass.id, SchoolClass.name).where(SchoolClass.id.in_(wanted)))
    return dict(found.all())


async def _tell_head(work: Work, plan: Plan, school_id: int, checks: Sequence[BoardingCheck]) -> None:
    if plan.boarding is None:
        return
    school = await work.session.get_one(School, school_id)
    desk, names = await desk_of_school(work, school), await _class_names(work, checks)
    for holder in await holders(work.session, plan, plan.boarding.told, desk.place, desk.today):
        work.say(
            f"boarding:{desk.today}:{school_id}:{holder.person_id}", holder.person_id, "boarding_unanswered", area_code=school.area_code,
            facts={"unanswered": "、".join(sorted(names.values())), "school": school.name}, expires_at=work.now + LATE,
        )  # fmt: skip


async def _ask_family(work: Work, check: BoardingCheck, student_id: int) -> None:
    """The primary guardian is asked at once, with the same answers as for an absence; without a number somebody looks for one."""
    people = await reachable_guardians(work, student_id, check.on)
    if not people:
        await open_find_contacts(work, [student_id], quiet=False)
        return
    work.say(
        f"boarding:{check.id}:{student_id}:{people[0]}", people[0], "boarder_question", area_code=check.area_code,
        expires_at=work.now + LATE, still="boarder_missing", question="absence", student_id=student_id, facts={"check_id": check.id},
    )  # fmt: skip


async def _arrived(work: Work, check: BoardingCheck, row: MissingBoarder) -> None:
    """Whoever had been asked is told that the child is there."""
    row.state = "arrived"
    await work.flush()
    stem = f"boarding:{check.id}:{row.student_id}:"
    asked = select(Intent.person_id).where(Intent.dedupe_key.startswith(stem), Intent.state == "queued")
    for person_id in await work.session.scalars(asked):
        work.say(
            f"boarding:{check.id}:{row.student_id}:arrived:{person_id}", person_id, "boarder_arrived", area_code=check.area_code,
            student_id=row.student_id, expires_at=work.now + LATE,
        )  # fmt: skip
