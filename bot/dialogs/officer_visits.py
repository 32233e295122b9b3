"""A home visit: whom they found and what was said, asked once when it is missing; photographs by chat."""

from __future__ import annotations

from bot.dialogs.officer_activities import activity_pictured
from bot.dialogs.officer_delivery import proven_by_photo
from bot.dialogs.order import Order, quoted_tasks, without_done
from bot.replies import Told, told_of_task
from bot.replies.visit import VisitReading, read_visit
from cases.finishing import finish_task
from cases.task_codes import of_code
from cases.visits import (
    Found,
    add_account,
    is_visit,
    keep_first_words,
    photo_tasks_of,
    record_attempt,
    record_visit,
    take_photo,
    visits_done_lately,
)
from storage.tables import Task

TOLD = {"done", "unknown", "returned"}
_BETWEEN = " -,，.。:："


async def visited(order: Order) -> str:
    """Takes the account of a visit; the second one counts whatever it says, so that nobody is asked twice.

    Nobody at home and they go again: that is kept, and the task stays open.
    """
    task = await _visit_task(order)
    if task is None:
        return order.refuse("too_late")
    said, first = _said(order), task.facts.get("visit")
    if order.reading.command == "unknown" and told_of_task(said) is Told.QUESTION:
        return order.unclear(task)
    if not said:
        return order.refuse("say_what")
    whole = f"{first}，{said}" if first else said
    reading = read_visit(whole, order.speaker.today)
    if reading.is_attempt:
        return await _went_in_vain(order, task, _found(reading, whole))
    if not reading.is_complete and first is None:
        await keep_first_words(order.work, task, order.speaker.staff_id, said)
        await order.rest(task)
        return order.ask("visit_in_vain" if reading.is_in_vain else "visit_question", "visit", task=task)
    return await _record(order, task, whole, reading)


async def unasked(order: Order) -> str | None:
    """Words without a code and without 3: what was asked back for, or an account of the visit that is owed or was done lately."""
    if order.speaker.question("visit") is not None:
        return await visited(order)
    if order.speaker.children:  # they may speak of their own family
        return None
    reading = read_visit(_said(order), order.speaker.today)
    is_owed = order.task is not None and await is_visit(order.work, order.task)
    if is_owed and (reading.is_account or reading.is_attempt):
        return await visited(order)
    return await told_afterwards(order)


async def told_afterwards(order: Order) -> str | None:
    """A further account of a visit that is done: added to the one whose code is given, else to the only one. None where it is none."""
    plan, said = order.speaker.plan, _said(order)
    done = await visits_done_lately(order.work, plan, order.speaker.people)
    code = order.reading.code or said[:2].upper()
    named = of_code(done, code)[-1:]
    if not named and (order.reading.code or (order.speaker.tasks and order.reading.command == "done")):
        return None
    account = without_done(said[2:].strip(_BETWEEN)) if named and order.reading.code is None else said
    reading = read_visit(account, order.speaker.today)
    if not (reading.is_complete if named else reading.is_account) or not done:
        return None
    if len(named or done) > 1:
        return order.refuse("visit_which", example=done[-1].code)
    task = (named or done)[0]
    if not await add_account(order.work, task, order.speaker.staff_id, _found(reading, account)):
        return None
    return order.say("visit_added", task=task)


def _said(order: Order) -> str:
    """The account without the digit that says that it is one."""
    said = order.reading.text if order.reading.command in TOLD else order.inbound.body
    return without_done(said.strip())


def _found(reading: VisitReading, whole: str) -> Found:
    return Found(reading.visited_on, reading.found, reading.said or whole, reading.expected_on)


async def _went_in_vain(order: Order, task: Task, found: Found) -> str:
    await record_attempt(order.work, task, order.speaker.staff_id, found)
    await order.rest(task)
    await order.end_questions("visit")
    return order.say("visit_again", task=task)


async def _visit_task(order: Order) -> Task | None:
    """The task that is named, else the one whose visit was asked about."""
    if order.task is not None and await is_visit(order.work, order.task):
        return order.task
    asked = order.speaker.question("visit")
    return next((task for task in order.speaker.tasks if asked is not None and task.id == asked.task_id), None)


async def _record(order: Order, task: Task, whole: str, reading: VisitReading) -> str:
    refusal = await finish_task(order.work, task, order.speaker.staff_id, whole)
    if refusal is not None:
        return order.refuse(refusal.reason)
    record_visit(order.work, task, order.speaker.staff_id, _found(reading, whole))
    await order.end_questions("visit")
    return order.say("task_done", task=task)


async def photographed(order: Order, *, quietly: bool) -> str:
    """Puts a photograph to the visit or delivery it belongs to: named by code, by the message that it answers, or the only one there is.

    `quietly`: something else is answered, so that a photograph that was taken needs no word of its own.
    """
    plan = order.speaker.plan
    visits = await photo_tasks_of(order.work, plan, order.speaker.people)
    if not visits:
        return await activity_pictured(order) or order.refuse("photo_no_task")
    task = await _meant(order, visits)
    if task is None:
        return order.refuse("photo_which" if len(visits) > 1 else "photo_no_task", example=visits[0].code)
    if not await take_photo(order.work, plan, task, order.speaker.staff_id, order.inbound):
        return order.refuse("photo_full", most=str(plan.visits.photos))
    await order.rest(task)
    if quietly:
        return "photo_received"
    return await proven_by_photo(order, task) or order.say("photo_received", task=task)


async def _meant(order: Order, visits: list[Task]) -> Task | None:
    code = order.reading.code or order.inbound.body.strip()[:2].upper()
    named = of_code(visits, code)
    quoted = {task.id for task in await quoted_tasks(order.work, order.inbound, order.speaker)}
    chosen = named or [task for task in visits if task.id in quoted]
    if chosen:
        return chosen[-1]
    return visits[0] if len(visits) == 1 and order.reading.code is None else None
