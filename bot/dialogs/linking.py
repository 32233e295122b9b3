"""A chat tells us nothing but a number of its own: whose it is, its owner shows by a code or by their phone number."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import func, select

from bot.dialogs.speaker import Speaker
from bot.replies.normalise import tidy
from cases.linking import LENGTH, LETTERS, link_by_code, link_by_phone
from cases.strangers import desk_of_stranger
from storage.crypto import Cipher
from storage.tables import Contact, Inbound, Person
from storage.work import Work

START = "/START"
CODE = re.compile(f"[{LETTERS}]{{{LENGTH}}}")
GAPS = re.compile(r"[\s-]+")
WITHIN = timedelta(hours=1)
MOST = {"link_help": 1, "link_unlisted": 1, "link_wrong": 5}
"""How often each is said to a chat within an hour; after so many wrong codes none is looked at any more."""


async def hear_linking(work: Work, inbound: Inbound, cipher: Cipher, speaker: Speaker) -> str | None:
    """Links the chat, where the text is meant for that; None when it is to be heard as any other."""
    if inbound.kind == "phone":
        return None
    linked = await _link(work, inbound, cipher)
    if linked:
        return _welcome(work, inbound, speaker, linked)
    if not _is_start(inbound):
        return None
    if speaker.people and _code(inbound) is None:
        known = [await work.session.get_one(Person, person_id) for person_id in speaker.people]
        return _welcome(work, inbound, speaker, known)
    return await offer_linking(work, inbound, speaker) or "link_silent"


async def offer_linking(work: Work, inbound: Inbound, speaker: Speaker) -> str | None:
    """Says how a chat becomes somebody's, or why it has not just now; None where that was said often enough, or it is no chat."""
    if inbound.kind == "phone":
        return None
    template = "link_unlisted" if inbound.phone_index else "link_wrong" if _code(inbound) else "link_help"
    if await _told(work, inbound, template) >= MOST[template]:
        return None
    area = (await desk_of_stranger(work, inbound)).place.area_code
    _say(work, inbound, speaker, template, None, area, {})
    return template


async def _link(work: Work, inbound: Inbound, cipher: Cipher) -> list[Person]:
    contact = await work.session.get_one(Contact, inbound.contact_id)
    if inbound.phone_index is not None:
        return await link_by_phone(work, contact, inbound.phone_index)
    code = _code(inbound)
    if code is None or await _told(work, inbound, "link_wrong") >= MOST["link_wrong"]:
        return []
    person = await link_by_code(work, cipher, code, contact)
    return [person] if person is not None else []


def _welcome(work: Work, inbound: Inbound, speaker: Speaker, people: Sequence[Person]) -> str:
    first = people[0]
    inbound.person_id, inbound.area_code = first.id, first.area_code
    _say(work, inbound, speaker, "link_done", first.id, first.area_code, {"names": "、".join(person.name for person in people)})
    return "linked"


def _say(
    work: Work, inbound: Inbound, speaker: Speaker, template: str, person_id: int | None, area_code: str, facts: dict[str, str]
) -> None:
    work.say(
        f"inbound:{inbound.id}:{template}", person_id, template, area_code=area_code, facts=facts,
        expires_at=work.now + speaker.plan.dialogs.answer_life, contact_id=inbound.contact_id,
    )  # fmt: skip


async def _told(work: Work, inbound: Inbound, template: str) -> int:
    """How often this chat's texts were answered with it of late."""
    lately = select(func.count()).where(
        Inbound.contact_id == inbound.contact_id, Inbound.outcome.startswith(template), Inbound.handled_at > work.now - WITHIN
    )
    return await work.session.scalar(lately) or 0


def _is_start(inbound: Inbound) -> bool:
    return _words(inbound)[:1] == [START]


def _code(inbound: Inbound) -> str | None:
    """The code in the text: alone, or after /start (which a link to the bot writes by itself)."""
    words = _words(inbound)
    rest = words[1:] if words[:1] == [START] else words
    written = GAPS.sub("", "".join(rest))
    return written if CODE.fullmatch(written) else None


def _words(inbound: Inbound) -> list[str]:
    return tidy(inbound.body).upper().split()
