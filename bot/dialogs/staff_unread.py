"""What a colleague writes and nobody can read: the first time they are told what can be written, the second time a person reads it.

Thanks are no such text, and need no answer.
"""

from __future__ import annotations

from bot.dialogs.answering import answer
from bot.dialogs.clarifying import MOST_MISSES
from bot.dialogs.order import lines_of
from bot.dialogs.phrases import example_of, phrase
from bot.dialogs.speaker import Speaker
from bot.replies.lexicon import lexicon
from bot.replies.normalise import simplified, tidy
from cases.safety import alarm_readers
from cases.staff_letters import reader_of, staff_letter, writer_of
from cases.triage import known_unread
from storage.tables import Contact, Inbound
from storage.work import Work

HINT = "staff_hint"
MISSED = {HINT, "sheet_unread", "sheet_missing"}
"""What became of a text of which nothing could be read."""


async def missed_before(work: Work, speaker: Speaker) -> bool:
    """Whether the text before this one could not be read either."""
    return (await work.session.get_one(Contact, speaker.contact_id)).misses + 1 >= MOST_MISSES


async def count_misses(work: Work, speaker: Speaker, outcome: str) -> None:
    """A text that was read, or that a person reads, begins the count anew."""
    contact = await work.session.get_one(Contact, speaker.contact_id)
    contact.misses = contact.misses + 1 if outcome in MISSED else 0


async def hear_unread(work: Work, inbound: Inbound, speaker: Speaker, *, is_alarm: bool) -> str:
    """The last resort. Gives what became of the text in a word. `is_alarm`: it has raised one; whoever raised it is told who has it."""
    area_code = inbound.area_code or ""
    if not speaker.staff and not speaker.tasks:
        await known_unread(work, inbound, area_code)
        return "handed_over"
    if lexicon().officer["thanks"].search(simplified(tidy(inbound.body).lower())):
        return "thanks"  # nothing was asked, and nobody need read it
    is_second = await missed_before(work, speaker)
    if is_alarm and not is_second:
        who = await alarm_readers(work, speaker.plan, inbound.id, but=speaker.staff_id)
        answer(work, inbound, speaker, "alarm_passed", area_code=area_code, person_id=speaker.staff_id, facts={"who": who})
        return "safety"
    facts = {"hint": _hint(inbound.body, speaker)}
    outcome, template = HINT, HINT
    if is_second:
        by = speaker.staff_id
        task = await staff_letter(work, inbound, by, await writer_of(work, speaker.plan, by, speaker.staff), area_code)
        outcome, template, facts = "handed_over", "staff_passed", {"who": await reader_of(work, speaker.plan, task)}
    elif speaker.tasks:
        facts["lines"] = await lines_of(work, speaker)
    answer(work, inbound, speaker, template, area_code=area_code, person_id=speaker.staff_id, facts=facts)
    return outcome


def _hint(body: str, speaker: Speaker) -> str:
    """The way of writing that the text comes nearest to; of a task first where one is open."""
    plain = simplified(tidy(body))
    for about in ("leave", "search"):
        if lexicon().officer[f"about_{about}"].search(plain):
            return phrase(f"staff_hint.{about}")
    if speaker.tasks:
        return _hint_of(speaker)
    return phrase("staff_hint.sheet" if any(row.class_id is not None for row in speaker.staff) else "staff_hint.orders")


def _hint_of(speaker: Speaker) -> str:
    """How the first of their tasks is answered; putting it off is named only where that is allowed."""
    task = speaker.tasks[0]
    hint = phrase("staff_hint.task", example=example_of(task))
    is_free = task.kind not in speaker.plan.postponing.never and not task.facts.get("urgent")
    return hint + (phrase("staff_hint.later", code=task.code) if is_free else "")
