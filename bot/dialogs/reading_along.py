"""What was understood is not all that was written: a person reads the rest beside it."""

from __future__ import annotations

from bot.dialogs.talk import Talk
from bot.replies import may_accuse_school, unread_words
from cases.triage import show_aside
from storage.tables import Student


async def let_it_be_read(talk: Talk, child: Student) -> None:
    """An act passes by, and a digit hides, words that no rule explains: somebody reads them; the family waits for nobody."""
    speaker, body = talk.speaker, talk.inbound.body
    if unread_words(body, children=talk.named(), today=speaker.today, school=speaker.school_year):
        await show_aside(talk.work, child.id, talk.inbound, county=may_accuse_school(body))
