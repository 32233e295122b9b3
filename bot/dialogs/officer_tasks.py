"""What an officer does with one task: takes it, hands it on, puts it off, says that it is done, or says yes once more."""

from __future__ import annotations

from bot.dialogs.meaning import note_meaning
from bot.dialogs.officer_people import hand_to_named
from bot.dialogs.officer_triage import confirm_kin
from bot.dialogs.officer_visits import visited
from bot.dialogs.order import Order
from bot.dialogs.phrases import law_book, spoken_day
from bot.dialogs.proposing import MEASURES, never_in_its_letter, refused_words
from bot.replies import Told, told_of_task
from bot.replies.normalise import as_printed, tidy
from cases import postponing, tasks
from cases.confirming import ask_to_confirm, awaited, forget
from cases.declining import is_declined
from cases.finishing import CONFIRM, Refusal, finish_task
from cases.referrals import read_proposal
from cases.reminders import desk_of_task
from cases.taken import awaits_answer, note_taken
from cases.visits import is_visit
from cases.words import words

APPROVAL = "approve_referral"
CODE_LENGTH = 2
BETWEEN = " -,，.。:："
NO_END = frozenset({Told.UNDER_WAY, Told.IN_VAIN})
"""What ends no alarm about a child, even behind a 3."""


async def acknowledge(order: Order) -> str:
    task = order.given
    await tasks.acknowledge(order.work, task, order.speaker.staff_id)
    await note_taken(order.work, task, order.speaker.staff_id)
    if task.facts.get("by_acknowledging"):
        await finish_task(order.work, task, order.speaker.staff_id, "")
    await order.rest(task)
    return order.say("task_done" if task.state == "done" else "task_acknowledged", task=task)


async def delegate(order: Order) -> str:
    name = order.reading.name or order.reading.text
    return await hand_to_named(order, name) if name else order.refuse("whom")


async def done(order: Order) -> str:
    """A visit is asked about once when its outcome is missing; a referral is approved by a second word only."""
    task = order.given
    if await is_visit(order.work, task):
        return await visited(order)
    if await awaits_answer(order.work, task):
        return order.refuse("say_answer")
    words_said = order.said if order.reading.command in {"done", "unknown"} else without_code(order)
    if task.facts.get("urgent") and told_of_task(words_said) in NO_END:
        return order.unclear(task)
    if task.kind == MEASURES:
        words_said = as_printed(words_said)
        if (refused := _ill_proposed(order, words_said)) is not None:
            return refused
    if (never := never_in_its_letter(law_book(), order.speaker.plan, task.kind, words_said)) is not None:
        return order.refuse(never.kind, said=never.said, instead=never.instead)
    refusal = await finish_task(order.work, task, order.speaker.staff_id, words_said)
    if refusal == CONFIRM:
        return _ask_to_confirm(order, words_said)
    if isinstance(refusal, Refusal):
        return order.refuse(refusal.reason, why=refusal.why)
    await note_meaning(order.work, task, by=order.speaker.staff_id, said=words_said, today=order.speaker.today)
    return order.say("notice_declined_noted" if await is_declined(order.work, task) else "task_done", task=task)


def _ill_proposed(order: Order, said: str) -> str | None:
    """What was answered to measures that are a referral whose words may not stand in its letter, or leave its kind open."""
    told = read_proposal(order.speaker.plan, words().referral(said) or "")
    return refused_words(order, order.speaker.plan, told) if told is not None else None


def without_code(order: Order) -> str:
    """Words that are no answer of a known form are the result as they stand."""
    said = tidy(order.inbound.body)
    is_first = order.reading.code is not None and said.upper().startswith(order.reading.code)
    return said[CODE_LENGTH:].strip(BETWEEN) if is_first else said


async def under_way(order: Order) -> str:
    """Whoever says how far they are has the task, and is told how it is ended."""
    task, by = order.given, order.speaker.staff_id
    await tasks.acknowledge(order.work, task, by)
    await note_taken(order.work, task, by)
    await tasks.note_progress(order.work, task, by)
    await order.rest(task)
    return order.say("task_acknowledged", task=task)


def _ask_to_confirm(order: Order, said: str) -> str:
    task = order.given
    minutes = order.speaker.plan.dialogs.confirm_within_minutes
    ask_to_confirm(order.work, task, order.speaker.staff_id, {"what": APPROVAL, "said": said}, minutes)
    return order.say("referral_confirm", task=task, minutes=minutes)


async def confirm(order: Order) -> str | None:
    """The second word; where none was asked for, 确认 is a result like any other."""
    task = order.given
    kept = awaited(task, order.speaker.staff_id, order.inbound.received_at)
    if kept is not None and kept["what"] == APPROVAL:
        refusal = await finish_task(order.work, task, order.speaker.staff_id, kept["said"], is_confirmed=True)
        forget(task)
        return order.refuse(refusal.reason) if refusal is not None else order.say("task_done", task=task)
    if kept is not None:
        return await confirm_kin(order, kept)
    if task.kind == APPROVAL or "confirming" in task.facts:
        return order.refuse("confirm_late")
    return await done(order)


async def postpone(order: Order) -> str:
    task, until = order.given, order.reading.until
    if until is None:
        return order.refuse("past" if order.reading.past else "until")
    desk = await desk_of_task(order.work, task)
    due = desk.calendar.at(until, desk.plan.attendance.closes_at)
    refusal = await postponing.postpone(order.work, desk, task, order.speaker.staff_id, due, order.reading.text)
    if refusal is not None:
        limits, present = desk.plan.postponing, spoken_day(desk.calendar.day_of(task.due_at))
        return order.refuse(refusal, days=str(limits.school_days), times=str(limits.times), due=present)
    return order.say("task_postponed", task=task, due=spoken_day(until))
