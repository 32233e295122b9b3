"""What happens when a message does not get through: the next guardian, then a person."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import func, select

from cases.contact_tasks import open_find_contacts
from cases.contacts import people_at
from cases.desk import Desk, desk_of_area, desk_of_case, desk_of_school, desk_of_sheet, desk_of_student
from cases.guardians import reachable_guardians
from cases.holes import report_hole
from cases.plans import plan_in_force
from cases.responsible import in_force
from cases.strangers import county_desk
from cases.tasks import LIVING, NewTask, add_holders, open_task, people_above
from cases.words import words
from plan.calendar import Calendar
from storage.tables import AttendanceSheet, CaseFile, Guardianship, Intent, Message, Responsibility, School, Sender, Student, Task
from storage.work import Work

IN_VAIN = frozenset({"unaddressable", "expired"})
"""States of an intent that reached nobody."""


async def expired(work: Work, intent: Intent) -> None:
    """A duty message was not sent in time: it is not sent late, and whoever answers for it makes it good.

    That is the child's own; without a child somebody at the reader's school, else the county. Who has been told so and has not done it
    yet is not told again. A step that is owed anyway is seen to by its own reminders; an answer to somebody who wrote says only what they
    have just said.
    """
    work.record("intent_expired", f"intent:{intent.id}", area_code=intent.area_code, case_id=intent.case_id, template=intent.template)
    if intent.student_id is not None and intent.task_id is None:
        await _passed_on_to_family(work, intent, intent.student_id)
    elif intent.task_id is None and intent.contact_id is None:
        await _passed_on_there(work, intent)


async def unsaid(work: Work, intent: Intent) -> None:
    """No sender may say these words to its reader: that is no telephone's fault, and a person passes them on at once.

    Also what a step or an answer says: later words of the same kind would not get through either. Publicity is counted by its campaign.
    """
    if intent.urgency == "bulk":
        return
    work.record("unsaid", f"intent:{intent.id}", area_code=intent.area_code, case_id=intent.case_id, template=intent.template)
    if intent.student_id is not None and await _is_family(work, intent):
        await _passed_on_to_family(work, intent, intent.student_id)
    else:
        await _passed_on_there(work, intent)


async def _passed_on_to_family(work: Work, intent: Intent, student_id: int) -> None:
    student = await work.session.get_one(Student, student_id)
    desk = await desk_of_student(work, student)
    about = {"student_id": student.id, "case_id": intent.case_id}
    await _resend(work, desk, desk.plan.duties["resend_expired"].role, f"student:{student.id}", about)


async def _passed_on_there(work: Work, intent: Intent) -> None:
    """By whoever looks after the reader's school, else by the county."""
    desk = await _reader_s_desk(work, intent)
    role = desk.plan.attendance.takeover.role if desk.place.school_id else desk.plan.holes.role
    await _resend(work, desk, role, f"school:{desk.place.school_id}" if desk.place.school_id else f"area:{desk.place.area_code}", {})


async def _resend(work: Work, desk: Desk, role: str, whose: str, about: dict[str, int | None]) -> None:
    """After a long outage dozens of messages of one child expire, perhaps over several days: that is one step."""
    earlier, living = await _owed(work, desk, about.get("student_id"))
    if living:
        return
    duty = desk.plan.duties["resend_expired"]
    due = desk.calendar.after(work.now, duty.due)
    new = NewTask(f"expired:{whose}:{earlier}", "resend_expired", role, due, duty.template, quiet=duty.quiet, about=about)
    await open_task(work, desk, new)


async def _owed(work: Work, desk: Desk, student_id: int | None) -> tuple[int, int]:
    """How often this step has been somebody's, and how often it is now: for the child, else for the place.

    The number is the next one's key, so that two workers open it once.
    """
    place = Task.area_code == desk.place.area_code, Task.school_id.is_not_distinct_from(desk.place.school_id), Task.student_id.is_(None)
    whose = (Task.student_id == student_id,) if student_id is not None else place
    counts = select(func.count(), func.count().filter(Task.state.in_(LIVING))).where(Task.kind == "resend_expired", *whose)
    earlier, living = (await work.session.execute(counts)).one()
    return earlier, living


async def _reader_s_desk(work: Work, intent: Intent) -> Desk:
    """Of the school at which the reader answers for something, else of the area that the message is about, else of the county."""
    own = select(Responsibility.school_id).where(Responsibility.person_id == intent.person_id, Responsibility.school_id.is_not(None))
    school_id = await work.session.scalar(own.order_by(Responsibility.id.desc()).limit(1))
    if school_id is not None:
        return await desk_of_school(work, await work.session.get_one(School, school_id))
    return await desk_of_area(work, intent.area_code) if intent.area_code else await county_desk(work)


