"""What a family's answer means for the child: leave, promise, a task for the person who can help, a proof of delivery.

An answer moves the case sideways, not only up. What each reading sets going stands in the plan file under `answers`.
Everything an answer changed is kept with it, so that "不对" undoes it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime, time, timedelta

from sqlalchemy import func, select

from cases.aid import request_aid
from cases.aid_deciding import claim_facts
from cases.casework import open_case_of, pause_case
from cases.complaints import take_up, told_by_text
from cases.contacts import retire_contact
from cases.corrections import undo_answer
from cases.desk import desk_of_case, desk_of_student
from cases.enrolment import open_enrolment_check
from cases.escalation import settle
from cases.family_word import end_waiting, wait_again
from cases.leave_said import give_leave, grant_leave
from cases.matter import BEGAN_WITH, Matter, Said
from cases.notices import deliver_notice, notice_of_case
from cases.returning import check_again, guardian_confirms, guardian_denies
from cases.safety import WITHIN_SCHOOL, raise_safety
from cases.standing import correct_own, said_before, weigh
from cases.tasks import NewTask, open_task
from storage.tables import CaseFile, Complaint, GuardianAnswer, Inbound, Notice, Question, Student, Task
from storage.work import Work


async def take_answer(work: Work, said: Said, *, instead_of: Sequence[GuardianAnswer] = ()) -> GuardianAnswer:
    """Keeps the answer and carries out what the plan says of it. An intent that the plan does not name goes to a person.

    The same word of the same person on the same day changes nothing, and the first one is returned. One that is outweighed by
    another guardian's is kept (`outweighed` among its effects) and sets nothing going. `instead_of`: earlier answers about the child
    that the same person takes back with it.
    """
    student = await work.session.get_one(Student, said.student_id)
    case = await open_case_of(work, student.id)
    if case is not None and (case.next_at is None or case.next_at <= work.now):
        await settle(work, case)  # what was due before the answer came stays due
    desk = await desk_of_case(work, case) if case is not None else await desk_of_student(work, student)
    rule = desk.plan.answers.get(said.intent) or desk.plan.answers["unknown"]
    matter = Matter(work, desk, student, case, said, rule)
    for earlier in instead_of:
        if earlier.undone_at is None:
            await undo_answer(work, earlier, goes_on=False)
    if (known := await said_before(matter)) is not None:
        return known
    _record(matter)
    await correct_own(matter)
    if await weigh(matter):
        await _read_notice(matter)
        await EFFECTS[rule.effect](matter)
        if case is not None:
            accept(matter, case)
    else:
        matter.effects["outweighed"] = True
    answer = await _keep(matter)
    if case is not None:
        if not said.accuses_school:
            await end_waiting(work, case, answer)
        if instead_of:
            await wait_again(work, desk, case)
        await settle(work, case)
    return answer


async def _keep(matter: Matter) -> GuardianAnswer:
    said, work = matter.said, matter.work
    answer = GuardianAnswer(
        student_id=said.student_id, case_id=matter.case.id if matter.case else None, person_id=said.person_id, inbound_id=said.inbound_id,
        question_id=said.question_id, intent=said.intent, promised_on=said.on, at=work.now, effects=matter.effects,
    )  # fmt: skip
    work.session.add(answer)
    await work.session.flush()
    return answer


def _record(matter: Matter) -> None:
    """Stands before what follows from it. The record holds what was understood, never the words.

    Of what is kept from the school the record says nothing here: it has its own line, in the county's area.
    """
    said, work = matter.said, matter.work
    if matter.rule.effect == "complaint":
        return
    actor = f"guardian:{said.person_id}" if said.person_id else "guardian"
    work.record(
        "guardian_answered", f"student:{said.student_id}", area_code=matter.student.area_code, case_id=matter.about["case_id"], actor=actor,
        intent=said.intent, on=said.on.isoformat() if said.on else None,
    )  # fmt: skip


def accept(matter: Matter, case: CaseFile) -> None:
    """An accepted reason holds the teacher's step; a cause is kept, the first that was given.

    A leave from a later day on explains nothing of today.
    """
    if matter.said.since is not None:
        return
    if matter.rule.cause is not None and case.cause is None:
        case.cause = matter.rule.cause
        matter.effects["cause"] = True
    if matter.rule.accepted:
        matter.effects["answered_until"] = case.answered_until.isoformat() if case.answered_until else None
        case.answered_until = matter.desk.calendar.at(_held_until(matter), matter.desk.plan.attendance.digest.at)


def _held_until(matter: Matter) -> date:
    """The day on whose noon an accepted answer no longer counts: the promised day, the last of the leave, or the task's."""
    if matter.rule.effect == "promise":
        return _promised(matter)
    if matter.rule.due is not None:
        return matter.desk.calendar.day_of(matter.desk.calendar.after(matter.work.now, matter.rule.due))
    return date.fromisoformat(matter.effects.get("until", matter.desk.today.isoformat()))


