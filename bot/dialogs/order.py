"""One text of an officer, with what is known around it; and how it is answered."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from bot.dialogs.answering import answer
from bot.dialogs.speaker import Speaker
from bot.replies import OfficerReading
from bot.replies.normalise import tidy
from cases.case_search import cases_numbered, cases_of_name
from cases.duty_facts import next_duty_at
from cases.owed_lines import about_whom, listed, owed_lines
from cases.reminders import desk_of_task
from cases.words import words
from storage.tables import CaseFile, Inbound, Intent, Message, Question, Task
from storage.work import Work

MOST_NUMBERS = 4
_CODES = re.compile(r"(?<![A-Z0-9])[A-Z][2-9](?![A-Z0-9])")
_NAME = re.compile(r"[\u3400-\u9fff·]{2,12}")
_DONE = re.compile(r"^3(?![0-9])[-\s.,，。、:)]*")


@dataclass(frozen=True)
class Order:
    """One text of an officer and the task it is about."""

    work: Work
    inbound: Inbound
    speaker: Speaker
    reading: OfficerReading
    area_code: str
    task: Task | None

    def say(self, template: str, *, task: Task | None = None, question: str | None = None, **facts: Any) -> str:
        about = {"task_id": task.id, "case_id": task.case_id, "student_id": task.student_id} if task is not None else {}
        answer(
            self.work, self.inbound, self.speaker, template, area_code=self.area_code, person_id=self.speaker.staff_id, facts=facts,
            question=question, about=about,
        )  # fmt: skip
        return template

    def ask(self, template: str, question: str, *, task: Task | None = None, **facts: Any) -> str:
        """Asks back for as long as the plan lets an answer take."""
        until = self.work.now + timedelta(minutes=self.speaker.plan.dialogs.ask_back_minutes)
        return self.say(template, task=task, question=question, question_expires=until.isoformat(), **facts)

    def refuse(self, reason: str, **more: str) -> str:
        """Says in a sentence why nothing was done (templates/words.yaml, refusals)."""
        code = self.reading.code or (self.task.code if self.task else "")
        return self.say("task_refused", reason=words().refusals[reason].format(code=code, **more))

    def unclear(self, task: Task) -> str:
        """Nobody can tell what was meant: said once, with what the task is and how it is answered. Nothing is changed."""
        return self.say("task_unclear", task=task, letter=task.inbound_id is not None)

    def other_codes(self) -> list[str]:
        """Codes of their other tasks behind the one that is answered: what is said of which, nobody can tell."""
        codes = {task.code for task in self.speaker.tasks} - {self.reading.code}
        return [code for code in _CODES.findall(tidy(self.inbound.body).upper()) if code in codes] if self.reading.code else []

    @property
    def said(self) -> str:
        """The words behind the code, without the digit for "done"."""
        return without_done(self.reading.text)

    @property
    def given(self) -> Task:
        """The task; raises ValueError for an answer that needs one and has none."""
        if self.task is None:
            raise ValueError("this answer needs a task")
        return self.task

    async def rest(self, task: Task) -> None:
        """The task's next look is worked out anew from what was just said."""
        if task.state in {"open", "acknowledged"}:
            task.next_at = next_duty_at(await desk_of_task(self.work, task), task)

    async def end_questions(self, kind: str) -> None:
        """What was asked back at this contact has its answer."""
        asked = update(Question).where(
            Question.contact_id == self.speaker.contact_id, Question.kind == kind, Question.state == "open"
        )  # fmt: skip
        await self.work.session.execute(asked.values(state="answered", ended_at=self.work.now))


def without_done(text: str) -> str:
    """The words without the digit for "done" in front of them."""
    return _DONE.sub("", text)


async def lines_of(work: Work, speaker: Speaker) -> str:
    """What the speaker owes, a few words each, the most urgent first."""
    return listed(owed_lines(speaker.plan, speaker.tasks, await about_whom(work, speaker.plan, speaker.tasks)))


async def case_numbered(order: Order, number: str) -> CaseFile | str:
    """The case with this number, or one that ends like it: only of the asker's own class, school or area, or one they hold a task of.

    What was answered, where there is none or several.
    """
    held = {task.case_id for task in order.speaker.tasks} - {None}
    found = await cases_numbered(order.work, number, order.speaker.staff, held)
    if len(found) > 1:
        return order.refuse("several_cases", numbers="、".join(case.number for case in found[:MOST_NUMBERS]))
    return found[0] if found else order.refuse("no_case")


def is_name(wanted: str) -> bool:
    """Whether somebody's name is looked for; a number has digits."""
    return _NAME.fullmatch(wanted) is not None


async def case_of_child(order: Order, name: str) -> CaseFile | str:
    """The case of the child with this name or given name, within the asker's own; what was answered, where there is none or several."""
    held = {task.case_id for task in order.speaker.tasks} - {None}
    found = await cases_of_name(order.work, name, order.speaker.staff, held)
    if len(found) > 1:
        shown = "、".join(f"{case.number}{school}" for case, school in found[:MOST_NUMBERS])
        return order.refuse("several_named", shown=shown)
    return found[0][0] if found else order.refuse("no_case_named")


async def quoted_tasks(work: Work, inbound: Inbound, speaker: Speaker) -> list[Task]:
    """Tasks of the speaker that the message told of, which this text answers or whose button was pressed."""
    if inbound.reply_to is None or not speaker.tasks:
        return []
    told = (
        select(Intent.task_id)
        .join(Message, Message.id == Intent.message_id)
        .where(Message.channel == inbound.channel, Message.provider_id == inbound.reply_to, Intent.task_id.is_not(None))
    )
    ids = set(await work.session.scalars(told))
    return [task for task in speaker.tasks if task.id in ids]
