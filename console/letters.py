"""What the owner of a text does with it on a page: the same use cases, and the same refusals, as by message.

Each act returns None, or what forbids it with the words it is about (`faults` of templates/pages/triage.yaml).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bot.dialogs.officer_triage import MASK, NUMBER, UNKNOWN
from bot.dialogs.phrases import law_book
from bot.rendering.free_text import fault_of
from cases.finishing import finish_task
from cases.letters import letters_of, mark_read
from cases.reply_corrections import correct_reply, reply_behind
from cases.taken import note_taken
from cases.triage_answers import Kin, answer_sender, children_named, letter_of, link_sender, may_be_answered, read_again
from cases.words import words
from plan.model import Plan
from storage.tables import Inbound, Task
from storage.work import Work


@dataclass(frozen=True)
class Refusal:
    """`key`: its sentence; `about`: the words that it is about."""

    key: str
    about: str = ""


def masked_text(text: str) -> str:
    """Phone and identity numbers hidden, as by message."""
    return NUMBER.sub(MASK, text)


def masked_texts(texts: Sequence[Inbound]) -> str:
    """All texts of a task, a line each."""
    return "\n".join(masked_text(text.body) for text in texts)


async def read(work: Work, task: Task, by: int) -> str | None:
    """The text; whoever reads it has it from now on, and that they read is kept. None where there is none."""
    texts = await letters_of(work, task)
    if not texts:
        return None
    await note_taken(work, task, by)
    mark_read(task, texts[-1])
    work.record("letter_read", f"task:{task.id}", area_code=task.area_code, actor=f"person:{by}")
    return masked_texts(texts)


def judged(plan: Plan, said: str) -> Refusal | None:
    """Why these words may not go to a family; None where they may."""
    fault = fault_of(law_book(), said, plan.dialogs.longest_reply)
    if fault is None:
        return None
    return Refusal(fault.kind, " → ".join(word for word in (fault.said, fault.instead) if word))


async def answer(work: Work, plan: Plan, task: Task, by: int, said: str) -> Refusal | None:
    """The words go to the sender in the county's name, and the task is done."""
    text = await letter_of(work, task)
    if text is None:
        return Refusal("not_a_letter")
    if (fault := judged(plan, said)) is not None:
        return fault
    if (refused := await may_be_answered(work, task, text)) is not None:
        return Refusal(refused)
    if (failed := await finish_task(work, task, by, said)) is not None:
        return Refusal(failed.reason)
    await answer_sender(work, task, text, by, said)
    return None


def may_be_placed(task: Task, text: Inbound | None) -> bool:
    """Whether the sender is somebody whom nobody knows yet."""
    return task.kind == UNKNOWN and text is not None and text.person_id is None


async def place(work: Work, task: Task, by: int, kin: tuple[str, int, str], today: date) -> Refusal | None:
    """The number is the guardian's from now on, and what waited is read again. `kin`: the child's name and id, what they are to it."""
    name, student_id, called = kin
    text = await letter_of(work, task)
    if text is None or not may_be_placed(task, text):
        return Refusal("sender_known")
    if student_id not in {student.id for student, _ in await children_named(work, task.area_code, name)}:
        return Refusal("no_child")
    await link_sender(work, text, Kin(student_id, words().relation(called), called), by, today)
    await read_again(work, text, by)
    return None


async def meant(work: Work, task: Task, by: int, meaning: tuple[str, str], on: date | None) -> Refusal | None:
    """Keeps what the reply really meant, and the task is done with that. `meaning`: its key and its name; empty for one that is unknown."""
    intent, named = meaning
    reply = reply_behind(task)
    if not named or reply is None or await letter_of(work, task) is None:
        return Refusal("say_meaning")
    if (failed := await finish_task(work, task, by, named)) is not None:
        return Refusal(failed.reason)
    await correct_reply(work, reply, by=by, meant=intent, on=on)
    return None
