"""A holder says that a task is done: what that means for each kind of task."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from cases.aid import decide_aid
from cases.aid_payment import pay_by_word
from cases.attendance import release_sheet
from cases.campaign_approval import decide_campaign
from cases.campaign_rows import CampaignRefused, lock_campaign
from cases.casework import lock_case
from cases.complaints import complaint_of, settle_complaint
from cases.desk import Desk, desk_of_case, desk_of_school, desk_of_student
from cases.enrolment import close_roster_checks, confirm_transfer, deny_transfer, leave_the_rolls
from cases.enrolment_words import NotTaken
from cases.entitled import may_end_case, may_hold
from cases.escalation import settle
from cases.gaps import gap_of
from cases.home_teaching import confirm_lesson
from cases.notices import deliver_notice, issue_notice, notice_of_case
from cases.pairing import keep_contact
from cases.proofs import Lacking, delivery_told
from cases.reconciling.nightly import explain
from cases.referrals import answer_referral, decide_referral, department_named, propose_referral
from cases.reminders import desk_of_task
from cases.responsible import has_role
from cases.returning import come_back
from cases.rooms import room_named
from cases.said import said_by
from cases.support_words import support_words
from cases.tasks import LIVING, end_task
from cases.transfers import acknowledge_release, arrive
from cases.words import Words, words
from storage.tables import CaseFile, Notice, School, Student, Task
from storage.work import Work


@dataclass(frozen=True)
class Refusal:
    """The task cannot be ended like this; `reason` names what is missing (see templates/words.yaml, refusals); `why`: said in it."""

    reason: str
    why: str = ""


@dataclass(frozen=True)
class Finish:
    """What a holder said of a task. `is_confirmed`: they said it twice, where that is needed."""

    work: Work
    task: Task
    by: int
    result: str
    words: Words
    is_confirmed: bool = False


CONFIRM = Refusal("confirm_first")
"""Not refused: the same person has to say it once more."""


async def finish_task(work: Work, task: Task, by: int, result: str, *, is_confirmed: bool = False) -> Refusal | None:
    """Ends a task with its holder's words and carries out what follows. A Refusal leaves the task as it was."""
    if task.case_id is not None:
        await settle(work, await lock_case(work, task.case_id))  # what was due before the answer came stays due
    if task.state not in LIVING:
        return Refusal("too_late")
    if not await may_hold(work, task, by):
        return Refusal("not_allowed")
    finish = Finish(work, task, by, result.strip(), words(), is_confirmed)
    handler = FINISHES.get(task.kind, _plain)
    refusal = await handler(finish)
    if refusal is not None:
        return refusal
    end_task(work, task, "done", by=by, result=finish.result or None)
    if task.case_id is not None:
        await work.session.flush()
        await settle(work, await lock_case(work, task.case_id))
    return None


async def _case(finish: Finish) -> CaseFile:
    if finish.task.case_id is None:
        raise LookupError(f"task {finish.task.id} belongs to no case")
    return await lock_case(finish.work, finish.task.case_id)


async def _plain(finish: Finish) -> Refusal | None:
    """Most duties are to record what was found: without a word of it, they are not done."""
    return None if finish.result or finish.task.facts.get("by_acknowledging") else Refusal("say_what")


async def _issue_notice(finish: Finish) -> Refusal | None:
    """Only "done" alone, or words that say it is issued: anything else is no decision."""
    if not finish.words.is_issued(finish.result):
        return Refusal("say_issue")
    notice = await finish.work.session.get(Notice, finish.task.notice_id)
    if notice is None or not await issue_notice(finish.work, await _case(finish), notice, finish.by):
        return Refusal("notice_gone")
    return None


async def _deliver_notice(finish: Finish) -> Refusal | None:
    case = await _case(finish)
    notice = await finish.work.session.get(Notice, finish.task.notice_id) or await notice_of_case(finish.work, case)
    if notice is None:
        return Refusal("notice_gone")
    told = await delivery_told(finish.work, finish.task, finish.result)
    if isinstance(told, Lacking):
        return Refusal(told.reason)
    await deliver_notice(finish.work, case, notice, told.way, by=finish.by, facts={"task_id": finish.task.id, **told.proof})
    return None


