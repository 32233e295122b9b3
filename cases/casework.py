"""A case from opening to strike-off (控辍台账条目): opened, relapsed, paused, closed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import func, select, update

from cases.asking import ask_guardians
from cases.desk import Desk, desk_of_case
from cases.notices import draft_notice
from cases.steps import suspend_tasks
from cases.tasks import end_tasks
from storage.tables import CaseFile, CaseLevel, Notice, Question, Student
from storage.work import Work


async def open_case_of(work: Work, student_id: int) -> CaseFile | None:
    """The child's open case, locked for this use case."""
    return await work.session.scalar(select(CaseFile).where(CaseFile.student_id == student_id, CaseFile.state == "open").with_for_update())


LOCKED = "cases locked"


def keep_locked(work: Work, cases: Iterable[CaseFile]) -> None:
    """These cases have been locked together; `lock_case` need not do it again in this transaction."""
    work.session.info[LOCKED] = {case.id: case for case in cases}


async def lock_case(work: Work, case_id: int) -> CaseFile:
    """The case, locked for this use case. Raises NoResultFound for one that is not there."""
    locked: dict[int, CaseFile] = work.session.info.get(LOCKED, {})
    if case_id in locked:
        return locked[case_id]
    return (await work.session.scalars(select(CaseFile).where(CaseFile.id == case_id).with_for_update())).one()


async def open_case(work: Work, desk: Desk, student: Student, on: date) -> CaseFile:
    """Opens the child's case, or opens again the one that ended in a return not long ago, at the level it had."""
    earlier = await _recent(work, student.id, desk.calendar.at(on - timedelta(days=desk.plan.relapse_days), time.min))
    if earlier is not None:
        await relapse(work, earlier, on, "relapse")
        return earlier
    first = desk.plan.levels[0]
    case = await _new_case(work, desk, student, on, first.level)
    enter_level(work, case, first.level, work.now, "absence")
    if on == desk.today:  # of a day said late, today's sheet shows whether there is anything to ask
        await ask_guardians(work, desk, case, first.asks)
    return case


async def open_case_at(work: Work, desk: Desk, student: Student, level: int, reason: str) -> CaseFile:
    """Opens the case of a child that has no place, from today on, at a level above the first: there is no class to ask.

    The levels beneath it are recorded as passed for the same reason.
    """
    case = await _new_case(work, desk, student, desk.today, level)
    for rung in desk.plan.levels:
        if rung.level < level and not rung.beside:
            enter_level(work, case, rung.level, work.now, reason, passed=True)
    enter_level(work, case, level, work.now, reason)
    if (notice := desk.plan.at_level(level).notice) is not None:
        await draft_notice(work, case, notice)
    return case


async def _new_case(work: Work, desk: Desk, student: Student, on: date, level: int) -> CaseFile:
    case = CaseFile(
        number=await _next_number(work, desk, student.area_code), student_id=student.id, school_id=student.school_id,
        class_id=student.class_id, area_code=student.area_code, school_area_code=student.school_area_code,
        plan_version_id=desk.plan_version_id, state="open", level=level, opened_at=work.now, first_absent_on=on, episode=1,
    )  # fmt: skip
    work.session.add(case)
    await work.session.flush()
    work.record("case_opened", f"case:{case.id}", area_code=case.area_code, case_id=case.id, on=on.isoformat())
    return case


async def _recent(work: Work, student_id: int, since: datetime) -> CaseFile | None:
    query = select(CaseFile).where(CaseFile.student_id == student_id, CaseFile.state == "closed", CaseFile.exit == "returned")
    latest = query.order_by(CaseFile.closed_at.desc()).limit(1)
    found = await work.session.scalar(latest.with_for_update())
    return found if found is not None and found.closed_at is not None and found.closed_at >= since else None


async def _next_number(work: Work, desk: Desk, area_code: str) -> str:
    """County code, year and a running number: 622926-2026-00017. The county's numbers are given one at a time."""
    stem = f"{area_code[:6]}-{desk.today.year}-"
    await work.session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"case:{stem}"))))
    last = await work.session.scalar(select(func.max(CaseFile.number)).where(CaseFile.number.startswith(stem)))
    return f"{stem}{int(last.removeprefix(stem)) + 1 if last else 1:05d}"


