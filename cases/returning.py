"""A child comes back: the school says so, and the guardian confirms or three school days pass (art. 3.2)."""

from __future__ import annotations

from datetime import date, time

from sqlalchemy import select, update

from cases.attended import attended_days
from cases.casework import close_case
from cases.desk import Desk, desk_of_case, desk_of_student
from cases.escalation import settle
from cases.guardians import reachable_guardians
from cases.rolls import is_at_home
from cases.safety import raise_safety
from cases.steps import suspend_tasks
from cases.tasks import NewTask, end_tasks, open_task
from storage.tables import CaseFile, GuardianAnswer, Question, Student
from storage.work import Work

SAYS_BACK = frozenset({"returned", "confirm_yes"})
"""What a family answers that has its child at school."""


async def come_back(work: Work, case: CaseFile, on: date) -> None:
    """The school saw the child that day. The chain stops; the return is still to be confirmed."""
    desk = await desk_of_case(work, case)
    case.back_on, case.paused_until = on, None
    await suspend_tasks(work, case, "back_at_school", sparing=desk.plan.outliving())
    work.record("back_at_school", f"case:{case.id}", area_code=case.area_code, case_id=case.id, on=on.isoformat())
    if (confirmed := case.guardian_confirmed_at) is not None and desk.calendar.day_of(confirmed) >= on:
        await _strike_off(work, case, {"school": on.isoformat(), "guardian": confirmed.isoformat()})
        return
    case.guardian_confirmed_at = None  # of a return that came to nothing
    await _watch(work, desk, case, on)
    await _ask_guardians(work, desk, case, on)
    await settle(work, case)


async def _watch(work: Work, desk: Desk, case: CaseFile, on: date) -> None:
    duty = desk.plan.duties["confirm_return"]
    due = desk.calendar.after(work.now, duty.due)
    about: dict[str, int | None] = {"case_id": case.id, "student_id": case.student_id}
    new = NewTask(
        f"case:{case.id}:confirm:{case.episode}:{on}", "confirm_return", duty.role, due, duty.template, quiet=duty.quiet, about=about
    )
    await open_task(work, desk, new)


async def _ask_guardians(work: Work, desk: Desk, case: CaseFile, on: date) -> None:
    """Not of a child that is taught at home: of each visit its family is asked anyway."""
    threshold = desk.plan.exits["returned"].ask_guardian_from_level
    if threshold is None or case.level < threshold or await is_at_home(work, case.student_id):
        return
    for person_id in await reachable_guardians(work, case.student_id, desk.today):
        work.say(
            f"case:{case.id}:{case.episode}:return_confirm:{on}:{person_id}", person_id, "return_confirm", area_code=case.area_code,
            still="case_back", question="confirm_return", case_id=case.id, student_id=case.student_id,
        )  # fmt: skip


async def count_attended(work: Work, desk: Desk, case: CaseFile) -> None:
    """Closes the case once the child was at school, or taught at home, on so many days that no word from the family is needed."""
    enough = desk.plan.exits["returned"].or_attended_school_days
    if enough is None or case.back_on is None or case.state != "open":
        return
    days = await attended_days(work, case.student_id, case.back_on)
    if len(days) >= enough:
        await _strike_off(work, case, {"attended_days": [day.isoformat() for day in days[:enough]]})


async def guardian_confirms(work: Work, case: CaseFile, person_id: int) -> bool:
    """The family says that the child is back. Strikes the case off where the school has said so too; returns whether it did."""
    case.guardian_confirmed_at = work.now
    work.record("guardian_confirmed", f"case:{case.id}", area_code=case.area_code, case_id=case.id, actor=f"guardian:{person_id}")
    if case.back_on is None:
        await _ask_school(work, case)
        return False
    await _strike_off(work, case, {"school": case.back_on.isoformat(), "guardian": work.now.isoformat()})
    return True


