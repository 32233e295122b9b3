"""What the bot could not read or place goes to a named person, with the thread; nothing received is ever dropped."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import select

from cases.contacts import people_at
from cases.desk import Desk, desk_of_area, desk_of_student
from cases.letters import join_letter
from cases.outside import ANY_SCHOOL
from cases.strangers import county_desk, county_named, county_that_wrote, desk_of_stranger
from cases.tasks import LIVING, NewTask, open_task
from cases.triage_moving import move_to_county
from storage.tables import Inbound, Student, Task
from storage.work import Work

ASIDE = "triage_aside"
TO_READ = "triage"
STRANGER = "triage_unknown"
"""Texts for the county: of senders whom nobody knows, and of families where the school must not decide on them."""


async def hand_over(work: Work, student_id: int, inbound: Inbound, *, county: bool = False) -> None:
    """A reply about a child goes to the class teacher; to the county where the school must not decide on it."""
    if county and (waiting := await _waiting(work, inbound, student_id)) is not None:
        await join_letter(work, waiting, inbound)
        return
    student = await work.session.get_one(Student, student_id)
    desk = await desk_of_student(work, student)
    kind = STRANGER if county else TO_READ
    await _open(work, desk, kind, f"triage:{inbound.id}:{student_id}", {"student_id": student_id, "inbound_id": inbound.id})


async def join_open(work: Work, student_ids: Collection[int], inbound: Inbound) -> Task | None:
    """Adds a text to what a person already has to read of this sender about these children; None where there is nothing such."""
    sent_here = select(Inbound.id).where(Inbound.contact_id == inbound.contact_id)
    query = select(Task).where(
        Task.kind == TO_READ, Task.state.in_(LIVING), Task.student_id.in_(student_ids), Task.inbound_id.in_(sent_here)
    )
    task: Task | None = await work.session.scalar(query.order_by(Task.id.desc()).limit(1))
    if task is not None:
        await join_letter(work, task, inbound)
    return task


async def show_aside(work: Work, student_id: int, inbound: Inbound, *, county: bool = False) -> None:
    """A reply that was acted on, or is asked back, says more besides: the class teacher looks at the words, and one digit ends it.

    A plan from before there was this duty, and what the school must not read: as if nothing had been understood.
    """
    desk = await desk_of_student(work, await work.session.get_one(Student, student_id))
    if county or ASIDE not in desk.plan.duties:
        await hand_over(work, student_id, inbound, county=county)
        return
    about: dict[str, int | None] = {"student_id": student_id, "inbound_id": inbound.id}
    await _open(work, desk, ASIDE, f"triage:{inbound.id}:{student_id}", about, ends_seen=True)


async def unknown_sender(work: Work, inbound: Inbound, *, accuses: bool = False) -> Task | None:
    """Nobody is known under this number: the county's officer answers, and all that it writes until then is one task, which is given.

    `accuses`: it may be a complaint about a school, nobody knows which; then it is kept from all of them.
    """
    outside = ANY_SCHOOL if accuses else None
    waiting = await _waiting(work, inbound, None, outside)
    if waiting is None:
        return await _open(
            work, await desk_of_stranger(work, inbound), STRANGER, f"triage:{inbound.id}", {"inbound_id": inbound.id}, outside
        )
    await join_letter(work, waiting, inbound)
    county = await county_named(work, inbound.body)
    if county is not None and not waiting.area_code.startswith(county):
        await move_to_county(work, waiting, county)
    return waiting


async def _waiting(work: Work, inbound: Inbound, student_id: int | None, outside: str | None = None) -> Task | None:
    """The sender's task for the county that nobody has ended yet, kept from as many people as these words have to be."""
    query = select(Task).join(Inbound, Inbound.id == Task.inbound_id).where(
        Task.kind == STRANGER, Task.state.in_(LIVING), Inbound.contact_id == inbound.contact_id,
        Task.student_id.is_not_distinct_from(student_id),
    )  # fmt: skip
    if outside is not None:
        query = query.where(Task.facts["outside_school"].astext == outside)
    return await work.session.scalar(query.order_by(Task.id.desc()).limit(1).with_for_update(of=Task))


async def known_unread(work: Work, inbound: Inbound, area_code: str) -> None:
    """Somebody known who answers for nothing any more, and is asked about no child: the county's officer reads it."""
    await _open(work, await desk_of_area(work, area_code), STRANGER, f"triage:{inbound.id}", {"inbound_id": inbound.id})


async def handler_failed(work: Work, inbound: Inbound) -> None:
    """The bot failed on this text again and again: a person reads it."""
    work.record("handler_failed", f"inbound:{inbound.id}", area_code=inbound.area_code or "")
    await unknown_sender(work, inbound)


async def loop_stopped(work: Work, *, contact_id: int) -> None:
    """Two machines seem to answer each other: the bot answers no further there and a person is told, once a day."""
    county = await county_that_wrote(work, contact_id)
    desk = await desk_of_area(work, county) if county is not None else await county_desk(work)
    people = await people_at(work, contact_id)
    if await _open(work, desk, STRANGER, f"loop:{contact_id}:{desk.today}", {}) is not None:
        work.record("loop_stopped", f"contact:{contact_id}", area_code=desk.place.area_code, people=people)


async def _open(
    work: Work, desk: Desk, kind: str, key: str, about: Mapping[str, int | None], outside: str | None = None, *, ends_seen: bool = False
) -> Task | None:
    """`ends_seen`: that it was seen is all that is asked for."""
    duty = desk.plan.duties[kind]
    due = desk.calendar.after(work.now, duty.due)
    template = duty.template if "inbound_id" in about else "task_new"
    new = NewTask(key, kind, duty.role, due, template, quiet=duty.quiet, by_acknowledging=ends_seen, outside_school=outside, about=about)
    return await open_task(work, desk, new)
