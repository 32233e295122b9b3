"""An officer's answer lacked its day, or its result: the next text brings it, and both are read as one."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from bot.dialogs.speaker import Speaker
from bot.replies import OfficerReading, Told, read_officer, told_of_task
from bot.replies.visit import read_visit
from storage.tables import Inbound
from storage.work import Work

_RESULTS = frozenset({Told.ACCOUNT, Told.IN_VAIN})


async def completed(work: Work, inbound: Inbound, speaker: Speaker, reading: OfficerReading) -> OfficerReading:
    """ "4", and then "到后天"; "N8 3", and then "没人在家". The reading as it is where it completes nothing."""
    if reading.command != "unknown" or reading.code is not None or inbound.reply_to is not None:
        return reading
    before = await _before(work, inbound, speaker)
    if before is None or not _lacks(before, reading.text, speaker):
        return reading
    whole = _read(f"{before.code or ''} {_DIGIT[before.command]} {inbound.body}", speaker)
    return whole if whole.command == before.command and (whole.until is not None or whole.text) else reading


_DIGIT = {"postpone": "4", "done": "3"}


async def _before(work: Work, inbound: Inbound, speaker: Speaker) -> OfficerReading | None:
    """What was refused just before at this contact."""
    since = work.now - timedelta(minutes=speaker.plan.dialogs.ask_back_minutes)
    earlier = select(Inbound).where(Inbound.contact_id == inbound.contact_id, Inbound.id < inbound.id, Inbound.received_at >= since)
    last = await work.session.scalar(earlier.order_by(Inbound.id.desc()).limit(1))
    return _read(last.body, speaker) if last is not None and last.outcome == "task_refused" else None


def _lacks(before: OfficerReading, more: str, speaker: Speaker) -> bool:
    """Whether a day is missing, or a result that this is."""
    if before.command == "postpone":
        return before.until is None and _read(f"4 {more}", speaker).until is not None
    is_result = told_of_task(more) in _RESULTS or bool(read_visit(more, speaker.today).found)
    return before.command == "done" and not before.text and is_result


def _read(text: str, speaker: Speaker) -> OfficerReading:
    return read_officer(text, codes={task.code for task in speaker.tasks}, today=speaker.today)
