"""An officer answers an alert, or asks what they owe. The same words by SMS as by chat."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from bot.dialogs.answering import answer, answered
from bot.dialogs.meaning import note_meaning
from bot.dialogs.phrases import spoken_day
from bot.dialogs.speaker import Speaker, area_of
from bot.replies import OfficerReading, read_officer
from cases.absence_of_staff import colleague_named, set_away
from cases.desk import desk_of_area
from cases.duty_facts import next_duty_at
from cases.entitled import may_hold
from cases.finishing import Refusal, finish_task
from cases.ledger import short_story
from cases.reminders import desk_of_task
from cases.tasks import acknowledge, delegate, postpone
from cases.words import words
from storage.tables import CaseFile, Inbound, Person, Question, Task
from storage.work import Work

LISTED = 6


@dataclass(frozen=True)
class Order:
    """One text of an officer and the task it is about."""

    work: Work
    inbound: Inbound
    speaker: Speaker
    reading: OfficerReading
    area_code: str
    task: Task | None

    def say(self, template: str, *, task: Task | None = None, **facts: str) -> str:
        about = {"task_id": task.id, "case_id": task.case_id, "student_id": task.student_id} if task is not None else {}
        answer(
            self.work,
            self.inbound,
            self.speaker,
            template,
            area_code=self.area_code,
            person_id=self.speaker.staff_id,
            facts=facts,
            about=about,
        )
        return template

    def refuse(self, reason: str) -> str:
        code = self.reading.code or (self.task.code if self.task else "")
        return self.say("task_refused", reason=words().refusals[reason].format(code=code))


def officer_reading(inbound: Inbound, speaker: Speaker) -> OfficerReading:
    """What the text says as an officer's answer."""
    return read_officer(inbound.body, codes={task.code for task in speaker.tasks}, today=speaker.today)


async def hear_officer(work: Work, inbound: Inbound, speaker: Speaker) -> str | None:
    """Carries out an officer's answer; None where the text is none."""
    reading = officer_reading(inbound, speaker)
    if reading.command == "unknown" and reading.code is None:
        return None
    area_code = await area_of(work, speaker.staff_id)
    order = Order(work, inbound, speaker, reading, area_code, _task(speaker, reading))
    if reading.command in FREE:
        return await FREE[reading.command](order)
    if order.task is None:
        return _which(order)
    outcome = await ON_TASK.get(reading.command, _done)(order)
    if (question := _question(speaker, order.task)) is not None and order.task.state in {"done", "cancelled"}:
        await answered(work, inbound, question)
    return outcome


def _task(speaker: Speaker, reading: OfficerReading) -> Task | None:
    """The task with that code; without a code, the only one that is asked about."""
    if reading.code is not None:
        return next((task for task in speaker.tasks if task.code == reading.code), None)
    asked = [task for task in speaker.tasks if not task.facts.get("quiet")]
    return asked[0] if len(asked) == 1 else None


def _question(speaker: Speaker, task: Task) -> Question | None:
    return next((question for question in speaker.questions if question.task_id == task.id), None)


def _which(order: Order) -> str | None:
    """A bare digit while several alerts are open is asked back, never guessed."""
    if order.reading.code is not None:
        return order.refuse("not_holder")
    if not order.speaker.tasks:
        return None if order.reading.command in {"returned", "confirm"} else order.refuse("no_tasks")
    return order.say("which_task", lines=_lines(order.speaker))


def _lines(speaker: Speaker) -> str:
    shown = [
        f"{task.code} {speaker.plan.task_name(task.kind).zh} {spoken_day(speaker.calendar.day_of(task.due_at))}" for task in speaker.tasks
    ]
    more = len(shown) - LISTED
    return "；".join(shown[:LISTED]) + (f"；等{len(shown)}件" if more > 0 else "")


async def _acknowledge(order: Order) -> str:
    task = _given(order)
    await acknowledge(order.work, task, order.speaker.staff_id)
    if task.facts.get("by_acknowledging"):
        await finish_task(order.work, task, order.speaker.staff_id, "")
    await _rest(order, task)
    return order.say("task_done" if task.state == "done" else "task_acknowledged", task=task)


def _given(order: Order) -> Task:
    if order.task is None:
        raise ValueError("this answer needs a task")
    return order.task


async def _rest(order: Order, task: Task) -> None:
    """The task's next look is worked out anew from what was just said."""
    if task.state in {"open", "acknowledged"}:
        task.next_at = next_duty_at(await desk_of_task(order.work, task), task)


async def _delegate(order: Order) -> str:
    task = _given(order)
    name = order.reading.name or order.reading.text
    colleague = await colleague_named(order.work, order.speaker.staff_id, name) if name else None
    if colleague is None:
        return order.refuse("no_substitute" if name else "whom")
    if not await may_hold(order.work, task, colleague):
        return order.refuse("not_allowed")
    await delegate(order.work, task, order.speaker.staff_id, colleague)
    await _rest(order, task)
    return order.say("task_delegated", task=task, to_name=(await order.work.session.get_one(Person, colleague)).name)


async def _done(order: Order) -> str:
    task = _given(order)
    words_said = order.reading.text if order.reading.command == "done" else order.inbound.body
    refusal = await finish_task(order.work, task, order.speaker.staff_id, words_said)
    if isinstance(refusal, Refusal):
        return order.refuse(refusal.reason)
    await note_meaning(order.work, task, by=order.speaker.staff_id, said=words_said, today=order.speaker.today)
    return order.say("task_done", task=task)


async def _postpone(order: Order) -> str:
    task = _given(order)
    if order.reading.until is None:
        return order.refuse("until")
    desk = await desk_of_task(order.work, task)
    until = desk.calendar.at(order.reading.until, desk.plan.attendance.closes_at)
    if not await postpone(order.work, desk, task, order.speaker.staff_id, until):
        return order.refuse("too_far")
    return order.say("task_postponed", task=task, due=spoken_day(order.reading.until))


async def _mine(order: Order) -> str:
    if not order.speaker.tasks:
        return order.refuse("no_tasks")
    return order.say("officer_mine", lines=_lines(order.speaker))


async def _case(order: Order) -> str:
    """Only a case of the asker's own area, or one they hold a task of."""
    query = select(CaseFile).where(CaseFile.number.endswith(order.reading.number or "?"))
    held = {task.case_id for task in order.speaker.tasks}
    own = [row.area_code for row in order.speaker.staff]
    for case in await order.work.session.scalars(query.order_by(CaseFile.id.desc())):
        if case.id in held or any(case.area_code.startswith(code) or case.school_area_code.startswith(code) for code in own):
            return order.say("officer_case", story=await short_story(order.work, case))
    return order.refuse("no_case")


async def _away(order: Order) -> str:
    colleague = await colleague_named(order.work, order.speaker.staff_id, order.reading.name or "")
    until: date | None = order.reading.until
    if colleague is None or until is None:
        return order.refuse("no_substitute" if colleague is None else "until")
    desk = await desk_of_area(order.work, order.area_code)
    await set_away(order.work, desk, order.speaker.staff_id, until, colleague)
    name = (await order.work.session.get_one(Person, colleague)).name
    return order.say("officer_away", until=spoken_day(until), substitute=name)


async def _help(order: Order) -> str:
    return order.say("officer_help")


Act = Callable[[Order], Awaitable[str]]
FREE: dict[str, Act] = {"mine": _mine, "case": _case, "away": _away, "help": _help}
ON_TASK: dict[str, Act] = {"acknowledge": _acknowledge, "delegate": _delegate, "done": _done, "postpone": _postpone}
