"""Words behind a task's code that are no command: they end the task only where they say what was found, or what its kind asks for."""

from __future__ import annotations

import re

from bot.dialogs.officer_tasks import confirm, done, under_way
from bot.dialogs.officer_visits import visited
from bot.dialogs.order import Order
from bot.replies import Told, read_meant, told_of_task
from bot.replies.visit import NOBODY, read_visit
from cases.declining import ISSUE
from cases.finishing import weighs_words
from cases.visits import is_visit
from cases.words import words

_OTHER_DIGIT = re.compile(r"[0-9]+(?:\s|$)|[124](?![0-9])")
"""A digit of another command in front of words that it contradicts, or none that there is."""


async def in_words(order: Order) -> str:
    """A code alone, a question, or what nobody can tell, is asked back; what is under way is progress; an account is the result."""
    task, said = order.given, order.said
    if not said:
        return order.unclear(task)
    if task.kind == ISSUE and words().why_not_issued(said) is not None:
        return await done(order)
    told, says_done = told_of_task(said), said != order.reading.text
    if told is Told.QUESTION or _OTHER_DIGIT.match(said if says_done else order.reading.text):
        return order.unclear(task)
    if told is Told.UNDER_WAY:
        return order.unclear(task) if says_done else await under_way(order)
    if await is_visit(order.work, task):
        is_over = told is Told.ACCOUNT or "visit" in task.facts or NOBODY in read_visit(said, order.speaker.today).found
        return await visited(order) if is_over else await _not_over(order, told, says_done=says_done)
    if weighs_words(task.kind, said) or (not task.facts.get("urgent") and (told is Told.ACCOUNT or _says_what_was_meant(order))):
        return await done(order)
    return await _not_over(order, told, says_done=says_done)


def _says_what_was_meant(order: Order) -> bool:
    """Whoever reads a family's text in place of the bot ends that with what it meant."""
    speaker = order.speaker
    return order.given.inbound_id is not None and read_meant(order.said, speaker.today, speaker.school_year) is not None


async def _not_over(order: Order, told: Told, *, says_done: bool) -> str:
    """An alarm about a child is ended by a plain word for "done" alone: an account of it is progress."""
    return order.unclear(order.given) if told is Told.UNCLEAR or says_done else await under_way(order)


async def decided(order: Order) -> str | None:
    """A yes or no is the result where it decides something, or says of what; it ends no alarm."""
    task, reading = order.given, order.reading
    if task.facts.get("urgent") or not (reading.command == "confirm" or reading.text or weighs_words(task.kind, order.said)):
        return order.unclear(task)
    return await (confirm if reading.command == "confirm" else done)(order)
