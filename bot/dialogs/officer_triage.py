"""The owner of a text that the bot could not read or place: reads it, answers its sender, or says whose it is."""

from __future__ import annotations

import re

from sqlalchemy import select

from bot.dialogs.order import Order
from bot.dialogs.phrases import law_book
from bot.rendering.free_text import fault_of, is_sensitive
from bot.replies.normalise import as_printed
from cases.confirming import ask_to_confirm
from cases.finishing import finish_task
from cases.taken import note_taken
from cases.tasks import LIVING
from cases.triage_answers import Kin, answer_sender, children_named, letter_of, link_sender, may_be_answered, read_again, texts_of
from cases.words import words
from storage.tables import Contact, Facts, Inbound, Question, SchoolClass, Student, Task

SHOWN = 120
"""Characters of a text that are shown: a message of three parts holds no more."""
NUMBER = re.compile(r"[0-9][0-9 -]{5,}[0-9Xx]")
MASK = "***"
KIN = "kin"
UNKNOWN = "triage_unknown"


async def letter(order: Order) -> str:
    """The text itself, numbers masked; by SMS only where nothing in it could hurt on a shared phone."""
    task, text = order.given, await letter_of(order.work, order.given)
    if text is None:
        return order.refuse("not_a_letter")
    contact = await order.work.session.get_one(Contact, order.speaker.contact_id)
    written = await texts_of(order.work, task)
    if contact.kind == "phone" and any(is_sensitive(law_book(), body) for body in written):
        return order.refuse("read_elsewhere")
    await note_taken(order.work, task, order.speaker.staff_id)
    order.work.record("letter_read", f"task:{task.id}", area_code=task.area_code, actor=f"person:{order.speaker.staff_id}")
    return order.say("triage_letter", task=task, letter=_shown(written))


def _shown(written: list[str]) -> str:
    """As many of the texts as fit, without numbers; where they are too many, the last ones."""
    shown = NUMBER.sub(MASK, written[-1])[:SHOWN]
    for body in reversed(written[:-1]):
        longer = f"{NUMBER.sub(MASK, body)} / {shown}"
        if len(longer) > SHOWN:
            break
        shown = longer
    return shown


async def reply(order: Order) -> str:
    """The officer's words go back to the sender, signed by the county, when nothing forbids them; then the task is done."""
    task, text = order.given, await letter_of(order.work, order.given)
    if text is None:
        return order.refuse("not_a_letter")
    if (refused := _judged(order)) is not None:
        return refused
    if (refusal := await may_be_answered(order.work, task, text)) is not None:
        return order.refuse(refusal)
    said = as_printed(order.reading.text)
    if (failed := await finish_task(order.work, task, order.speaker.staff_id, said)) is not None:
        return order.refuse(failed.reason)
    await answer_sender(order.work, task, text, order.speaker.staff_id, said)
    return order.say("triage_replied", task=task)


def _judged(order: Order) -> str | None:
    longest = order.speaker.plan.dialogs.longest_reply
    fault = fault_of(law_book(), order.reading.text, longest)
    return order.refuse(fault.kind, most=str(longest), said=fault.said, instead=fault.instead) if fault is not None else None


async def belongs(order: Order) -> str:
    """An unknown sender is somebody's guardian: asked once more before the number is theirs."""
    task, text = order.given, await letter_of(order.work, order.given)
    if text is None:
        return order.refuse("not_a_letter")
    if task.kind != UNKNOWN or text.person_id is not None:
        return order.refuse("sender_known")
    children = await children_named(order.work, task.area_code, order.reading.name or "")
    if not children:
        return order.refuse("no_child")
    if len(children) > 1:
        return _which_child(order, children)
    return _ask_to_confirm(order, task, children[0][0], children[0][1], order.reading.relation or "")


def _which_child(order: Order, children: list[tuple[Student, str]]) -> str:
    shown = " ".join(f"{number}{student.name}({room})" for number, (student, room) in enumerate(children, start=1))
    return order.ask(
        "which_pupil", "child", task=order.given, listed=shown, options=[student.id for student, _ in children],
        called=order.reading.relation or "",
    )  # fmt: skip


async def picked_child(order: Order, question: Question, student_id: int) -> str:
    """The number that was asked back for."""
    await order.end_questions(question.kind)
    task = await order.work.session.get_one(Task, question.task_id)
    if task.state not in LIVING:
        return order.refuse("too_late")
    student = await order.work.session.get_one(Student, student_id)
    room = await order.work.session.scalar(select(SchoolClass.name).where(SchoolClass.id == student.class_id)) or ""
    return _ask_to_confirm(order, task, student, room, question.facts["called"])


def _ask_to_confirm(order: Order, task: Task, student: Student, room: str, called: str) -> str:
    minutes = order.speaker.plan.dialogs.confirm_within_minutes
    ask_to_confirm(order.work, task, order.speaker.staff_id, {"what": KIN, "student_id": student.id, "called": called}, minutes)
    return order.say("sender_confirm", task=task, kin=f"{student.name}({room}){called}", minutes=minutes)


async def confirm_kin(order: Order, kept: Facts) -> str:
    """The number is the guardian's from now on, and what waited is read again."""
    task, by = order.given, order.speaker.staff_id
    text: Inbound | None = await letter_of(order.work, task)
    if text is None:
        return order.refuse("not_a_letter")
    kin = Kin(kept["student_id"], words().relation(kept["called"]), kept["called"])
    await link_sender(order.work, text, kin, by, order.speaker.today)
    await read_again(order.work, text, by)
    return order.say("sender_linked", task=task)
