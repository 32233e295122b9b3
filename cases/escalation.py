"""Carries out what the chain's rules decide: levels entered, tasks opened, people told."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import func, select, update

from cases.attended import attended_days
from cases.casework import enter_level
from cases.desk import Desk, desk_of_case
from cases.holes import report_hole
from cases.leaves import leave_days
from cases.notices import draft_notice
from cases.responsible import holders
from cases.steps import step_key, take_step
from cases.tasks import LIVING, NewTask, end_tasks, open_task
from plan.chain import CaseFacts, Enter, Keep, NoticeFacts, Open, Tell, upcoming
from storage.tables import CaseFile, CaseLevel, CaseStep, Notice, Referral, Task, TaskHolder
from storage.work import Work

ENDLESS = 60
"""More actions at one go than any plan can want: a rule that never rests is a fault, not a wait."""


async def settle(work: Work, case: CaseFile) -> None:
    """Carries out everything that the plan wants of this case by now, in order, and notes when to look again.

    Raises RuntimeError when the rules never come to rest.
    """
    if case.state != "open":
        return
    desk = await desk_of_case(work, case)
    for _ in range(ENDLESS):
        action = upcoming(desk.plan, await case_facts(work, desk, case), desk.calendar, work.now)
        if action is None or action.at > work.now:
            case.next_at = action.at if action is not None else None
            return
        await _carry_out(work, desk, case, action)
        await work.session.flush()
    raise RuntimeError(f"case {case.id} does not come to rest")


async def case_facts(work: Work, desk: Desk, case: CaseFile) -> CaseFacts:
    """What the chain's rules may know of a case."""
    await work.session.flush()
    levels = await work.session.execute(
        select(CaseLevel.level, CaseLevel.entered_at).where(CaseLevel.case_id == case.id, CaseLevel.episode == case.episode)
    )
    entered = levels.all()
    began = min((at for _, at in entered), default=case.opened_at)
    steps, living, approved = await _standing(work, desk, case, began)
    return CaseFacts(
        opened_at=began,
        first_absent_on=case.first_absent_on,
        level=case.level,
        entered={entry.level: entry.entered_at for entry in entered},
        excused=await _excused(work, case),
        answered_until=case.answered_until,
        paused_until=case.paused_until,
        away=case.back_on is None,
        notices=await _notice_facts(work, case),
        referral_approved_at=approved,
        unstaffed=await _unstaffed(work, desk, case),
        steps=frozenset(steps),
        open_tasks=living,
    )


async def _standing(work: Work, desk: Desk, case: CaseFile, began: datetime) -> tuple[list[str], int, datetime | None]:
    """(steps taken in this episode, living tasks, when a referral of this episode was approved), in one question."""
    steps = select(CaseStep.step).where(CaseStep.case_id == case.id, CaseStep.episode == case.episode)
    own = (Task.case_id == case.id, Task.state.in_(LIVING), Task.kind.not_in(desk.plan.outliving()))
    living = select(func.count()).select_from(Task).where(*own)
    approved = select(func.min(Referral.decided_at)).where(
        Referral.case_id == case.id, Referral.state.in_(("approved", "answered")), Referral.decided_at >= began
    )
    found = await work.session.execute(select(func.array(steps.scalar_subquery()), living.scalar_subquery(), approved.scalar_subquery()))
    taken, open_tasks, decided = found.one()
    return taken, open_tasks, decided


async def _notice_facts(work: Work, case: CaseFile) -> dict[str, NoticeFacts]:
    query = select(Notice).where(Notice.case_id == case.id, Notice.episode == case.episode)
    return {
        notice.kind: NoticeFacts(notice.issued_at, notice.delivered_at, notice.deadline_on) for notice in await work.session.scalars(query)
    }


async def _excused(work: Work, case: CaseFile) -> frozenset[date]:
    """Days of the episode that do not count as absent: on leave, or at school."""
    attended = await attended_days(work, case.student_id, case.first_absent_on)
    return await leave_days(work, case.student_id, case.first_absent_on) | frozenset(attended)


