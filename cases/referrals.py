"""Referrals to departments 部门移送 (art. 2.8): proposed by an officer, approved by a named person, signed for and answered by the liaison.

The bot decides nothing. A kind that the plan does not enable does not exist here: it is never proposed, counted or named.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from cases.casework import lock_case
from cases.confirming import forget
from cases.desk import Desk, desk_of_case
from cases.escalation import settle
from cases.letter_numbers import county_of, next_number
from cases.plans import plan_of
from cases.posts.held import answers_for, answers_for_any_above, is_above_township
from cases.support_words import support_words
from cases.tasks import LIVING, NewTask, end_task, living_holders, open_task
from plan.levels import Level, Owed
from plan.model import Plan
from storage.tables import CaseFile, Referral, Task
from storage.work import Work

APPROVAL = "approve_referral"
ACT = "act_by_law"
UNDECIDED, SENT = "proposed", "approved"
WITHDRAWABLE = (UNDECIDED, SENT)


@dataclass(frozen=True)
class Proposal:
    """What an officer's words propose: to which department, why, and of which kinds it may be (several: nobody can tell which)."""

    department: str
    reason: str
    kinds: tuple[str, ...]


def read_proposal(plan: Plan, words: str) -> Proposal | None:
    """The department whose name stands at the beginning, and what follows it; None where no department does."""
    known = [(name, key) for key, label in plan.departments.items() for name in support_words().called(key, label.zh)]
    for said in support_words().without_place(words):
        for name, key in known:
            if said.startswith(name):
                reason = said.removeprefix(name).strip("，,：:。 ")
                return Proposal(key, reason, tuple(_kinds(plan, key, reason)))
    return None


def _kinds(plan: Plan, department: str, words: str) -> list[str]:
    """The enabled kinds of referral to the department: those that the words name, else all."""
    kinds = {name: kind for name, kind in plan.referrals.items() if kind.enabled and department in kind.departments}
    return [name for name, kind in kinds.items() if any(word in words for word in (kind.zh, *kind.words))] or list(kinds)


async def not_to_be_proposed(work: Work, case: CaseFile, *, department: str, kind: str, by: int) -> str | None:
    """What forbids the proposal: closed, no_kind, not_its_department, not_entitled, already; None when it may be made."""
    desk = await desk_of_case(work, case)
    found = desk.plan.referrals.get(kind)
    if case.state != "open":
        return "closed"
    if found is None or not found.enabled:
        return "no_kind"
    if department not in found.departments:
        return "not_its_department"
    if not await _may_propose(work, desk, found.by, by):
        return "not_entitled"
    waiting = select(Referral.id).where(
        Referral.case_id == case.id, Referral.kind == kind, Referral.department == department, Referral.state.in_(WITHDRAWABLE)
    )  # fmt: skip
    return "already" if await work.session.scalar(waiting.limit(1)) is not None else None


async def _may_propose(work: Work, desk: Desk, roles: list[str], by: int) -> bool:
    return await answers_for(work, desk, by, roles) if roles else await is_above_township(work, desk, by)


async def propose_referral(
    work: Work, case: CaseFile, *, department: str, by: int, reason: str, kind: str | None = None
) -> Referral | None:
    """Puts a referral before the person who approves it. None where the plan has no enabled kind for this department."""
    desk = await desk_of_case(work, case)
    kind = kind or next(iter(_kinds(desk.plan, department, reason)), None)
    if kind is None or not desk.plan.referrals[kind].enabled:
        return None
    referral = Referral(
        case_id=case.id, area_code=case.area_code, department=department, kind=kind, state=UNDECIDED, proposed_at=work.now,
        proposed_by=by, reason=reason,
    )  # fmt: skip
    work.session.add(referral)
    await work.session.flush()
    _record(work, referral, "referral_proposed", by, department=department)
    duty = desk.plan.duties[APPROVAL]
    facts = {"department": desk.plan.departments[department].zh, "reason": reason}
    due = desk.calendar.after(work.now, duty.due)
    key = f"referral:{referral.id}:approve"
    await open_task(work, desk, NewTask(key, APPROVAL, duty.role, due, duty.template, about=_about(case, referral), facts=facts))
    return referral