async def unreachable(work: Work, intent: Intent) -> None:
    """Nobody can be reached there: the next guardian is asked, or the next person responsible; somebody looks for a number.

    What a colleague was told that belongs to no step is passed on by a person, as if its time were over; so is whatever else has no other
    reader. Publicity is counted by its campaign.
    """
    work.record("unreachable", f"person:{intent.person_id}", area_code=intent.area_code, case_id=intent.case_id, template=intent.template)
    if intent.task_id is not None:
        await _next_holder(work, intent)
    elif intent.student_id is not None and await _is_family(work, intent):
        await _next_guardian(work, intent)
    elif intent.sheet_id is not None:
        desk = await desk_of_sheet(work, await work.session.get_one(AttendanceSheet, intent.sheet_id))
        await report_hole(work, desk, role=desk.plan.attendance.role, reason="no_contact")
    elif intent.contact_id is None and intent.urgency != "bulk":
        await _passed_on_there(work, intent)


async def _is_family(work: Work, intent: Intent) -> bool:
    link = select(Guardianship).where(Guardianship.student_id == intent.student_id, Guardianship.person_id == intent.person_id)
    return await work.session.scalar(link) is not None


async def _next_guardian(work: Work, intent: Intent) -> None:
    """Says the same to the next guardian who can be reached and has not been tried; after the last, somebody looks for a number."""
    student_id = intent.student_id
    if student_id is None:
        return
    stem = intent.dedupe_key.rsplit(":", 1)[0]
    desk = await desk_of_student(work, await work.session.get_one(Student, student_id))
    keys = {person_id: f"{stem}:{person_id}" for person_id in await reachable_guardians(work, student_id, desk.today)}
    said = {**await _states(work, keys.values()), intent.dedupe_key: "unaddressable"}
    if not IN_VAIN.issuperset(said.values()):
        return  # another of them is being told, or has been
    person_id = next((one for one, key in keys.items() if one != intent.person_id and key not in said), None)
    if person_id is None:
        await open_find_contacts(work, [student_id], quiet=False)
        return
    work.say(
        keys[person_id], person_id, intent.template, area_code=intent.area_code, urgency=intent.urgency, facts=intent.facts,
        expires_at=intent.expires_at, still=intent.still, question=intent.question, case_id=intent.case_id,
        student_id=student_id, notice_id=intent.notice_id,
    )  # fmt: skip


async def _states(work: Work, keys: Iterable[str]) -> dict[str, str]:
    """The intents that bear these keys, by key."""
    await work.flush()
    found = await work.session.execute(select(Intent.dedupe_key, Intent.state).where(Intent.dedupe_key.in_(list(keys))))
    return dict(found.all())


async def _next_holder(work: Work, intent: Intent) -> None:
    """A responsible person cannot be reached: the level above is asked, and the county hears of the hole."""
    task = await work.session.get_one(Task, intent.task_id)
    if task.state not in {"open", "acknowledged"}:
        return
    case = await work.session.get(CaseFile, task.case_id) if task.case_id else None
    desk = await desk_of_case(work, case) if case else await desk_of_area(work, task.area_code)
    people, why, stage = await people_above(work, desk, task.role, 0)
    task.alert_stage = max(task.alert_stage, stage)
    await add_holders(work, task, people, why)
    await report_hole(work, desk, role=task.role, reason="no_contact", task=task)


async def contact_failed(work: Work, *, contact_id: int, message_id: int, result: str) -> None:
    """A contact was refused for good: each family behind it needs another number."""
    message = await work.session.get_one(Message, message_id)
    work.record("contact_failed", f"contact:{contact_id}", area_code=message.area_code, result=result)
    await _find_others(work, contact_id)


async def contact_blocked(work: Work, *, contact_id: int, area_code: str) -> None:
    """Its owner told the provider to stop us: each family behind it needs another number."""
    work.record("contact_failed", f"contact:{contact_id}", area_code=area_code, result="blocked")
    await _find_others(work, contact_id)


async def _find_others(work: Work, contact_id: int) -> None:
    people = await people_at(work, contact_id)
    children = await work.session.scalars(select(Guardianship.student_id).where(Guardianship.person_id.in_(people)))
    await open_find_contacts(work, list(children))


async def sender_stopped(work: Work, *, sender_id: int) -> None:
    """Our own account does not work: the county is told, on whatever still works."""
    await _tell_county(work, await work.session.get_one(Sender, sender_id), "sender_stopped")


async def sender_works(work: Work, *, sender_id: int) -> None:
    """It was tried and works again: whoever was told to look after it hears that, too."""
    await _tell_county(work, await work.session.get_one(Sender, sender_id), "sender_works")


async def _tell_county(work: Work, sender: Sender, event: str) -> None:
    facts: dict[str, str | int] = {"number": sender.id, "channel": words().channels.get(sender.channel, sender.channel)}
    if sender.stopped_reason is not None:
        facts["code"] = sender.stopped_reason
    _, plan = await plan_in_force(work.session)
    today = Calendar(plan).day_of(work.now)
    officers = select(Responsibility.person_id, Responsibility.area_code).where(Responsibility.role == plan.holes.role, *in_force(today))
    for person_id, area_code in await work.session.execute(officers):
        work.say(
            f"sender:{sender.id}:{event}:{work.now.isoformat()}:{person_id}", person_id, event, area_code=area_code, facts=facts,
        )  # fmt: skip
    work.record(event, f"sender:{sender.id}", area_code="")
