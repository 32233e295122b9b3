"""The provider itself has stopped our messages to a number, or resumed them, since its owner said so."""

from __future__ import annotations

from bot.replies import choice_in
from cases import delivery_trouble
from cases.consents import choose_at
from storage.tables import Contact, Inbound
from storage.work import Work

PROVIDER_RESUMES = frozenset({"START", "YES", "UNSTOP"})
"""Words upon which Twilio lets our messages through again (twilio.com/docs/messaging/tutorials/opt-out-keywords), told to us or not."""


async def chosen(work: Work, inbound: Inbound, contact: Contact) -> str | None:
    """Notes the choice; gives its outcome, or None where the text is to be heard as any other.

    A number that the provider blocks is unusable for statutory messages too: its families are reached another way. Letting a bot in
    again says nothing of publicity: only a written word asks for it.
    """
    if inbound.choice == "out":
        return await _stopped(work, inbound, contact)
    if inbound.choice == "in":
        contact.state = "usable"
        if inbound.body.strip():
            await choose_at(work, contact, wanted=True, source="provider")
        return "opt_in"
    if contact.state == "blocked" and _lets_us_in(inbound):
        contact.state = "usable"
    return None


def _lets_us_in(inbound: Inbound) -> bool:
    """Nobody can write to a bot that they block; a phone can, and stays blocked until its owner says the word."""
    word = inbound.body.strip().upper()
    return inbound.kind != "phone" or word in PROVIDER_RESUMES or choice_in(inbound.body, after_publicity=False) == "opt_in"


async def _stopped(work: Work, inbound: Inbound, contact: Contact) -> str:
    await choose_at(work, contact, wanted=False, source="provider")
    if contact.state == "usable":
        contact.state = "blocked"
        await delivery_trouble.contact_blocked(work, contact_id=contact.id, area_code=inbound.area_code or "")
    return "opt_out"