def _promised(matter: Matter) -> date:
    """A promise for a day without school means the next day that has some."""
    return matter.desk.calendar.nth_school_day(max(matter.said.on or matter.desk.today, matter.desk.today), 1)


async def _promise(matter: Matter) -> None:
    """A date is a promise: the family is reminded on its morning; deadlines stand."""
    day = _promised(matter)
    matter.effects["promised_for"] = day.isoformat()
    if matter.case is None:
        return
    matter.effects["promised_on"] = matter.case.promised_on.isoformat() if matter.case.promised_on else None
    matter.case.promised_on = day
    if matter.said.person_id is None or day <= matter.desk.today:
        return
    morning = matter.desk.calendar.at(day, matter.desk.plan.quiet_hours.until)
    matter.work.say(
        f"case:{matter.case.id}:promise:{day}:{matter.said.person_id}",
        matter.said.person_id,
        "promise_reminder",
        area_code=matter.student.area_code,
        due_at=morning,
        expires_at=morning + timedelta(hours=4),
        still="promise_stands",
        facts={"promised": day.isoformat(), "promised_day": f"{day.month}月{day.day}日"},
        case_id=matter.case.id,
        student_id=matter.student.id,
    )


async def _claim_returned(matter: Matter) -> None:
    if matter.case is not None and matter.said.person_id is not None:
        matter.effects["confirmed"] = True
        await guardian_confirms(matter.work, matter.case, matter.said.person_id)


async def _deny_return(matter: Matter) -> None:
    if matter.case is not None and matter.said.person_id is not None:
        await guardian_denies(matter.work, matter.case, matter.said.person_id)
    elif matter.case is None:
        await check_again(matter.work, matter.desk, matter.student)


async def _read_notice(matter: Matter) -> None:
    """Whatever a family answers to a notice proves that it was read; that it is a wrong number proves the contrary."""
    if matter.case is not None and matter.rule.effect not in {"wrong_number", "receipt"}:
        await _deliver(matter, await _notice_answered(matter))


async def _notice_answered(matter: Matter) -> Notice | None:
    """The one that is named; else the one that the answered question was about."""
    session, said = matter.work.session, matter.said
    named = await session.get(Notice, said.notice_id) if said.notice_id is not None else None
    question = await session.get(Question, said.question_id) if said.question_id is not None else None
    asked = question.notice_id if question is not None else None
    return named or (await session.get(Notice, asked) if asked is not None else None)


async def _receipt(matter: Matter) -> None:
    """The family says that it has the notice, the last one where it names none."""
    if matter.case is not None:
        await _deliver(matter, await _notice_answered(matter) or await notice_of_case(matter.work, matter.case))


async def _deliver(matter: Matter, notice: Notice | None) -> None:
    """By message, where the plan takes an answer for a delivery; the family is told the day from which its deadline runs."""
    if notice is None or matter.case is None or "message_answered" not in matter.desk.plan.deliveries.ways:
        return
    await deliver_notice(matter.work, matter.case, notice, "message_answered", by=None, facts={"inbound_id": matter.said.inbound_id})
    if notice.deadline_on is not None:
        matter.effects["deadline"] = notice.deadline_on.isoformat()


async def _task(matter: Matter, facts: dict[str, str] | None = None) -> None:
    """The person who can help gets a task, in private where the matter could hurt the child."""
    rule, desk = matter.rule, matter.desk
    if rule.task is None or rule.role is None or rule.due is None:
        raise ValueError(f"the plan's answer {matter.said.intent} names no task")
    key = f"answer:{rule.task}:{matter.student.id}:{desk.today}:{await _taken_back(matter)}"
    due = desk.calendar.after(matter.work.now, rule.due)
    about = {**matter.about, **({"inbound_id": None} if is_kept_from(matter, rule.role) else {})}
    new = NewTask(key, rule.task, rule.role, due, rule.template, urgent=rule.urgent, about=about, facts=facts or {})
    task = await open_task(matter.work, desk, new)
    matter.effects["task_id"] = task.id if task else None
    if rule.pauses and matter.case is not None:
        await _stop_the_clock(matter, due)