async def _unstaffed(work: Work, desk: Desk, case: CaseFile) -> frozenset[int]:
    """The level itself, when nobody at all was responsible for what it owes when the case came to it."""
    rung = desk.plan.at_level(case.level)
    held = (
        select(TaskHolder.task_id)
        .join(Task, Task.id == TaskHolder.task_id)
        .where(Task.case_id == case.id, Task.level == rung.level, Task.key.startswith(f"case:{case.id}:{case.episode}:"))
        .where(TaskHolder.why.in_(("holder", "substitute", "delegate")))
    )
    if await work.session.scalar(held.limit(1)) is not None:
        return frozenset()
    for step in rung.owed:
        if step.undelivered_school_days is None and await holders(work.session, desk.plan, step.role, desk.place, desk.today):
            return frozenset()
    return frozenset({rung.level})


async def _carry_out(work: Work, desk: Desk, case: CaseFile, action: Enter | Open | Tell | Keep) -> None:
    match action:
        case Enter():
            await _climb(work, desk, case, action)
        case Open():
            await _open_owed(work, desk, case, action)
        case Tell():
            await _tell(work, desk, case, action)
        case Keep():
            await _keep(work, desk, case, action)


async def _climb(work: Work, desk: Desk, case: CaseFile, action: Enter) -> None:
    for level, reason in action.passed:
        enter_level(work, case, level, action.at, reason, passed=True)
    if not action.beside:
        await end_tasks(work, case.id, "missed", action.reason, level=case.level)
        left = update(CaseLevel).where(CaseLevel.case_id == case.id, CaseLevel.episode == case.episode, CaseLevel.level == case.level)
        await work.session.execute(left.values(left_at=action.at, left_reason=action.reason))
        case.level = action.level
    enter_level(work, case, action.level, action.at, action.reason)
    rung = desk.plan.at_level(action.level)
    if rung.notice is not None:
        await draft_notice(work, case, rung.notice)


async def _open_owed(work: Work, desk: Desk, case: CaseFile, action: Open) -> None:
    await take_step(work, case, action.step, action.at)
    owed, rung = action.owed, desk.plan.at_level(action.level)
    new = NewTask(
        await step_key(work, case, action.step), owed.task, owed.role, desk.calendar.after(action.at, owed.due), owed.template,
        action.level, owed.quiet, by_acknowledging=owed.done_by_acknowledging, department=await _department(work, case, owed.task),
        about={"case_id": case.id, "student_id": case.student_id, "notice_id": await _notice_id(work, case, rung.notice)},
    )  # fmt: skip
    await open_task(work, desk, new, action.at)


async def _department(work: Work, case: CaseFile, task: str) -> str | None:
    """The department of an approved referral: its liaison owes what the departments' level owes."""
    if task != "act_by_law":
        return None
    latest = (
        select(Referral.department).where(Referral.case_id == case.id, Referral.state == "approved").order_by(Referral.id.desc()).limit(1)
    )
    return await work.session.scalar(latest)


async def _notice_id(work: Work, case: CaseFile, kind: str | None) -> int | None:
    query = select(Notice.id).where(Notice.case_id == case.id, Notice.episode == case.episode, Notice.kind == kind)
    return await work.session.scalar(query) if kind is not None else None


async def _tell(work: Work, desk: Desk, case: CaseFile, action: Tell) -> None:
    await take_step(work, case, action.step, action.at)
    notice_id = await _notice_id(work, case, desk.plan.at_level(action.level).notice)
    people = await holders(work.session, desk.plan, action.told.role, desk.place, desk.today)
    if not people:
        await report_hole(work, desk, role=action.told.role, reason="nobody_reachable")
    for holder in people:
        work.say(
            f"case:{case.id}:{case.episode}:{action.step}:{holder.person_id}", holder.person_id, action.told.template,
            area_code=case.area_code, still="case_away", case_id=case.id, student_id=case.student_id, notice_id=notice_id,
        )  # fmt: skip


async def _keep(work: Work, desk: Desk, case: CaseFile, action: Keep) -> None:
    taken = select(func.count()).select_from(Task).where(Task.case_id == case.id, Task.kind == "follow_up")
    number = (await work.session.scalar(taken) or 0) + 1
    new = NewTask(
        f"case:{case.id}:{case.episode}:keep:{action.level}:{number}",
        "follow_up",
        action.role,
        action.until,
        level=action.level,
        quiet=True,
        about={"case_id": case.id, "student_id": case.student_id},
    )
    await open_task(work, desk, new)