async def guardian_denies(work: Work, case: CaseFile, person_id: int) -> None:
    """The family says that the child is not back: the school looks again, and the chain goes on until it has."""
    case.back_on = case.guardian_confirmed_at = None
    case.paused_until = work.now  # the chain goes on from here: nothing begins in the days that the school counted as attended
    await end_tasks(work, case.id, "cancelled", "return_disputed", kinds={"confirm_return"})
    work.record("return_disputed", f"case:{case.id}", area_code=case.area_code, case_id=case.id, actor=f"guardian:{person_id}")
    await _ask_school(work, case)
    await settle(work, case)


async def check_again(work: Work, desk: Desk, student: Student) -> None:
    """A guardian says "not back" although the case has ended: the school looks, and its next sheet opens the case again."""
    duty = desk.plan.duties["check_return"]
    key = f"student:{student.id}:check:{desk.today}"
    due = desk.calendar.after(work.now, duty.due)
    await open_task(work, desk, NewTask(key, "check_return", duty.role, due, duty.template, about={"student_id": student.id}))


async def not_there(work: Work, student_id: int, case: CaseFile | None) -> None:
    """The school does not see a child that its family said today to be there: neither has it, and whoever must look for it hears so."""
    student = await work.session.get_one(Student, student_id)
    desk = await desk_of_student(work, student)
    claim = await _claimed(work, desk, student_id)
    if case is not None:
        case.guardian_confirmed_at = None
    if claim is None:
        return
    await raise_safety(work, desk, student, case, claim.inbound_id)
    if claim.person_id is not None:
        work.say(
            f"student:{student_id}:not_there:{claim.id}", claim.person_id, "not_at_school", area_code=student.area_code,
            case_id=case.id if case else None, student_id=student_id,
        )  # fmt: skip


async def _claimed(work: Work, desk: Desk, student_id: int) -> GuardianAnswer | None:
    """What the family said last today, if it is that the child is at school."""
    since = desk.calendar.at(desk.today, time.min)
    today = select(GuardianAnswer).where(
        GuardianAnswer.student_id == student_id, GuardianAnswer.undone_at.is_(None), GuardianAnswer.at >= since
    )  # fmt: skip
    last = await work.session.scalar(today.order_by(GuardianAnswer.id.desc()).limit(1))
    return last if last is not None and last.intent in SAYS_BACK else None


async def take_back_return(work: Work, case: CaseFile) -> None:
    """The school saw wrongly, on the same day: the chain goes on as if it had not been said, and the family is not asked about it."""
    case.back_on = None
    await end_tasks(work, case.id, "cancelled", "return_taken_back", kinds={"confirm_return"})
    await withdraw_questions(work, case, "confirm_return")
    work.record("return_taken_back", f"case:{case.id}", area_code=case.area_code, case_id=case.id)


async def withdraw_questions(work: Work, case: CaseFile, kind: str) -> None:
    """Questions of this kind about the case are no longer open."""
    asked = update(Question).where(Question.case_id == case.id, Question.kind == kind, Question.state == "open")
    await work.session.execute(asked.values(state="withdrawn", ended_at=work.now))


async def _ask_school(work: Work, case: CaseFile) -> None:
    desk = await desk_of_case(work, case)
    duty = desk.plan.duties["check_return"]
    about: dict[str, int | None] = {"case_id": case.id, "student_id": case.student_id}
    due = desk.calendar.after(work.now, duty.due)
    await open_task(work, desk, NewTask(f"case:{case.id}:check:{desk.today}", "check_return", duty.role, due, duty.template, about=about))


async def _strike_off(work: Work, case: CaseFile, evidence: dict[str, object]) -> None:
    desk = await desk_of_case(work, case)
    threshold = desk.plan.exits["returned"].ask_guardian_from_level
    await close_case(work, case, "returned", {"evidence": evidence})
    if threshold is None or case.level < threshold or await is_at_home(work, case.student_id):
        return
    for person_id in await reachable_guardians(work, case.student_id, desk.today):
        work.say(
            f"case:{case.id}:{case.episode}:welcome:{person_id}", person_id, "welcome_back", area_code=case.area_code,
            case_id=case.id, student_id=case.student_id,
        )  # fmt: skip
