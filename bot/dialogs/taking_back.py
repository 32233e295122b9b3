""" "不对" after "wrong number": the number belongs to the family again, before anything else is understood of the text."""

from __future__ import annotations

from sqlalchemy import select

from bot.replies import correction_in
from cases.contacts import restore_contact
from cases.corrections import UNDO_WITHIN
from storage.tables import GuardianAnswer, Inbound
from storage.work import Work

UNDO_KEY = "0"
"""What a keypad has for "不对"; no question of a family offers it."""


async def is_number_back(work: Work, inbound: Inbound) -> bool:
    """Whether the text takes a wrong number back that was said here not long ago; then its person is reached here again.

    The answer itself is taken back where every other one is.
    """
    if correction_in(inbound.body, ()) is None and inbound.body.strip() != UNDO_KEY:
        return False
    said = select(GuardianAnswer).join(Inbound, Inbound.id == GuardianAnswer.inbound_id).where(
        Inbound.contact_id == inbound.contact_id, GuardianAnswer.undone_at.is_(None), GuardianAnswer.at >= work.now - UNDO_WITHIN,
    )  # fmt: skip
    last = await work.session.scalar(said.order_by(GuardianAnswer.id.desc()).limit(1))
    if last is None or last.intent != "wrong_number" or last.person_id is None or inbound.contact_id is None:
        return False
    await restore_contact(work, last.student_id, last.person_id, inbound.contact_id, "wrong_number")
    return True
