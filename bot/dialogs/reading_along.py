"""What was understood is not all that was written: a person reads the rest beside it."""

from __future__ import annotations

from datetime import timedelta

from bot.dialogs.talk import Talk
from bot.replies import is_danger, may_accuse_school, unread_words
from bot.replies.hints import digit_alone
from bot.replies.normalise import normalise
from cases.after_complaint import accused_lately, add_to_complaint
from cases.safety import join_alarm
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


async def tell_searchers(talk: Talk) -> None:
    """Who looks into an alarm about one of these children reads what its family writes further; a new danger has an alarm of its own."""
    body = talk.inbound.body
    if digit_alone(normalise(body)) is None and not is_danger(body, by_signs=True):
        await joins_alarm(talk)


async def joins_alarm(talk: Talk) -> bool:
    """False where nobody looks for a child, or only somebody of the school that the words may accuse."""
    children = [child.id for child in talk.children]
    return await join_alarm(talk.work, children, talk.inbound, only_outside=await is_kept_from_school(talk))


async def is_kept_from_school(talk: Talk) -> bool:
    """Whether it may be said against the school, by itself or because its sender complained of late."""
    return may_accuse_school(talk.inbound.body) or await follows_complaint(talk)


async def follows_complaint(talk: Talk) -> bool:
    """Whether its sender has said something against a school of late: what is not understood then may be about that."""
    after = timedelta(days=talk.speaker.plan.complaints.after_days)
    return await accused_lately(talk.work, talk.inbound, talk.speaker.children, after)
