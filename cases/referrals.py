"""Referrals to departments: proposed by an officer, approved by a named person, answered by the liaison (art. 2.8).

The bot decides nothing.
"""

from __future__ import annotations

from sqlalchemy import select

from cases.casework import lock_case
from cases.desk import Desk, desk_of_case
from cases.escalation import settle
from cases.tasks import NewTask, open_task
from storage.tables import CaseFile, Referral, Task
from storage.work import Work


def department_named(desk: Desk, words: str) -> str | None:
    """The department whose Chinese name stands at the beginning of these words."""
    return next((key for key, label in desk.plan.departments.items() if words.startswith(label.zh)), None)


def kind_for(desk: Desk, department: str) -> str | None:
    """The first kind of referral that this plan allows to the department; None where none is enabled."""
    kinds = desk.plan.referrals.items()
    return next((name for name, kind in kinds if kind.enabled and department in kind.departments), None)


async def propose_referral(work: Work, case: CaseFile, *, department: str, by: int, reason: str) -> Referral | None:
    """Puts a referral before the person who approves it. None where the plan has no enabled kind for this department."""
    desk = await desk_of_case(work, case)
    kind = kind_for(desk, department)
    if kind is None:
        return None
    referral = Referral(
        case_id=case.id, area_code=case.area_code, department=department, kind=kind, state="proposed", proposed_at=work.now,
        proposed_by=by, reason=reason,
    )  # fmt: skip
    work.session.add(referral)
    await work.session.flush()
    work.record(
        "referral_proposed",
        f"referral:{referral.id}",
        area_code=case.area_code,
        case_id=case.id,
        actor=f"person:{by}",
        department=department,
    )
    duty = desk.plan.duties["approve_referral"]
    due = desk.calendar.after(work.now, duty.due)
    about: dict[str, int | None] = {"case_id": case.id, "student_id": case.student_id, "referral_id": referral.id}
    facts = {"department": desk.plan.departments[department].zh, "reason": reason}
    await open_task(
        work, desk, NewTask(f"referral:{referral.id}:approve", "approve_referral", duty.role, due, duty.template, about=about, facts=facts)
    )
    return referral


async def decide_referral(work: Work, referral_id: int, *, approved: bool, by: int, note: str) -> None:
    """A named person approves or refuses; approval brings the case to the departments' level."""
    referral = await work.session.get_one(Referral, referral_id, with_for_update=True)
    if referral.state != "proposed":
        return
    referral.state, referral.decided_at, referral.decided_by = "approved" if approved else "refused", work.now, by
    case = await lock_case(work, referral.case_id)
    actor = f"person:{by}"
    work.record(
        f"referral_{referral.state}", f"referral:{referral.id}", area_code=case.area_code, case_id=case.id, actor=actor, noted=bool(note)
    )
    if approved and by != referral.proposed_by:
        desk = await desk_of_case(work, case)
        work.say(
            f"referral:{referral.id}:sent", referral.proposed_by, "referral_sent", area_code=case.area_code, case_id=case.id,
            student_id=case.student_id, facts={"department": desk.plan.departments[referral.department].zh},
        )  # fmt: skip
    await settle(work, case)


async def answer_referral(work: Work, task: Task, *, by: int, answer: str) -> None:
    """The department's liaison reports back."""
    query = select(Referral).where(Referral.case_id == task.case_id, Referral.state == "approved").order_by(Referral.id.desc()).limit(1)
    referral = await work.session.scalar(query.with_for_update())
    if referral is None:
        return
    referral.state, referral.answered_at, referral.answer = "answered", work.now, answer
    work.record(
        "referral_answered", f"referral:{referral.id}", area_code=referral.area_code, case_id=referral.case_id, actor=f"person:{by}"
    )
