"""Somebody whom nobody knows is told once a day who reads what they write, and by when; a machine is told nothing."""

from __future__ import annotations

from bot.dialogs.promising import promise
from bot.dialogs.speaker import Speaker
from storage.crypto import Cipher
from storage.tables import Inbound, Task
from storage.work import Work

SHORTEST = 7
"""Digits of a number that a person may have; shorter ones are services, as are those that begin with 106."""
SERVICES = "106"


async def say_who_reads(work: Work, inbound: Inbound, speaker: Speaker, task: Task | None, cipher: Cipher) -> None:
    """By phone only: a chat is told how it becomes its owner's (`offer_linking`)."""
    if inbound.kind != "phone" or _is_machine(cipher.decrypt(inbound.address_encrypted)):
        return
    facts = await promise(work, speaker, task)
    if task is None or not facts:
        return
    work.say(
        f"stranger:{inbound.contact_id}:{speaker.today}", None, "letter_received", area_code=task.area_code, facts=facts,
        expires_at=work.now + speaker.plan.dialogs.answer_life, contact_id=inbound.contact_id,
    )  # fmt: skip


def _is_machine(number: str) -> bool:
    plain = number.removeprefix("+86").removeprefix("+")
    return not plain.isdigit() or len(plain) < SHORTEST or plain.startswith(SERVICES)
