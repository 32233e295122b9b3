"""An officer proposes a referral, or takes one back: 移送 00017 人社 疑似在砖厂务工; 撤回移送 00017 孩子已返校."""

from __future__ import annotations

import re

from bot.dialogs.officer_tasks import done
from bot.dialogs.order import Order, case_numbered
from bot.dialogs.proposing import MEASURES, refused_words
from bot.replies.normalise import as_printed
from cases.casework import lock_case
from cases.desk import desk_of_case
from cases.finishing import finish_task
from cases.referrals import (
    Proposal,
    may_withdraw,
    not_to_be_proposed,
    open_referrals,
    propose_referral,
    read_proposal,
    withdraw_referral,
)
from cases.words import words
from plan.model import Plan
from storage.tables import CaseFile, Referral, Task

BETWEEN = "，,：:。 "
_NUMBERED = re.compile(r"(?P<number>[0-9][0-9-]+|[^\s,:]*[0-9][^\s,:]*)?[\s,:]*(?P<rest>.*)", re.DOTALL)


async def refer(order: Order) -> str:
    """A proposal by whoever may; for who was asked what to do with the case, it is also the answer to that."""
    number, said = _parts(order.reading.text)
    said = as_printed(said)
    case = await _case(order, number)
    if isinstance(case, str):
        return case
    desk = await desk_of_case(order.work, await lock_case(order.work, case.id))
    told = read_proposal(desk.plan, said)
    if told is None and order.reading.code is not None:
        return await done(order)
    if told is None or not told.reason:
        return order.refuse("say_referral")
    if (refused := refused_words(order, desk.plan, told)) is not None:
        return refused
    if (task := _asked(order, case)) is not None:
        return await _as_answer(order, task, said)
    return await _propose(order, desk.plan, case, told)


def _parts(text: str) -> tuple[str, str]:
    """(number of a case, or of its notice, empty where none stands first; the rest)."""
    match = _NUMBERED.match(text.strip())
    return (match["number"] or "", match["rest"].strip(BETWEEN)) if match else ("", text)


async def _case(order: Order, number: str) -> CaseFile | str:
    """The one that is numbered, else that of the task."""
    if number:
        return await case_numbered(order, number)
    if order.task is None or order.task.case_id is None:
        return order.refuse("say_referral")
    return await order.work.session.get_one(CaseFile, order.task.case_id)


def _asked(order: Order, case: CaseFile) -> Task | None:
    return next((task for task in order.speaker.tasks if task.kind == MEASURES and task.case_id == case.id), None)


async def _as_answer(order: Order, task: Task, said: str) -> str:
    refusal = await finish_task(order.work, task, order.speaker.staff_id, f"{words().lists['referral'][0]}{said}")
    return order.refuse(refusal.reason, why=refusal.why) if refusal is not None else order.say("task_done", task=task)


async def _propose(order: Order, plan: Plan, case: CaseFile, told: Proposal) -> str:
    by = order.speaker.staff_id
    kind = next(iter(told.kinds), "")
    if (fault := await not_to_be_proposed(order.work, case, department=told.department, kind=kind, by=by)) is not None:
        return order.refuse(f"referral_{fault}")
    await propose_referral(order.work, case, department=told.department, by=by, reason=told.reason, kind=kind)
    approver = plan.role_name(plan.duties["approve_referral"].role)
    return order.say("referral_proposed", case_number=case.number, department=plan.departments[told.department].zh, approver=approver)


async def unrefer(order: Order) -> str:
    """Taken back with a reason, by whoever proposed it or may approve; where a case has several, the department is named."""
    number, said = _parts(order.reading.text)
    case = await _case(order, number)
    if isinstance(case, str):
        return case
    desk = await desk_of_case(order.work, await lock_case(order.work, case.id))
    found, reason = await _meant(order, case, said)
    if found is None:
        return order.refuse(reason)
    if not await may_withdraw(order.work, desk, found, order.speaker.staff_id):
        return order.refuse("referral_not_yours")
    if (fault := await withdraw_referral(order.work, found, by=order.speaker.staff_id, reason=reason)) is not None:
        return order.refuse(f"referral_{fault}")
    return order.say("referral_taken_back", case_number=case.number, department=desk.plan.departments[found.department].zh)


async def _meant(order: Order, case: CaseFile, said: str) -> tuple[Referral | None, str]:
    """(the referral, the reason), or (None, why it is not clear)."""
    waiting = await open_referrals(order.work, case)
    named = read_proposal(order.speaker.plan, said)
    fitting = [one for one in waiting if named is None or one.department == named.department]
    if len(fitting) != 1:
        return None, "referral_which" if waiting else "referral_none"
    return fitting[0], named.reason if named is not None else said
