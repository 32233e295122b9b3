"""An officer answers an alert, or asks what they owe. The same words by SMS as by chat."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from itertools import takewhile

from sqlalchemy import select

from bot.dialogs.answering import answered
from bot.dialogs.case_story import case_story
from bot.dialogs.officer_activities import activity_told
from bot.dialogs.officer_ledger import ledger_counts
from bot.dialogs.officer_notices import after_all
from bot.dialogs.officer_people import away, back, picked_colleague
from bot.dialogs.officer_posts import hear_who
from bot.dialogs.officer_referrals import refer, unrefer
from bot.dialogs.officer_reports import hear_report
from bot.dialogs.officer_returns import hear_back
from bot.dialogs.officer_tasks import acknowledge, delegate, done, postpone, under_way
from bot.dialogs.officer_triage import belongs, letter, picked_child, reply
from bot.dialogs.officer_undo import take_step_back
from bot.dialogs.officer_visits import photographed, told_afterwards, unasked
from bot.dialogs.officer_words import decided, in_words
from bot.dialogs.order import Order, case_numbered, case_of_child, is_name, lines_of, quoted_tasks
from bot.dialogs.order_completed import completed
from bot.dialogs.speaker import Speaker, area_of
from bot.outbox.questions import NEVER_BLOCKS
from bot.replies import OfficerReading, Told, read_officer, told_of_task
from cases.task_codes import FORMER, of_code
from storage.tables import Inbound, Question, Task, TaskHolder
from storage.work import Work

PICKED = {"colleague": picked_colleague, "child": picked_child}
"""Questions back that are answered with a number."""
ASKED_BACK_BY = {"colleague": "which_colleague", "child": "which_pupil"}


def officer_reading(inbound: Inbound, speaker: Speaker) -> OfficerReading:
    """What the text says as an officer's answer."""
    return read_officer(inbound.body, codes={task.code for task in speaker.tasks}, today=speaker.today)


async def hear_officer(work: Work, inbound: Inbound, speaker: Speaker) -> str | None:
    """Carries out an officer's answer; None where the text is none."""
    reading = await completed(work, inbound, speaker, officer_reading(inbound, speaker))
    area_code = await area_of(work, speaker.staff_id)
    order = Order(work, inbound, speaker, reading, area_code, await _task(work, inbound, speaker, reading))
    if inbound.photo is not None:
        return await _with_photo(order)
    heard = await hear_report(order, await quoted_tasks(work, inbound, speaker)) or await hear_who(order) or await hear_back(order)
    if heard is not None:
        return heard
    return await _asked_back(order) or await _carry_out(order)


async def _with_photo(order: Order) -> str:
    """The words below a photograph are an answer like any other, and then its answer is enough."""
    if order.reading.command == "activity":
        return await activity_told(order)
    is_answer = order.reading.command != "unknown"
    kept = await photographed(order, quietly=is_answer)
    return (await _carry_out(order) if is_answer else None) or kept


async def _carry_out(order: Order) -> str | None:
    reading = order.reading
    if reading.command == "unknown" and reading.code is None:
        return await _corrected(order) or await unasked(order) or await _on_the_way(order)
    if reading.command in FREE:
        return await FREE[reading.command](order)
    if order.task is None:
        return await _which(order)
    if order.other_codes():
        return order.refuse("one_code")
    outcome = await ON_TASK[reading.command](order)
    if (question := _about(order.speaker, order.task)) is not None and order.task.state in {"done", "cancelled"}:
        await answered(order.work, order.inbound, question)
    return outcome


async def _corrected(order: Order) -> str | None:
    """Whoever takes their last step back may say at once what is meant instead."""
    instead = await take_step_back(order)
    return await _carry_out(instead) if isinstance(instead, Order) else instead


async def _on_the_way(order: Order) -> str | None:
    """Whoever owes one step only, and writes without its code that they are at it, has it."""
    if order.task is None or order.speaker.children or told_of_task(order.inbound.body) is not Told.UNDER_WAY:
        return None
    return await under_way(order)


