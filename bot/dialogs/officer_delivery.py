"""A photograph that was asked for as the proof of a delivery ends the delivery's task."""

from __future__ import annotations

from bot.dialogs.order import Order
from cases.finishing import finish_task
from cases.proofs import KEPT
from storage.tables import Task


async def proven_by_photo(order: Order, task: Task) -> str | None:
    """When the words were said before and lacked their proof; None where there is nothing to end, or something is still lacking."""
    if KEPT not in task.facts or task.state not in {"open", "acknowledged"}:
        return None
    refusal = await finish_task(order.work, task, order.speaker.staff_id, "")
    return None if refusal is not None else order.say("task_done", task=task)