async def _decide_measures(finish: Finish) -> Refusal | None:
    """Either more support in their own words, or "移送" and the department: that is only a proposal until it is approved."""
    named = finish.words.referral(finish.result)
    if named is None:
        return await _plain(finish)
    case = await _case(finish)
    desk = await desk_of_case(finish.work, case)
    department = department_named(desk, named)
    if department is None:
        return Refusal("say_department")
    reason = named.removeprefix(desk.plan.departments[department].zh).strip("，, ")
    proposed = await propose_referral(finish.work, case, department=department, by=finish.by, reason=reason)
    return None if proposed is not None else Refusal("say_department")


async def _approve_referral(finish: Finish) -> Refusal | None:
    """Only a plain yes that is said twice, or a no with its reason, decides."""
    verdict = finish.words.verdict(finish.result)
    if verdict is None or finish.task.referral_id is None:
        return Refusal("say_verdict")
    if verdict and not finish.is_confirmed:
        return CONFIRM
    if not verdict and not finish.words.reason(finish.result):
        return Refusal("say_why_not")
    await decide_referral(finish.work, finish.task.referral_id, approved=verdict, by=finish.by, note=finish.result)
    return None


async def _approve_campaign(finish: Finish) -> Refusal | None:
    """Only a plain yes, or a no with its reason, decides."""
    verdict = finish.words.verdict(finish.result)
    if verdict is None or finish.task.campaign_id is None:
        return Refusal("say_verdict")
    if not verdict and not finish.words.reason(finish.result):
        return Refusal("say_why_not")
    campaign = await lock_campaign(finish.work, finish.task.campaign_id)
    try:
        await decide_campaign(finish.work, campaign, finish.by, approved=verdict, note_of=finish.result)
    except CampaignRefused:
        return Refusal("not_allowed")
    return None


async def _act_by_law(finish: Finish) -> Refusal | None:
    if not finish.result:
        return Refusal("say_what")
    await answer_referral(finish.work, finish.task, by=finish.by, answer=finish.result)
    return None


async def _enrolment_check(finish: Finish) -> Refusal | None:
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


async def _schooling_arrangement(finish: Finish) -> Refusal | None:
    """A child that cannot attend: the bureau suspends it, or arranges something else and says what."""
    exit_kind = finish.words.exit(finish.result)
    return await _off_the_rolls(finish, exit_kind) if exit_kind is not None else await _plain(finish)


async def _aid(finish: Finish) -> Refusal | None:
    verdict = finish.words.verdict(finish.result)
    if verdict is None or finish.task.student_id is None:
        return Refusal("say_verdict")
    await decide_aid(finish.work, finish.task.student_id, granted=verdict, by=finish.by, note=finish.result)
    return None


async def _mass_absence(finish: Finish) -> Refusal | None:
    """The task is ended first, so that the released sheet sees that it was confirmed."""
    if finish.task.sheet_id is None or not finish.words.is_confirmed(finish.result):
        return Refusal("say_mass")
    finish.task.state = "done"
    await finish.work.session.flush()
    await release_sheet(finish.work, finish.task.sheet_id)
    return None


async def _roster_check(finish: Finish) -> Refusal | None:
    if not finish.result or finish.task.school_id is None:
        return Refusal("say_what")
    await close_roster_checks(finish.work, finish.task.school_id, finish.task.opened_at)
    return None


async def _check_return(finish: Finish) -> Refusal | None:
    """The school looks: the child is there, or is not."""
    if finish.words.is_negative(finish.result):
        return None
    if not finish.words.is_back(finish.result):
        return Refusal("say_back")
    if not await may_end_case(finish.work, finish.task, finish.by):
        return Refusal("not_allowed")
    case = await _case(finish)
    if case.state == "open" and case.back_on is None:
        desk: Desk = await desk_of_case(finish.work, case)
        await come_back(finish.work, case, desk.today)
    return None