def _about(case: CaseFile, referral: Referral) -> dict[str, int | None]:
    return {"case_id": case.id, "student_id": case.student_id, "referral_id": referral.id}


def _record(work: Work, referral: Referral, action: str, by: int, **facts: str | bool) -> None:
    subject = f"referral:{referral.id}"
    work.record(
        action, subject, area_code=referral.area_code, actor=f"person:{by}", case_id=referral.case_id, at=None, **facts,
    )  # fmt: skip


async def approval_task(work: Work, referral: Referral) -> Task | None:
    """The living task by which somebody decides on it."""
    query = select(Task).where(Task.referral_id == referral.id, Task.kind == APPROVAL, Task.state.in_(LIVING))
    return await work.session.scalar(query.with_for_update())


async def decide_referral(work: Work, referral_id: int, *, approved: bool, by: int, note: str) -> None:
    """A named person approves or refuses; approval gives the letter its number and brings the case to the departments' level."""
    referral = await work.session.get_one(Referral, referral_id, with_for_update=True)
    if referral.state != UNDECIDED:
        return
    referral.state, referral.decided_at, referral.decided_by = SENT if approved else "refused", work.now, by
    referral.note = note or None
    case = await lock_case(work, referral.case_id)
    desk = await desk_of_case(work, case)
    _record(work, referral, f"referral_{referral.state}", by, noted=bool(note))
    if approved:
        referral.number = await next_number(work, "referral", county_of(case.area_code), desk.today.year)
        referral.due_at = _answer_due(desk, work.now)
        _tell_proposer(work, desk, case, referral, by)
    was_there = case.level == _rung(desk).level
    await settle(work, case)
    if approved:
        await _ask_department(work, desk, case, referral, was_there=was_there)


async def conclude_referral(work: Work, referral: Referral, *, approved: bool, by: int, note: str) -> None:
    """A named person's decision outside the task: those who were asked for it are asked no more."""
    task = await approval_task(work, referral)
    if task is not None:
        forget(task)
        end_task(work, task, "done", by=by, result=note or None)
    await decide_referral(work, referral.id, approved=approved, by=by, note=note)


async def open_referrals(work: Work, case: CaseFile) -> list[Referral]:
    """Those of the case that can still be withdrawn, locked, the oldest first. Kinds that the plan does not enable are not there."""
    enabled = [name for name, kind in (await plan_of(work.session, case.plan_version_id)).referrals.items() if kind.enabled]
    query = select(Referral).where(Referral.case_id == case.id, Referral.state.in_(WITHDRAWABLE), Referral.kind.in_(enabled))
    return list(await work.session.scalars(query.order_by(Referral.id).with_for_update()))


async def may_withdraw(work: Work, desk: Desk, referral: Referral, person_id: int) -> bool:
    """Whoever proposed it, and whoever may approve."""
    return person_id == referral.proposed_by or await may_decide(work, desk, person_id)


async def may_decide(work: Work, desk: Desk, person_id: int) -> bool:
    """Whether this person may approve referrals of the desk's county: the role that the plan asks, or one above it."""
    return await answers_for_any_above(work, desk, person_id, desk.plan.duties[APPROVAL].role)


def _tell_proposer(work: Work, desk: Desk, case: CaseFile, referral: Referral, by: int) -> None:
    if by == referral.proposed_by:
        return
    work.say(
        f"referral:{referral.id}:sent", referral.proposed_by, "referral_sent", area_code=case.area_code, case_id=case.id,
        student_id=case.student_id, facts={"department": desk.plan.departments[referral.department].zh},
    )  # fmt: skip


def _rung(desk: Desk) -> Level:
    """The departments' level: it begins by an approved referral."""
    return next(rung for rung in desk.plan.levels if rung.begins.referral_approved)


def _owed(rung: Level) -> Owed:
    return next((step for step in rung.owed if step.task == ACT), rung.owed[0])


def _answer_due(desk: Desk, start: datetime) -> datetime:
    return desk.calendar.after(start, _owed(_rung(desk)).due)


