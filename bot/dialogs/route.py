"""Whose dialog a text belongs to: a teacher's sheet, an officer's task, a family's reply, or nobody's that we know."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from bot.dialogs.complaining import hear_complaint
from bot.dialogs.consenting import hear_choice
from bot.dialogs.danger import hear_danger
from bot.dialogs.guardian import hear_guardian
from bot.dialogs.linking import hear_linking, offer_linking
from bot.dialogs.officer import hear_officer, officer_reading
from bot.dialogs.officer_posts import hear_still_you
from bot.dialogs.officer_reports import reads_report
from bot.dialogs.order import quoted_tasks
from bot.dialogs.plain_orders import is_plain_order
from bot.dialogs.pressing import is_answered_before
from bot.dialogs.publicity import hear_publicity
from bot.dialogs.roll import hear_roll
from bot.dialogs.school import hear_school
from bot.dialogs.speaker import Speaker, area_of, speaker_of
from bot.dialogs.staff_unread import count_misses, hear_unread
from bot.dialogs.strangers import say_who_reads
from bot.dialogs.taking_back import is_number_back
from bot.dialogs.talk import OF_FAMILIES
from bot.dialogs.teacher import hear_teacher
from bot.inbox.handle import Route
from bot.replies import may_accuse_school
from bot.replies.report import asked_place
from cases.posts.checks import QUESTION
from cases.triage import unknown_sender
from storage.crypto import Cipher
from storage.tables import Inbound
from storage.work import Work

BEYOND_DOUBT = {"activity", "refer", "unrefer"}
"""Words that only somebody responsible writes, whatever was asked last."""
Hear = Callable[[Work, Inbound, Speaker], Awaitable[str | None]]


def route(cipher: Cipher) -> Route:
    """How texts find their dialog. The cipher knows the codes again by which people make a chat their own."""
    return partial(_route, cipher=cipher)


async def _route(work: Work, inbound: Inbound, cipher: Cipher) -> str:
    """Understands one text and returns in a word what became of it. Nothing is ever dropped: the last resort is a person."""
    speaker = await speaker_of(work, inbound)
    linked = await hear_linking(work, inbound, cipher, speaker)
    if linked is not None:
        return linked
    if await is_number_back(work, inbound, speaker):
        speaker = await speaker_of(work, inbound)
    if not speaker.people:
        chosen = await hear_choice(work, inbound, speaker)
        if chosen is not None:
            return chosen
        await hear_danger(work, inbound, speaker)
        if await hear_complaint(work, inbound, speaker):
            return "complaint"
        task = await unknown_sender(work, inbound, accuses=may_accuse_school(inbound.body))
        await say_who_reads(work, inbound, speaker, task, cipher)
        return await offer_linking(work, inbound, speaker) or "unknown_sender"
    area_code = await area_of(work, speaker.person_id)
    inbound.person_id, inbound.area_code = speaker.person_id, area_code
    if await is_answered_before(work, inbound, speaker):
        return "answered_before"
    chosen = await hear_choice(work, inbound, speaker) or await hear_still_you(work, inbound, speaker)
    if chosen is not None:
        return chosen
    if (seen := await hear_publicity(work, inbound, speaker)) is not None:
        return seen
    order = [hear_roll, hear_officer] if await _is_for_officer(work, inbound, speaker) else await _order(work, inbound, speaker)
    is_alarm = order != [hear_guardian] and await hear_danger(work, inbound, speaker)
    for hear in order:
        outcome = await hear(work, inbound, speaker)
        if outcome is not None:
            if hear is not hear_guardian:
                await count_misses(work, speaker, outcome)
            return outcome
    outcome = await hear_unread(work, inbound, speaker, is_alarm=is_alarm)
    await count_misses(work, speaker, outcome)
    return outcome


async def _is_for_officer(work: Work, inbound: Inbound, speaker: Speaker) -> bool:
    """A photograph of somebody responsible, a word on a report or a post, or what answers a task's message (a pressed button)."""
    if speaker.staff and (inbound.photo or reads_report(inbound, speaker) or asked_place(inbound.body) is not None):
        return True
    return bool(await quoted_tasks(work, inbound, speaker))


async def _order(work: Work, inbound: Inbound, speaker: Speaker) -> list[Hear]:
    """A code names an officer's task beyond doubt; else whoever was asked last is heard first."""
    family: list[Hear] = [hear_guardian] if speaker.children else []
    if not speaker.staff and not speaker.tasks:
        return family
    reading = officer_reading(inbound, speaker)
    if reading.code is not None or reading.command in BEYOND_DOUBT:
        return [hear_roll, hear_officer]
    last = next((question.kind for question in speaker.questions if question.kind != QUESTION), None)
    sheet_first = last in {None, "sheet", "boarding", "pick"} and not await is_plain_order(work, inbound, speaker, reading)
    staff: list[Hear] = [hear_roll, hear_school, *((hear_teacher, hear_officer) if sheet_first else (hear_officer, hear_teacher))]
    return [*family, *staff] if last in OF_FAMILIES else [*staff, *family]
