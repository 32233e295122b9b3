"""Return notices (返校通知书): drafted by the system, issued by a named person, numbered, delivered, with a receipt (art. 2.1③)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from cases.desk import Desk, desk_of_case
from cases.guardians import reachable_guardians
from cases.names import area_names
from cases.responsible import CODE_LENGTH
from cases.tasks import LIVING, end_task
from cases.words import words
from storage.tables import CaseFile, Notice, NoticeCounter, Receipt, Task
from storage.work import Work


async def draft_notice(work: Work, case: CaseFile, kind: str) -> None:
    """Prepares a notice for a person to issue; it has no number yet and binds nobody."""
    township = case.area_code[: CODE_LENGTH["township"]]
    values = {
        "case_id": case.id,
        "episode": case.episode,
        "kind": kind,
        "student_id": case.student_id,
        "area_code": township,
        "drafted_at": work.now,
    }
    await work.session.execute(insert(Notice).values(values).on_conflict_do_nothing(index_elements=["case_id", "episode", "kind"]))
    work.record("notice_drafted", f"case:{case.id}", area_code=case.area_code, case_id=case.id, kind=kind)


async def issue_notice(work: Work, case: CaseFile, notice: Notice, by: int) -> bool:
    """A named officer issues the notice: it gets its number and goes to every guardian. False when it was issued before."""
    if notice.issued_at is not None or notice.withdrawn_at is not None:
        return False
    desk = await desk_of_case(work, case)
    notice.year = desk.today.year
    notice.sequence, notice.number = await next_number(work, "notice", notice.area_code, notice.year)
    notice.issued_at, notice.issued_by = work.now, by
    work.record("notice_issued", f"notice:{notice.id}", area_code=case.area_code, case_id=case.id, actor=f"person:{by}", kind=notice.kind)
    await _send(work, desk, case, notice)
    return True


async def next_number(work: Work, kind: str, township: str, year: int) -> tuple[int, str]:
    """The township's next sequence of the year, and the document's number with it; the counter's lock makes them gapless."""
    counter = insert(NoticeCounter).values(area_code=township, year=year, last=1)
    counter = counter.on_conflict_do_update(index_elements=["area_code", "year"], set_={"last": NoticeCounter.last + 1})
    sequence = (await work.session.execute(counter.returning(NoticeCounter.last))).scalar_one()
    name = (await area_names(work.session, [township])).get(township, township)
    return sequence, words().number(kind, name, year, sequence)


async def _send(work: Work, desk: Desk, case: CaseFile, notice: Notice) -> None:
    """To all guardians who can be written to. No day is set before the notice is delivered: the text says how it is counted."""
    township = (await area_names(work.session, [notice.area_code])).get(notice.area_code)
    issuer = {"issuer": words().issuer(township)} if township else {}
    rule = desk.plan.notices[await _reads_as(work, desk, notice)]
    template = rule.enrol_template if case.class_id is None and rule.enrol_template else rule.template
    for person_id in await reachable_guardians(work, case.student_id, desk.today):
        work.say(
            f"notice:{notice.id}:{person_id}", person_id, template, area_code=case.area_code, still="notice_waiting", question="notice",
            expires_at=work.now + timedelta(days=3), case_id=case.id, student_id=case.student_id, notice_id=notice.id,
            facts={**issuer, **_counting(desk, rule.deadline_days), "question_expires": (work.now + timedelta(days=14)).isoformat()},
        )  # fmt: skip


async def _reads_as(work: Work, desk: Desk, notice: Notice) -> str:
    """A second notice reads as a first where no first one was ever issued to this family."""
    earlier = select(Notice.id).where(Notice.case_id == notice.case_id, Notice.id != notice.id, Notice.issued_at.is_not(None)).limit(1)
    return notice.kind if await work.session.scalar(earlier) is not None else next(iter(desk.plan.notices))


def _counting(desk: Desk, days: int) -> dict[str, Any]:
    """The day of the deadline where it is delivered today; from a later delivery it runs to a later day."""
    by = desk.today + timedelta(days=days)
    return {"by_day": f"{by.month}月{by.day}日"}


async def deliver_notice(
    work: Work, case: CaseFile, notice: Notice, way: str, *, by: int | None, facts: dict[str, Any], on: date | None = None
) -> bool:
    """The notice has reached the family, `on` that day (today without it): the deadline runs from then, or from the letter's arrival.

    `facts`: the proof, see `cases/proofs.py`. False when a receipt was there already.
    """
    if notice.issued_at is None or notice.withdrawn_at is not None:
        return False
    desk = await desk_of_case(work, case)
    day = on or desk.today
    work.session.add(Receipt(notice_id=notice.id, way=way, at=work.now, recorded_by=by, facts={**facts, "on": day.isoformat()}))
    actor = f"person:{by}" if by else "system"
    work.record("notice_delivered", f"notice:{notice.id}", area_code=case.area_code, case_id=case.id, actor=actor, way=way)
    if notice.delivered_at is not None:
        return False
    notice.delivered_at = work.now
    known = desk.plan.deliveries.ways.get(way)
    arrived = day + timedelta(days=known.transit_days if known is not None else 0)
    notice.deadline_on = arrived + timedelta(days=desk.plan.notices[notice.kind].deadline_days)
    await _end_delivery_tasks(work, notice)
    return True


async def _end_delivery_tasks(work: Work, notice: Notice) -> None:
    waiting = select(Task).where(Task.notice_id == notice.id, Task.kind == "deliver_notice", Task.state.in_(LIVING))
    for task in await work.session.scalars(waiting):
        end_task(work, task, "cancelled", reason="delivered")


async def notice_of_case(work: Work, case: CaseFile, kind: str | None = None) -> Notice | None:
    """The latest notice of the episode that was issued (of this kind)."""
    query = select(Notice).where(Notice.case_id == case.id, Notice.episode == case.episode, Notice.issued_at.is_not(None))
    if kind is not None:
        query = query.where(Notice.kind == kind)
    return await work.session.scalar(query.order_by(Notice.id.desc()).limit(1))