def is_kept_from(matter: Matter, role: str) -> bool:
    """Whether the words themselves are not for this role: it is of the school, and they may be said against it."""
    return matter.said.accuses_school and bool(WITHIN_SCHOOL & set(matter.desk.plan.roles[role].scope))


async def _taken_back(matter: Matter) -> int:
    """How often today's same answer, or the same word of a teacher, was taken back: what is said again after that is owed anew."""
    today = matter.desk.calendar.at(matter.desk.today, time.min)
    undone = select(func.count()).select_from(GuardianAnswer).where(
        GuardianAnswer.student_id == matter.student.id, GuardianAnswer.intent == matter.said.intent, GuardianAnswer.undone_at.is_not(None),
        GuardianAnswer.at >= today,
    )  # fmt: skip
    of_staff = select(func.count()).select_from(Task).where(
        Task.student_id == matter.student.id, Task.kind == matter.rule.task, Task.state == "cancelled", Task.facts[BEGAN_WITH].is_not(None),
        Task.opened_at >= today,
    )  # fmt: skip
    session = matter.work.session
    return (await session.scalar(undone) or 0) + (await session.scalar(of_staff) or 0)


async def _stop_the_clock(matter: Matter, until: datetime) -> None:
    """Until then the days are accounted for: they do not count as absent."""
    last = matter.desk.calendar.day_of(until) - timedelta(days=1)
    leave = await grant_leave(matter, matter.desk.today, max(last, matter.desk.today))
    matter.effects["leave_id"] = leave.id
    if matter.case is not None:
        await pause_case(matter.work, matter.case, until, matter.said.intent)


async def _enrolment_check(matter: Matter) -> None:
    check_id = await open_enrolment_check(matter.work, matter.student.id, f"said_{matter.said.intent}")
    matter.effects["enrolment_check_id"] = check_id
    await _task(matter)


async def _aid(matter: Matter) -> None:
    matter.effects["aid_request_id"] = await request_aid(matter.work, matter.student, matter.case)
    await _task(matter, await claim_facts(matter.work, matter.desk, matter.student))


async def _complaint(matter: Matter) -> None:
    """To the county, apart from child and case; the effects keep only what undoes it. Words that join another complaint undo none."""
    complaint = await _registered(matter)
    if complaint.inbound_id == matter.said.inbound_id:
        matter.effects["complaint_id"] = complaint.id


async def _registered(matter: Matter) -> Complaint:
    if matter.said.inbound_id is None:
        raise ValueError("a complaint by reply has a text")
    inbound = await matter.work.session.get_one(Inbound, matter.said.inbound_id)
    return await take_up(matter.work, told_by_text(inbound, matter.student, matter.student.school_area_code))


async def _wrong_number(matter: Matter) -> None:
    """The number is no longer this family's: it is retired, and somebody looks for another."""
    if matter.said.contact_id is not None and matter.said.person_id is not None:
        await retire_contact(matter.work, matter.student.id, matter.said.person_id, matter.said.contact_id, "wrong_number")


async def _safety(matter: Matter) -> None:
    """What a school is accused of is a complaint besides, which somebody answers for in its time, and which no "不对" takes back."""
    said = matter.said
    await raise_safety(matter.work, matter.desk, matter.student, matter.case, said.inbound_id, accused=said.accuses_school)
    if said.accuses_school and said.inbound_id is not None and _takes_complaints(matter):
        await _registered(matter)


def _takes_complaints(matter: Matter) -> bool:
    rule = matter.desk.plan.answers.get("complaint")
    return rule is not None and rule.effect == "complaint"


async def _nothing(matter: Matter) -> None:
    """A person reads it: the dialog hands the reply over."""


EFFECTS: dict[str, Callable[[Matter], Awaitable[None]]] = {
    "leave": give_leave, "promise": _promise, "claim_returned": _claim_returned, "confirm_return": _claim_returned,
    "deny_return": _deny_return, "receipt": _receipt, "task": _task, "enrolment_check": _enrolment_check, "aid": _aid,
    "wrong_number": _wrong_number, "opt_out": _nothing, "safety": _safety, "person": _nothing, "complaint": _complaint,
}  # fmt: skip
