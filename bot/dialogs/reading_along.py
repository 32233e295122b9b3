"""What was understood is not all that was written: a person reads the rest beside it."""

from __future__ import annotations

from datetime import timedelta

from bot.dialogs.talk import Talk
from bot.replies import may_accuse_school, unread_words
from cases.after_complaint import accused_lately, add_to_complaint
from cases.triage import hand_over, show_aside
from storage.tables import Student


async def let_it_be_read(talk: Talk, child: Student) -> None:
    """An act passes by, and a digit hides, words that no rule explains: somebody reads them; the family waits for nobody."""
    speaker, body = talk.speaker, talk.inbound.body
    if unread_words(body, children=talk.named(), today=speaker.today, school=speaker.school_year):
        await show_beside(talk, child)


async def show_beside(talk: Talk, child: Student) -> None:
    """Somebody looks at the words beside what was acted on: with the sender's complaint, where there is one."""
    if not await is_kept_from_school(talk):
        await show_aside(talk.work, child.id, talk.inbound)
    elif await add_to_complaint(talk.work, talk.inbound) is None:
        await hand_over(talk.work, child.id, talk.inbound, county=True)


async def is_kept_from_school(talk: Talk) -> bool:
    """Whether it may be said against the school, by itself or because its sender complained of late."""
    return may_accuse_school(talk.inbound.body) or await follows_complaint(talk)


async def follows_complaint(talk: Talk) -> bool:
    """Whether its sender has said something against a school of late: what is not understood then may be about that."""
    after = timedelta(days=talk.speaker.plan.complaints.after_days)
    return await accused_lately(talk.work, talk.inbound, talk.speaker.children, after)