async def _asked_back(order: Order) -> str | None:
    """A number picks from what was asked back; any other text is heard as always.

    After an alert that came in between the number might be its answer, and nobody can tell: the question is put again with the code
    that answers the alert, and the next number picks.
    """
    asked = list(takewhile(lambda one: one.kind in {NEVER_BLOCKS, *PICKED}, order.speaker.questions))
    question = next((one for one in asked if one.kind in PICKED), None)
    said = order.inbound.body.strip().rstrip(".。、")
    if question is None or not said.isdecimal() or not 0 < int(said) <= len(question.facts["options"]):
        return None
    if await quoted_tasks(order.work, order.inbound, order.speaker):
        return None
    if question is not asked[0]:
        return await _put_again(order, question, asked[0].task_id)
    return await PICKED[question.kind](order, question, question.facts["options"][int(said) - 1])


async def _put_again(order: Order, question: Question, alert_id: int | None) -> str:
    task = await order.work.session.get(Task, question.task_id) if question.task_id is not None else None
    facts = {name: value for name, value in question.facts.items() if name not in {"question_expires", "between"}}
    between = next((one.code for one in order.speaker.tasks if one.id == alert_id), None)
    await order.end_questions(question.kind)
    return order.ask(ASKED_BACK_BY[question.kind], question.kind, task=task, **facts, **({"between": between} if between else {}))


async def _task(work: Work, inbound: Inbound, speaker: Speaker, reading: OfficerReading) -> Task | None:
    """The task with that code; else the one whose message is answered; else the only one that is asked about."""
    if reading.code is not None:
        return next(iter(of_code(speaker.tasks, reading.code)), None)
    if len(quoted := await quoted_tasks(work, inbound, speaker)) == 1:
        return quoted[0]
    asked = _asked(speaker.tasks)
    return asked[0] if len(asked) == 1 else None


def _asked(tasks: Sequence[Task]) -> list[Task]:
    """Those of which a message has told."""
    return [task for task in tasks if not (task.facts.get("quiet") or task.facts.get("patient"))]


def _about(speaker: Speaker, task: Task) -> Question | None:
    return next((question for question in speaker.questions if question.task_id == task.id), None)


async def _which(order: Order) -> str | None:
    """A bare digit while several alerts are open is asked back, never guessed."""
    if order.reading.command == "done" and (added := await told_afterwards(order)) is not None:
        return added
    if order.reading.code is not None:
        ended = await _had(order)
        if ended is not None and (issued := await after_all(order, ended)) is not None:
            return issued
        return order.refuse("ended" if ended is not None else "not_holder")
    if order.reading.command == "acknowledge" and not order.inbound.body.strip()[:1].isdigit() and not _asked(order.speaker.tasks):
        return None  # 好的 below a receipt; nothing was asked
    if not order.speaker.tasks:
        return None if order.reading.command in {"returned", "confirm", "letter", "belongs"} else order.refuse("no_tasks")
    return order.say("which_task", lines=await lines_of(order.work, order.speaker))


async def _had(order: Order) -> Task | None:
    """The task of theirs that had the code, and has ended; else one that bore it before it came to somebody who had another of it."""
    code, people = order.reading.code, order.speaker.people
    bears, bore = Task.code == code, Task.facts[FORMER].astext == code
    query = select(Task).join(TaskHolder).where(TaskHolder.person_id.in_(people), bears | bore, Task.ended_at.is_not(None))
    return await order.work.session.scalar(query.order_by(bears.desc(), Task.ended_at.desc()).limit(1))


async def _mine(order: Order) -> str:
    if not order.speaker.tasks:
        return order.refuse("no_tasks")
    return order.say("officer_mine", lines=await lines_of(order.work, order.speaker))


async def _case(order: Order) -> str:
    wanted = order.reading.number or ""
    found = await (case_of_child(order, wanted) if is_name(wanted) else case_numbered(order, wanted))
    return found if isinstance(found, str) else order.say("officer_case", story=await case_story(order.work, found))


async def _help(order: Order) -> str:
    return order.say("officer_help")


Act = Callable[[Order], Awaitable[str | None]]
FREE: dict[str, Act] = {
    "mine": _mine,
    "case": _case,
    "away": away,
    "back": back,
    "help": _help,
    "activity": activity_told,
    "ledger": ledger_counts,
    "refer": refer,
    "unrefer": unrefer,
}
ON_TASK: dict[str, Act] = {
    "acknowledge": acknowledge, "delegate": delegate, "done": done, "postpone": postpone, "confirm": decided, "approve": decided,
    "refuse": decided, "returned": done, "letter": letter, "reply": reply, "belongs": belongs, "unknown": in_words,
}  # fmt: skip
