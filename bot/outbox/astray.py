"""Whether a message has lost its reader while it waited: the number is a stranger's by now, or its reader wants no publicity."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ColumnElement, and_, exists, or_

from cases.responsible import usable
from storage.tables import Consent, Contact, Message, PersonContact


def is_astray(today: date) -> ColumnElement[bool]:
    """Of a message that is joined with its contact. An answer goes back to whoever wrote."""
    theirs = exists().where(PersonContact.person_id == Message.person_id, PersonContact.contact_id == Contact.id, *usable(today))
    refused = exists().where(Consent.person_id == Message.person_id, Consent.given.is_(False), Consent.at > Message.queued_at)
    addressed = and_(Message.is_answer.is_(False), Message.person_id.is_not(None))
    return or_(and_(addressed, ~theirs), and_(Message.urgency == "bulk", refused))