async def _ask_department(work: Work, desk: Desk, case: CaseFile, referral: Referral, *, was_there: bool) -> None:
    """The chain asks the first department; a case that stood at their level already asks one more beside it."""
    query = select(Task).where(Task.case_id == case.id, Task.kind == ACT, Task.state.in_(LIVING), Task.referral_id.is_(None))
    task = await work.session.scalar(query.order_by(Task.id.desc()).limit(1))
    if task is not None and not was_there:
        task.referral_id = referral.id
    elif was_there and case.state == "open":
        owed = _owed(_rung(desk))
        await open_task(
            work, desk, NewTask(
                f"referral:{referral.id}:act", ACT, owed.role, _answer_due(desk, work.now), owed.template, case.level,
                department=referral.department, about=_about(case, referral),
            ),
        )  # fmt: skip


async def referral_of(work: Work, task: Task) -> Referral | None:
    """The approved referral that a department's task is about; of an older task the case's latest."""
    if task.kind != ACT:
        return None
    query = select(Referral).where(Referral.case_id == task.case_id, Referral.state == SENT)
    if task.referral_id is not None:
        query = query.where(Referral.id == task.referral_id)
    return await work.session.scalar(query.order_by(Referral.id.desc()).limit(1).with_for_update())


async def acknowledge_referral(work: Work, task: Task, by: int) -> None:
    """The liaison signs for it (签收); nothing happens for any other kind of task."""
    referral = await referral_of(work, task)
    if referral is not None and referral.acknowledged_at is None:
        referral.acknowledged_at, referral.acknowledged_by = work.now, by
        _record(work, referral, "referral_acknowledged", by)


async def answer_referral(work: Work, task: Task, *, by: int, answer: str) -> None:
    """The department's liaison reports back; whoever proposed and whoever approved hear of it."""
    referral = await referral_of(work, task)
    if referral is not None:
        await note_answer(work, referral, by=by, answer=answer)


async def note_answer(work: Work, referral: Referral, *, by: int, answer: str) -> None:
    """Keeps the department's answer of an approved referral. Raises ValueError for one that is not."""
    if referral.state != SENT:
        raise ValueError(f"referral {referral.id} is {referral.state}")
    referral.state, referral.answered_at, referral.answered_by, referral.answer = "answered", work.now, by, answer
    if referral.acknowledged_at is None:
        referral.acknowledged_at, referral.acknowledged_by = work.now, by
    _record(work, referral, "referral_answered", by)
    await _tell(work, referral, {referral.proposed_by, referral.decided_by} - {None, by}, "referral_answered")


async def _tell(work: Work, referral: Referral, people: set[int | None], template: str) -> None:
    case = await work.session.get_one(CaseFile, referral.case_id)
    desk = await desk_of_case(work, case)
    facts = {"department": desk.plan.departments[referral.department].zh, "letter_number": referral.number or ""}
    for person_id in sorted(person for person in people if person is not None):
        work.say(
            f"referral:{referral.id}:{template}:{person_id}", person_id, template, area_code=case.area_code, case_id=case.id, facts=facts,
        )  # fmt: skip


async def act_task(work: Work, referral: Referral) -> Task | None:
    """The department's living task."""
    query = select(Task).where(Task.referral_id == referral.id, Task.kind == ACT, Task.state.in_(LIVING))
    return await work.session.scalar(query.with_for_update())


async def withdraw_referral(work: Work, referral: Referral, *, by: int, reason: str) -> str | None:
    """Takes it back, with a reason; a department that has it is told. What forbids it (ended, say_why), or None when it is done."""
    if referral.state not in WITHDRAWABLE:
        return "ended"
    if not reason.strip():
        return "say_why"
    was_sent = referral.state == SENT
    referral.state, referral.withdrawn_at, referral.withdrawn_by, referral.withdrawn_reason = "withdrawn", work.now, by, reason.strip()
    _record(work, referral, "referral_withdrawn", by)
    for task in [await approval_task(work, referral), await act_task(work, referral)]:
        if task is None:
            continue
        people: set[int | None] = set(await living_holders(work, task.id))
        end_task(work, task, "cancelled", reason="referral_withdrawn")
        if was_sent:
            await _tell(work, referral, people, "referral_withdrawn")
    await settle(work, await lock_case(work, referral.case_id))
    return None
