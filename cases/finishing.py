"""A holder says that a task is done: what that means for each kind of task."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from cases.aid import decide_aid
from cases.aid_payment import pay_by_word
from cases.attendance import release_sheet
from cases.casework import lock_case
from cases.complaints import complaint_of, settle_complaint
from cases.desk import desk_of_case
from cases.endings.deciding import act_by_law, approve_campaign, approve_referral, decide_measures, notice_delivered, notice_issued
from cases.endings.rolls import (
    enrolment_check,
    home_lesson,
    lesson_check,
    pair_contact,
    roster_check,
    schooling_arrangement,
    transfer_arrival,
    transfer_release,
)
from cases.endings.said import CONFIRM, Finish, Refusal, case_of, plain
from cases.entitled import may_end_case, may_hold
from cases.escalation import settle
from cases.reconciling.nightly import explain
from cases.returning import come_back, not_there
from cases.support_words import support_words
from cases.tasks import LIVING, end_task
from cases.words import words
from storage.tables import Task
from storage.work import Work

__all__ = ["CONFIRM", "Refusal", "finish_task"]


async def finish_task(work: Work, task: Task, by: int, result: str, *, is_confirmed: bool = False) -> Refusal | None:
    """Ends a task with its holder's words and carries out what follows. A Refusal leaves the task as it was."""
    if task.case_id is not None:
        await settle(work, await lock_case(work, task.case_id))  # what was due before the answer came stays due
    if task.state not in LIVING:
        return Refusal("too_late")
    if not await may_hold(work, task, by):
        return Refusal("not_allowed")
    finish = Finish(work, task, by, result.strip(), words(), is_confirmed)
    handler = FINISHES.get(task.kind, plain)
    refusal = await handler(finish)
    if refusal is not None:
        return refusal
    end_task(work, task, "done", by=by, result=finish.result or None)
    if task.case_id is not None:
        await work.session.flush()
        await settle(work, await lock_case(work, task.case_id))
    return None


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


async def _check_return(finish: Finish) -> Refusal | None:
    """The school looks: the child is there, or is not."""
    if finish.words.is_negative(finish.result):
        await _not_there(finish)
        return None
    if not finish.words.is_back(finish.result):
        return Refusal("say_back")
    if not await may_end_case(finish.work, finish.task, finish.by):
        return Refusal("not_allowed")
    case = await case_of(finish)
    if case.state == "open" and case.back_on is None:
        desk = await desk_of_case(finish.work, case)
        await come_back(finish.work, case, desk.today)
    return None


async def _not_there(finish: Finish) -> None:
    """Of a child that only is to stay at school nothing follows; the sheets say the rest."""
    if finish.task.kind == "check_return" and finish.task.student_id is not None:
        case = await case_of(finish) if finish.task.case_id is not None else None
        await not_there(finish.work, finish.task.student_id, case)


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


async def _reconcile(finish: Finish) -> Refusal | None:
    """Only words explain a difference."""
    if not finish.result:
        return Refusal("say_what")
    await explain(finish.work, finish.task, finish.by)
    return None


async def _report(finish: Finish) -> Refusal | None:
    """A report is confirmed, corrected or signed in words of its own: 3 says none of these."""
    return Refusal("report_answer" if finish.task.kind == "confirm_report" else "report_sign_first")


LESSONS = frozenset({"home_lesson", "lesson_check"})
OWN_WORDS = frozenset(
    {"decide_measures", "act_by_law", "schooling_arrangement", "roster_check", "transfer_release", "reconcile", "pair_contact"}
)
"""Kinds whose end asks for words, whichever they are."""


def weighs_words(kind: str, said: str) -> bool:
    """Whether only certain words end such a task, and others are refused with what to write instead."""
    if kind in LESSONS:
        return words().is_not_held(said)
    return kind in FINISHES and kind not in OWN_WORDS


FINISHES: dict[str, Callable[[Finish], Awaitable[Refusal | None]]] = {
    "issue_notice": notice_issued,
    "deliver_notice": notice_delivered,
    "decide_measures": decide_measures,
    "approve_referral": approve_referral,
    "approve_campaign": approve_campaign,
    "act_by_law": act_by_law,
    "enrolment_check": enrolment_check,
    "schooling_arrangement": schooling_arrangement,
    "aid": _aid,
    "aid_payment": _aid_payment,
    "complaint": _complaint,
    "mass_absence": _mass_absence,
    "roster_check": roster_check,
    "check_return": _check_return,
    "confirm_return": _check_return,
    "pair_contact": pair_contact,
    "home_lesson": home_lesson,
    "lesson_check": lesson_check,
    "transfer_arrival": transfer_arrival,
    "transfer_release": transfer_release,
    "reconcile": _reconcile,
    "confirm_report": _report,
    "sign_report": _report,
}
