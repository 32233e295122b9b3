"""The provider itself has stopped our messages to a number, or resumed them, since its owner said so."""

from __future__ import annotations

from cases import delivery_trouble
from cases.consents import choose_publicity
from cases.contacts import people_at
from storage.tables import Contact, Inbound, Person
from storage.work import Work


async def chosen(work: Work, inbound: Inbound, contact: Contact) -> str | None:
    """Notes the choice; gives its outcome, or None where the text was something else.

    A number that the provider blocks is unusable for statutory messages too: its families are reached another way.
    """
    if inbound.choice == "out":
        return await _stopped(work, inbound, contact)
    if inbound.choice == "in":
        contact.state = "usable"
        await _choose(work, contact, wanted=True)
        return "opt_in"
    return None


async def _stopped(work: Work, inbound: Inbound, contact: Contact) -> str:
    await _choose(work, contact, wanted=False)
    if contact.state == "usable":
        contact.state = "blocked"
        await delivery_trouble.contact_blocked(work, contact_id=contact.id, area_code=inbound.area_code or "")
    return "opt_out"


async def _choose(work: Work, contact: Contact, *, wanted: bool) -> None:
    for person_id in await people_at(work, contact.id):
        person = await work.session.get_one(Person, person_id)
        await choose_publicity(work, person_id, wanted=wanted, source="provider", area_code=person.area_code)
