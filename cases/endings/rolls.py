"""Enrolment, registers and rosters: what the school or the bureau says of a child's place."""

from __future__ import annotations

from cases.desk import desk_of_school, desk_of_student
from cases.endings.said import Finish, Refusal, plain
from cases.enrolment import close_roster_checks, confirm_transfer, deny_transfer, leave_the_rolls
from cases.enrolment_words import NotTaken
from cases.entitled import may_end_case
from cases.gaps import gap_of
from cases.home_teaching import check_lesson, confirm_lesson
from cases.pairing import keep_contact
from cases.reminders import desk_of_task
from cases.responsible import has_role
from cases.rooms import room_named
from cases.said import said_by
from cases.transfers import acknowledge_release, arrive
from storage.tables import School, Student


async def enrolment_check(finish: Finish) -> Refusal | None:
    """Enrolled elsewhere, off the rolls in another way, or found nowhere."""
    if (exit_kind := finish.words.exit(finish.result)) is not None:
        return await _off_the_rolls(finish, exit_kind)
    school = finish.words.receiving_school(finish.result)
    student_id = finish.task.student_id
    if student_id is None or (school is None and not finish.words.is_negative(finish.result)):
        return Refusal("say_school")
    if school is not None:
        if not await may_end_case(finish.work, finish.task, finish.by):
            return Refusal("not_allowed")
        await confirm_transfer(finish.work, student_id, by=finish.by, receiving_school=school)
    else:
        await deny_transfer(finish.work, student_id, by=finish.by)
    return None


async def _off_the_rolls(finish: Finish, exit_kind: str) -> Refusal | None:
    """Only a role that the plan names may say so; the words themselves are the evidence that is kept."""
    if finish.task.student_id is None:
        return Refusal("say_school")
    desk = await desk_of_student(finish.work, await finish.work.session.get_one(Student, finish.task.student_id))
    way = desk.plan.exits[exit_kind]
    if not await has_role(finish.work.session, finish.by, way.by, desk.today):
        return Refusal("not_allowed")
    await leave_the_rolls(finish.work, finish.task.student_id, exit_kind, by=finish.by, evidence=dict.fromkeys(way.evidence, finish.result))
    return None


async def schooling_arrangement(finish: Finish) -> Refusal | None:
    """A child that cannot attend: the bureau suspends it, or arranges something else and says what."""
    exit_kind = finish.words.exit(finish.result)
    return await _off_the_rolls(finish, exit_kind) if exit_kind is not None else await plain(finish)


async def roster_check(finish: Finish) -> Refusal | None:
    if not finish.result or finish.task.school_id is None:
        return Refusal("say_what")
    await close_roster_checks(finish.work, finish.task.school_id, finish.task.opened_at)
    return None


async def transfer_arrival(finish: Finish) -> Refusal | None:
    """The receiving school names the class; "not here" ends the question, and the deadline stands.

    For a school that is not ours, the county names the school as the enrolment system has it.
    """
    if finish.words.is_negative(finish.result):
        return None
    student = await finish.work.session.get_one(Student, finish.task.student_id)
    gap = await gap_of(finish.work, student.id)
    school = await finish.work.session.get(School, gap.to_school_id) if gap is not None and gap.to_school_id else None
    if school is None:
        return await enrolment_check(finish)
    desk = await desk_of_school(finish.work, school)
    said = await said_by(finish.work, desk.plan, finish.by, today=desk.today, evidence=finish.result)
    try:
        async with finish.work.attempt():
            await arrive(finish.work, said, student, await room_named(finish.work, desk.plan, finish.result, [school]))
    except NotTaken as refusal:
        return Refusal("say_arrival", refusal.text())
    return None


async def transfer_release(finish: Finish) -> Refusal | None:
    if not finish.result:
        return Refusal("say_what")
    await acknowledge_release(finish.work, finish.task.facts["gap_id"], finish.by, finish.result)
    return None


async def pair_contact(finish: Finish) -> Refusal | None:
    """One message with what the contact showed is the month's record."""
    desk = await desk_of_task(finish.work, finish.task)
    kept = await keep_contact(finish.work, finish.task, finish.by, finish.result, desk.today)
    return None if kept else Refusal("say_contact")


async def home_lesson(finish: Finish) -> Refusal | None:
    """What was taught, or why nobody went."""
    said = finish.result
    kept = await confirm_lesson(finish.work, finish.task, finish.by, said, held=not finish.words.is_not_held(said))
    return None if kept else Refusal("say_lesson")


async def lesson_check(finish: Finish) -> Refusal | None:
    """The family said that nobody came: what was found out, in words."""
    said = finish.result
    kept = await check_lesson(finish.work, finish.task, finish.by, said, held=not finish.words.is_not_held(said))
    return None if kept else Refusal("say_found")
