"""A drafted notice that its officer does not issue: decided by name and with a reason, told to those whose steps stand around it.

The case loses nothing by it: it stays at its level, its keeper follows it up, and it climbs when the plan says so.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from cases.casework import lock_case
from cases.desk import Desk, desk_of_case
from cases.endings.said import Refusal
from cases.entitled import answers_for
from cases.escalation import settle
from cases.notices import issue_notice
from cases.responsible import holders
from cases.words import words
from plan.levels import Level, Owed
from plan.model import Plan
from storage.tables import CaseFile, Notice, Person, Task
from storage.work import Work

ISSUE = "issue_notice"


async def decline_notice(work: Work, case: CaseFile, notice: Notice, by: int, why: str) -> bool:
    """Not issued, for this reason: those around it hear so. False when it has been issued or withdrawn."""
    if notice.issued_at is not None or notice.withdrawn_at is not None:
        return False
    notice.declined_at, notice.declined_by = work.now, by
    work.record("notice_declined", f"notice:{notice.id}", area_code=case.area_code, case_id=case.id, actor=f"person:{by}", kind=notice.kind)
    desk = await desk_of_case(work, case)
    who = (await work.session.get_one(Person, by)).name
    for person_id in await _around(work, desk, case.level, {by}):
        work.say(
            f"notice:{notice.id}:declined:{work.now.isoformat()}:{person_id}", person_id, "notice_declined", area_code=case.area_code,
            still="case_away", case_id=case.id, student_id=case.student_id, notice_id=notice.id, facts={"who": who, "why": why},
        )  # fmt: skip
    return True


async def _around(work: Work, desk: Desk, level: int, sparing: Collection[int]) -> list[int]:
    """Whoever owes a step below (they brought the case up), at this level, or at the next one, where it goes from here."""
    found: dict[int, None] = {}
    for role in dict.fromkeys(owed.role for rung in _rungs_around(desk.plan, level) for owed in _at_once(rung)):
        for holder in await holders(work.session, desk.plan, role, desk.place, desk.today):
            found.setdefault(holder.person_id)
    return [person_id for person_id in found if person_id not in sparing]


def _rungs_around(plan: Plan, level: int) -> list[Level]:
    below = [rung for rung in plan.levels if rung.level < level and not rung.beside][-1:]
    above = plan.above(level)
    return [*below, plan.at_level(level), *([above] if above is not None else [])]


def _at_once(rung: Level) -> list[Owed]:
    return [owed for owed in rung.owed if owed.undelivered_school_days is None]


async def why_declined(work: Work, notice: Notice) -> str:
    """The officer's reason, in their own words; empty where the notice was not declined."""
    if notice.declined_at is None:
        return ""
    asked = select(Task.result).where(Task.notice_id == notice.id, Task.kind == ISSUE, Task.ended_at == notice.declined_at)
    said = await work.session.scalar(asked.limit(1))
    return words().why_not_issued(said or "") or ""


async def is_declined(work: Work, task: Task) -> bool:
    """Whether the notice that this task asked for has just been declined."""
    notice = await work.session.get(Notice, task.notice_id) if task.kind == ISSUE and task.notice_id is not None else None
    return notice is not None and notice.declined_at is not None and notice.issued_at is None


async def issue_after_all(work: Work, notice: Notice, by: int) -> Refusal | None:
    """Declined, and issued all the same: by somebody who may, as long as the case stands at the level that drafted it."""
    case = await lock_case(work, notice.case_id)
    desk = await desk_of_case(work, case)
    rung = desk.plan.at_level(case.level)
    role = next((owed.role for owed in rung.owed if owed.task == ISSUE), None)
    is_due = case.state == "open" and case.back_on is None and rung.notice == notice.kind
    if role is None or notice.declined_at is None or not is_due:
        return Refusal("notice_gone")
    if not await answers_for(work, by, [role, *desk.plan.ladder(role)], notice.area_code, desk.today):
        return Refusal("not_allowed")
    if not await issue_notice(work, case, notice, by):
        return Refusal("notice_gone")
    await work.session.flush()
    await settle(work, case)
    return None