async def _complaint(finish: Finish) -> Refusal | None:
    """The words say whether it is true; they are the answer that goes back, or why none could."""
    complaint = await complaint_of(finish.work, finish.task)
    outcome = support_words().outcome(finish.result)
    if outcome is None or complaint is None:
        return Refusal("say_outcome")
    settle_complaint(finish.work, complaint, outcome=outcome, words=finish.result, by=finish.by)
    return None


async def _aid_payment(finish: Finish) -> Refusal | None:
    """Paid out today: the words are the proof that is kept."""
    refusal = await pay_by_word(finish.work, finish.task, by=finish.by, words=finish.result)
    return Refusal(refusal) if refusal is not None else None


async def _transfer_arrival(finish: Finish) -> Refusal | None:
    """The receiving school names the class; "not here" ends the question, and the deadline stands.

    For a school that is not ours, the county names the school as the enrolment system has it.
    """
    if finish.words.is_negative(finish.result):
        return None
    student = await finish.work.session.get_one(Student, finish.task.student_id)
    gap = await gap_of(finish.work, student.id)
    school = await finish.work.session.get(School, gap.to_school_id) if gap is not None and gap.to_school_id else None
    if school is None:
        return await _enrolment_check(finish)
    desk = await desk_of_school(finish.work, school)
    said = await said_by(finish.work, desk.plan, finish.by, today=desk.today, evidence=finish.result)
    try:
        async with finish.work.attempt():
            await arrive(finish.work, said, student, await room_named(finish.work, desk.plan, finish.result, [school]))
    except NotTaken as refusal:
        return Refusal("say_arrival", refusal.text())
    return None


async def _transfer_release(finish: Finish) -> Refusal | None:
    if not finish.result:
        return Refusal("say_what")
    await acknowledge_release(finish.work, finish.task.facts["gap_id"], finish.by, finish.result)
    return None


async def _pair_contact(finish: Finish) -> Refusal | None:
    """One message with what the contact showed is the month's record."""
    desk = await desk_of_task(finish.work, finish.task)
    kept = await keep_contact(finish.work, finish.task, finish.by, finish.result, desk.today)
    return None if kept else Refusal("say_contact")


async def _home_lesson(finish: Finish) -> Refusal | None:
    """A "3" before "not held" contradicts itself for a task, not for a visit."""
    said = finish.result.removeprefix("3").strip()
    kept = await confirm_lesson(finish.work, finish.task, finish.by, said, held=not finish.words.is_not_held(said))
    return None if kept else Refusal("say_lesson")


async def _reconcile(finish: Finish) -> Refusal | None:
    """Only words explain a difference."""
    if not finish.result:
        return Refusal("say_what")
    await explain(finish.work, finish.task, finish.by)
    return None


async def _report(finish: Finish) -> Refusal | None:
    """A report is confirmed, corrected or signed in words of its own: 3 says none of these."""
    return Refusal("report_answer" if finish.task.kind == "confirm_report" else "report_sign_first")


FINISHES: dict[str, Callable[[Finish], Awaitable[Refusal | None]]] = {
    "issue_notice": _issue_notice,
    "deliver_notice": _deliver_notice,
    "decide_measures": _decide_measures,
    "approve_referral": _approve_referral,
    "approve_campaign": _approve_campaign,
    "act_by_law": _act_by_law,
    "enrolment_check": _enrolment_check,
    "schooling_arrangement": _schooling_arrangement,
    "aid": _aid,
    "aid_payment": _aid_payment,
    "complaint": _complaint,
    "mass_absence": _mass_absence,
    "roster_check": _roster_check,
    "check_return": _check_return,
    "confirm_return": _check_return,
    "pair_contact": _pair_contact,
    "home_lesson": _home_lesson,
    "transfer_arrival": _transfer_arrival,
    "transfer_release": _transfer_release,
    "reconcile": _reconcile,
    "confirm_report": _report,
    "sign_report": _report,
}
