"""A notice that its officer declined, and issues all the same: by the code of the task that has ended."""

from __future__ import annotations

from bot.dialogs.officer_tasks import without_code
from bot.dialogs.order import Order
from cases.declining import is_declined
from cases.delivering import issue_by_name
from cases.words import words
from storage.tables import Task


async def after_all(order: Order, task: Task) -> str | None:
    """None where the text is about anything else, or does not say that the notice is issued."""
    said = order.said if order.reading.command == "done" else without_code(order)
    if task.notice_id is None or not said or not words().is_issued(said) or not await is_declined(order.work, task):
        return None
    refusal = await issue_by_name(order.work, task.notice_id, order.speaker.staff_id)
    return order.refuse(refusal.reason) if refusal is not None else order.say("task_done", task=task)
