"""An officer takes the last step on a task back: 不对, 转错了; what is written behind it is done instead."""

from __future__ import annotations

from dataclasses import replace

from bot.dialogs.order import Order
from bot.replies import read_officer
from bot.replies.normalise import tidy
from bot.replies.sheet_corrections import without_correction
from cases.undoing import newest_step, take_back
from storage.tables import Task


async def take_step_back(order: Order) -> Order | str | None:
    """The order that stands in place of the step, or a word for what was answered; None where no step was taken just now.

    What is done stays done: somebody has acted upon it.
    """
    rest, is_denied, _ = without_correction(tidy(order.inbound.body))
    if not is_denied or order.reading.code is not None:
        return None
    work, speaker = order.work, order.speaker
    step = await newest_step(work, speaker.plan, speaker.staff_id)
    if step is None:
        return None
    order = replace(order, task=await work.session.get_one(Task, step))
    if await take_back(work, speaker.plan, step, speaker.staff_id) is not None:
        return order.refuse("step_stands")
    instead = read_officer(rest, codes={order.given.code}, today=speaker.today)
    if instead.command in {"unknown", "acknowledge"}:
        return order.say("step_taken_back", task=order.given)
    return replace(order, reading=instead)
