"""A family says that the child is away until a day: the leave, its follow-up on the day of return, and that day named later."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from cases.casework import open_case_of, pause_case
from cases.desk import Desk, desk_of_case
from cases.duty_facts import next_duty_at
from cases.escalation import settle
from cases.matter import STARTS, Matter
from cases.tasks import LIVING, NewTask, open_task
from storage.tables import CaseFile, GuardianAnswer, Leave, Student, Task
from storage.work import Work

_DAY = timedelta(days=1)


async def give_leave(matter: Matter) -> None:
    """Leave until the day that was named, or the plan's default; the teacher follows up when it ends."""
    desk = matter.desk
    default = desk.calendar.nth_school_day(desk.today, matter.rule.school_days or 1)
    until = matter.said.on - _DAY if matter.said.on and matter.said.on > desk.today else default
    leave = await grant_leave(matter, matter.said.since or _away_since(matter), max(until, desk.today))
    matter.effects |= {"leave_id": leave.id, "until": leave.ends_on.isoformat()}
    if matter.said.since is not None:
        matter.effects[STARTS] = matter.said.since.isoformat()
    elif matter.case is not None:
        await pause_case(matter.work, matter.case, _looked_at(desk, leave), matter.said.intent)
        await _follow(matter, leave)


async def grant_leave(matter: Matter, first: date, last: date) -> Leave:
    """These days are accounted for."""
    said = matter.said
    leave = Leave(
        student_id=said.student_id, starts_on=first, ends_on=last, reason=said.intent, said_by=said.person_id, recorded_at=matter.work.now
    )
    matter.work.session.add(leave)
    await matter.work.session.flush()
    return leave


def _away_since(matter: Matter) -> date:
    is_away = matter.case is not None and matter.case.back_on is None
    return min(matter.case.first_absent_on, matter.desk.today) if matter.case is not None and is_away else matter.desk.today


def _looked_at(desk: Desk, leave: Leave) -> datetime:
    """When the child should be back: the noon of the first school day after the leave."""
    back = desk.calendar.nth_school_day(leave.ends_on + _DAY, 1)
    return desk.calendar.at(back, desk.plan.attendance.digest.at)


async def _follow(matter: Matter, leave: Leave) -> None:
    """On the day the leave ends the family is reminded, and the teacher looks whether the child came."""
    desk = matter.desk
    duty = desk.plan.duties["leave_follow_up"]
    key, due = f"leave:{leave.id}:follow_up", _looked_at(desk, leave)
    new = NewTask(key, "leave_follow_up", duty.role, due, duty.template, quiet=duty.quiet, about=matter.about)
    task = await open_task(matter.work, desk, new)
    matter.effects["task_id"] = task.id if task else None
    if matter.said.person_id is not None:
        _remind(matter.work, desk, matter.student, leave, matter.said.person_id, matter.about["case_id"])


def _remind(work: Work, desk: Desk, student: Student, leave: Leave, person_id: int, case_id: int | None) -> None:
    if leave.ends_on <= desk.today:
        return
    ends = leave.ends_on
    work.say(
        f"leave:{leave.id}:ending:{ends}", person_id, "leave_ending", area_code=student.area_code, still="leave_ends",
        due_at=desk.calendar.at(ends, desk.plan.attendance.closes_at), case_id=case_id, student_id=student.id,
        facts={"until": f"{ends.month}月{ends.day}日", "leave_id": leave.id, "ends_on": ends.isoformat()},
    )  # fmt: skip


async def move_leave(work: Work, answer: GuardianAnswer, back: date) -> Leave | None:
    """The family names the day of return after the leave was given: everything that hangs on its end moves along.

    None where the leave no longer stands. Days that have passed stay accounted for.
    """
    leave = await work.session.get(Leave, answer.effects.get("leave_id") or 0)
    if leave is None or leave.withdrawn_at is not None:
        return None
    student = await work.session.get_one(Student, answer.student_id)
    case = await open_case_of(work, student.id)
    leave.ends_on = max(back - _DAY, leave.starts_on)
    answer.effects = {**answer.effects, "until": leave.ends_on.isoformat(), "until_said": True}
    work.record("leave_moved", f"student:{student.id}", area_code=student.area_code, case_id=answer.case_id, on=back.isoformat())
    if case is not None and case.id == answer.case_id:
        await _move_case(work, case, answer, leave, student)
    return leave


async def _move_case(work: Work, case: CaseFile, answer: GuardianAnswer, leave: Leave, student: Student) -> None:
    desk = await desk_of_case(work, case)
    case.paused_until = _looked_at(desk, leave)
    if "answered_until" in answer.effects:
        case.answered_until = desk.calendar.at(leave.ends_on, desk.plan.attendance.digest.at)
    task = await work.session.get(Task, answer.effects.get("task_id") or 0)
    if task is not None and task.state in LIVING:
        task.due_at = _looked_at(desk, leave)
        task.next_at = next_duty_at(desk, task)
    if answer.person_id is not None:
        _remind(work, desk, student, leave, answer.person_id, case.id)
    await settle(work, case)
