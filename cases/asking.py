"""What the guardians of an absent child are asked, and when (level 1 of the chain)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from cases.contact_tasks import open_find_contacts
from cases.desk import Desk, desk_of_case
from cases.guardians import reachable_guardians
from plan.levels import Asked
from storage.tables import CaseFile, Intent
from storage.work import Work

LATE = timedelta(hours=3)
"""How long after its time a question may still leave."""


async def ask_guardians(work: Work, desk: Desk, case: CaseFile, asks: list[Asked]) -> None:
    """Writes the day's questions: first to the primary guardian, later ones to all.

    Where none can be reached, somebody looks for a number.
    """
    people = await reachable_guardians(work, case.student_id, desk.today)
    if not people:
        await open_find_contacts(work, [case.student_id], quiet=False)
        return
    for number, asked in enumerate(asks):
        for person_id in people[:1] if number == 0 else people:
            _ask(work, desk, case, asked, person_id)


def _ask(work: Work, desk: Desk, case: CaseFile, asked: Asked, person_id: int) -> None:
    due = _due(work, desk, asked)
    if due is None:
        return
    on = desk.today.isoformat()
    work.say(
        f"case:{case.id}:{case.episode}:{asked.template}:{on}:{person_id}", person_id, asked.template, area_code=case.area_code,
        due_at=due, expires_at=due + LATE, still="unanswered", question="absence", case_id=case.id, student_id=case.student_id,
        facts={"on": on, "question_expires": (work.now + timedelta(days=desk.plan.answer_within_days)).isoformat()},
    )  # fmt: skip


def _due(work: Work, desk: Desk, asked: Asked) -> datetime | None:
    """When a question leaves; a set hour that has passed is not asked any more."""
    if asked.at is None:
        return work.now + timedelta(minutes=asked.after_minutes or 0)
    at = desk.calendar.at(desk.today, asked.at)
    return at if at > work.now else None


async def was_asked(work: Work, case: CaseFile) -> bool:
    """Whether the family was asked in this episode."""
    await work.flush()
    stem = f"case:{case.id}:{case.episode}:"
    asked = select(Intent.id).where(Intent.case_id == case.id, Intent.question == "absence", Intent.dedupe_key.startswith(stem)).limit(1)
    return await work.session.scalar(asked) is not None


async def tell_asked(work: Work, case: CaseFile, template: str) -> None:
    """Whoever has been asked hears why it is no longer asked; questions not yet sent are dropped by themselves."""
    desk = await desk_of_case(work, case)
    asked = select(Intent.person_id).where(Intent.case_id == case.id, Intent.question == "absence", Intent.state == "queued")
    for person_id in sorted({person_id for person_id in await work.session.scalars(asked) if person_id is not None}):
        work.say(
            f"case:{case.id}:{case.episode}:{template}:{desk.today}:{person_id}", person_id, template,
            area_code=case.area_code, case_id=case.id, student_id=case.student_id,
        )  # fmt: skip