def enter_level(work: Work, case: CaseFile, level: int, at: datetime, reason: str, *, passed: bool = False) -> None:
    """Writes that the case stood at a level. `passed`: it was left out, for this reason."""
    entry = CaseLevel(case_id=case.id, episode=case.episode, level=level, entered_at=at, recorded_at=work.now, reason=reason)
    if passed:
        entry.left_at, entry.left_reason = at, reason
    work.session.add(entry)
    action = "level_passed" if passed else "level_entered"
    work.record(
        action, f"case:{case.id}", area_code=case.area_code, case_id=case.id, at=at, level=level, reason=reason, episode=case.episode
    )


async def relapse(work: Work, case: CaseFile, on: date, reason: str) -> None:
    """The child is away again: the same case goes on, in a new episode at the level it had; families are asked anew."""
    desk = await desk_of_case(work, case)
    await end_tasks(work, case.id, "cancelled", reason, sparing=desk.plan.outliving())
    await work.session.execute(
        update(CaseLevel).where(CaseLevel.case_id == case.id, CaseLevel.left_at.is_(None)).values(left_at=work.now, left_reason=reason)
    )
    case.state, case.episode, case.first_absent_on = "open", case.episode + 1, on
    case.back_on = case.closed_at = case.exit = case.exit_facts = case.guardian_confirmed_at = None
    case.answered_until = case.paused_until = case.promised_on = None
    work.record(
        "case_relapsed", f"case:{case.id}", area_code=case.area_code, case_id=case.id, on=on.isoformat(), reason=reason, level=case.level
    )
    await work.session.flush()
    enter_level(work, case, case.level, work.now, reason)
    if (notice := desk.plan.at_level(case.level).notice) is not None:
        await draft_notice(work, case, notice)
    await ask_guardians(work, desk, case, desk.plan.levels[0].asks)


async def close_case(work: Work, case: CaseFile, exit_kind: str, facts: dict[str, Any], *, by: int | None = None) -> None:
    """Strikes the case off: how it ended, who said so and the evidence. Nothing is owed or asked any more.

    Raises ValueError for an exit that the plan does not know, or without all the evidence that it needs.
    """
    desk = await desk_of_case(work, case)
    missing = set(desk.plan.exits[exit_kind].evidence) - set(facts.get("evidence", {})) if exit_kind in desk.plan.exits else {exit_kind}
    if missing and "attended_days" not in facts.get("evidence", {}):
        raise ValueError(f"exit {exit_kind} lacks {', '.join(sorted(missing))}")
    await end_tasks(work, case.id, "cancelled", f"case_closed_{exit_kind}", sparing=desk.plan.outliving())
    await _withdraw(work, case)
    case.state, case.exit, case.closed_at, case.next_at = "closed", exit_kind, work.now, None
    case.exit_facts = {**facts, "by": by, "at": work.now.isoformat()}
    actor = f"person:{by}" if by else "system"
    work.record("case_closed", f"case:{case.id}", area_code=case.area_code, case_id=case.id, actor=actor, exit=exit_kind)


async def _withdraw(work: Work, case: CaseFile) -> None:
    """Open questions, unissued notices and levels end with the case."""
    questions = update(Question).where(Question.case_id == case.id, Question.state == "open")
    await work.session.execute(questions.values(state="withdrawn", ended_at=work.now))
    notices = update(Notice).where(Notice.case_id == case.id, Notice.delivered_at.is_(None), Notice.withdrawn_at.is_(None))
    await work.session.execute(notices.values(withdrawn_at=work.now))
    levels = update(CaseLevel).where(CaseLevel.case_id == case.id, CaseLevel.left_at.is_(None))
    await work.session.execute(levels.values(left_at=work.now, left_reason="case_closed"))


async def pause_case(work: Work, case: CaseFile, until: datetime, reason: str) -> None:
    """Holds the chain until then: what the level owes is cancelled, as the reason is known."""
    case.paused_until = max(until, case.paused_until or until)
    kinds = {step.task for rung in (await desk_of_case(work, case)).plan.levels for step in rung.owed} | {"follow_up"}
    await suspend_tasks(work, case, reason, kinds=kinds)
    work.record("case_paused", f"case:{case.id}", area_code=case.area_code, case_id=case.id, until=until.isoformat(), reason=reason)
