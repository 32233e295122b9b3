"""What was granted is followed to its payment: put to whoever pays, put on a list, paid on a day with a proof, told to the family."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import select

from cases.aid_figures import money, short_mark
from cases.desk import Desk, desk_of_student
from cases.guardians import reachable_guardians
from cases.letter_numbers import next_number
from cases.support_words import support_words
from cases.tasks import LIVING, NewTask, end_task, open_task
from storage.tables import AidRequest, Student, Task
from storage.work import Work

KIND = "aid_payment"
PAYABLE = ("granted", "listed")
_SUM = re.compile(r"([0-9]+(?:\.[0-9]{1,2})?)\s*(?:元|块)")


@dataclass(frozen=True)
class Payment:
    """Paid on a day: CNY, and the words of its proof. `amount` None: what was granted."""

    on: date
    proof: str
    amount: Decimal | None = None


def _key(request: AidRequest) -> str:
    return f"aid:{request.id}:pay"


async def await_payment(work: Work, desk: Desk, request: AidRequest) -> None:
    """Whoever pays owes it from now on. Nothing is owed where help was granted in kind, without an amount."""
    if request.amount is None or request.per == "day":
        return
    rules = desk.plan.aid.payment
    request.due_at = desk.calendar.after(work.now, rules.due)
    mark = short_mark(desk.plan.aid.kinds.get(request.aid_kind or ""))
    facts = {"request_number": request.number, "sum": money(request.amount), "figure": mark}
    await open_task(
        work, desk, NewTask(
            _key(request), KIND, rules.role or desk.plan.holes.role, request.due_at, "aid_payment_task",
            about={"student_id": request.student_id}, facts=facts,
        ),
    )  # fmt: skip


async def list_for_payment(work: Work, area_code: str, by: int, today: date) -> tuple[str, list[AidRequest]]:
    """(number of the list, what stands on it): everything granted in the area that waits for a payment. ("", []) where nothing does."""
    query = select(AidRequest).where(
        AidRequest.state == "granted", AidRequest.amount.is_not(None), AidRequest.per != "day", AidRequest.area_code.startswith(area_code)
    )  # fmt: skip
    found = list(await work.session.scalars(query.order_by(AidRequest.id).with_for_update()))
    if not found:
        return "", []
    number = await next_number(work, "aid_list", area_code, today.year)
    for request in found:
        request.state, request.list_number, request.listed_at, request.listed_by = "listed", number, work.now, by
        work.record("aid_listed", f"student:{request.student_id}", area_code=request.area_code, actor=f"person:{by}", request=request.id)
    return number, found


def not_to_be_paid(request: AidRequest, payment: Payment, today: date, decided_on: date | None) -> str | None:
    """What forbids the payment: paid_before, not_granted, in_kind, future, before_decision, not_positive, too_much, no_proof; else None."""
    amount = payment.amount if payment.amount is not None else request.amount
    if request.state == "paid":
        return "paid_before"
    if request.state not in PAYABLE or decided_on is None:
        return "not_granted"
    if amount is None or request.amount is None:
        return "in_kind"
    if payment.on > today:
        return "future"
    if payment.on < decided_on:
        return "before_decision"
    if amount <= 0:
        return "not_positive"
    if amount > request.amount:
        return "too_much"
    return None if payment.proof.strip() else "no_proof"


async def pay(work: Work, request: AidRequest, payment: Payment, by: int) -> str | None:
    """Registers a payment and tells the family; what forbids it, or None when it is done."""
    desk = await desk_of_student(work, await work.session.get_one(Student, request.student_id))
    decided_on = desk.calendar.day_of(request.decided_at) if request.decided_at is not None else None
    if (fault := not_to_be_paid(request, payment, desk.today, decided_on)) is not None:
        return fault
    request.state, request.paid_on, request.paid_by, request.proof = "paid", payment.on, by, payment.proof.strip()
    request.paid_amount = payment.amount if payment.amount is not None else request.amount
    work.record(
        "aid_paid", f"student:{request.student_id}", area_code=request.area_code, case_id=request.case_id, actor=f"person:{by}",
        request=request.id, on=payment.on.isoformat(),
    )  # fmt: skip
    await _tell_family(work, desk, request, payment.on)
    return None


async def _tell_family(work: Work, desk: Desk, request: AidRequest, on: date) -> None:
    for person_id in await reachable_guardians(work, request.student_id, desk.today):
        work.say(
            f"aid:{request.id}:paid:{person_id}", person_id, "aid_paid", area_code=request.area_code, case_id=request.case_id,
            student_id=request.student_id, facts={"paid_on": f"{on.month}月{on.day}日"},
        )  # fmt: skip


async def pay_all(work: Work, requests: Sequence[AidRequest], payment: Payment, by: int) -> list[tuple[AidRequest, str]]:
    """Registers one payment for each and ends their tasks; the faults, and then the caller must let nothing happen."""
    faults: list[tuple[AidRequest, str]] = []
    for request in requests:
        if (fault := await pay(work, request, payment, by)) is not None:
            faults.append((request, fault))
            continue
        task = await work.session.scalar(select(Task).where(Task.key == _key(request), Task.state.in_(LIVING)).with_for_update())
        if task is not None:
            end_task(work, task, "done", by=by, result=payment.proof)
    return faults


async def pay_by_word(work: Work, task: Task, *, by: int, words: str) -> str | None:
    """The payer says that it is paid, today: the refusal's name (templates/words.yaml), or None when it is done."""
    request_id = int(task.key.split(":")[1])
    request = await work.session.get(AidRequest, request_id, with_for_update=True)
    if request is None or not support_words().is_paid(words):
        return "say_paid"
    desk = await desk_of_student(work, await work.session.get_one(Student, request.student_id))
    found = _SUM.search(words)
    fault = await pay(work, request, Payment(desk.today, words, Decimal(found[1]) if found else None), by)
    return {None: None, "paid_before": "paid_before", "not_granted": "not_paid_yet"}.get(fault, "say_paid")
