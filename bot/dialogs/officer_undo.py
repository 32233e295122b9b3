"""An officer takes the last step on a task back: 不对, 转错了; what is written behind it is done instead."""

from __future__ import annotations

from dataclasses import replace

from bot.dialogs.order import Order
from bot.replies import OfficerReading, read_officer
from bot.replies.lexicon import lexicon
from bot.replies.normalise import tidy
from bot.replies.sheet_corrections import without_correction
from cases.undoing import newest_step, take_back
from storage.tables import Task


async def take_step_back(order: Order) -> Order | str | None:
    """The order that stands in place of the step, or a word for what was answered; None where no step was taken just now.

    What is done stays done: somebody has acted upon it.
    """
    rest, is_denied, _ = without_correction(tidy(order.inbound.body))
    work, speaker = order.work, order.speaker
    instead = read_officer(rest, codes={task.code for task in speaker.tasks}, today=speaker.today)
    if not is_denied or order.reading.code is not None or not _is_of_a_step(rest, instead):
        return None
    step = await newest_step(work, speaker.plan, speaker.staff_id)
    if step is None:
        return None
    order = replace(order, task=await work.session.get_one(Task, step))
    if await take_back(work, speaker.plan, step, speaker.staff_id) is not None:
        return order.refuse("step_stands")
    if instead.command in {"unknown", "acknowledge"} or instead.code not in {None, order.given.code}:
        return order.say("step_taken_back", task=order.given)
    return replace(order, reading=instead)


def _is_of_a_step(rest: str, instead: OfficerReading) -> bool:
    """Nothing else, another step, or that it is not done; 更正 5没来 is of a sheet."""
    return not rest or instead.command != "unknown" or lexicon().officer["undone"].search(rest) is not None
