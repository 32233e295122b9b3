"""Is the child at school, as its family says: a teacher's answer by the digits of that question, or in a word."""

from __future__ import annotations

from bot.dialogs.answering import answered
from bot.dialogs.officer_tasks import without_code
from bot.dialogs.order import Order
from bot.dialogs.phrases import choices
from bot.replies.hints import digit_alone, is_at_school
from cases.finishing import finish_task
from storage.tables import Task

KIND = "check_return"


async def hear_back(order: Order) -> str | None:
    """None where it is no such answer: 收到 is one to every task, and 2 with a name hands the question on."""
    said = without_code(order)
    there = is_at_school(said)
    task = _asked(order, said) if there is not None else None
    if task is None:
        return None
    refusal = await finish_task(order.work, task, order.speaker.staff_id, dict(choices("confirm_return"))["1" if there else "2"])
    if refusal is not None:
        return order.refuse(refusal.reason, why=refusal.why)
    for question in order.speaker.questions:
        if question.task_id == task.id:
            await answered(order.work, order.inbound, question)
    return order.say("task_done", task=task)


def _asked(order: Order, said: str) -> Task | None:
    """The task that is named, answered or the only one; a word that fits nothing else finds the only one of this kind."""
    if order.task is not None:
        return order.task if order.task.kind == KIND else None
    asked = [task for task in order.speaker.tasks if task.kind == KIND]
    return asked[0] if len(asked) == 1 and order.reading.code is None and digit_alone(said) is None else None
