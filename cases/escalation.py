"""Carries out what the chain's rules decide: levels entered, tasks opened, people told."""

from __future__ import annotations

from sqlalchemy import func, select, update

from cases.case_facts import case_facts
from cases.casework import enter_level
from cases.desk import Desk, desk_of_case
from cases.family_word import family_said
from cases.holes import report_hole
from cases.notices import draft_notice
from cases.responsible import holders
from cases.steps import step_key, take_step
from cases.tasks import NewTask, end_tasks, open_task
from plan.chain import Enter, Keep, Open, Tell, upcoming
from storage.tables import CaseFile, CaseLevel, Notice, Referral, Task
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
    said = await family_said(work, desk, case) if rung.begins.unanswered_at is not None else {}
    new = NewTask(
        await step_key(work, case, action.step), owed.task, owed.role, desk.calendar.after(action.at, owed.due), owed.template,
        action.level, owed.quiet, by_acknowledging=owed.done_by_acknowledging, department=await _department(work, case, owed.task),
        about={"case_id": case.id, "student_id": case.student_id, "notice_id": await _notice_id(work, case, rung.notice)},
        facts=said,
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
