"""Staff say what a reply really meant. Kept and listed for the next version of the lexicon; nothing is read otherwise for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from storage.tables import GuardianAnswer, Inbound, ReplyCorrection, Task
from storage.work import Work

UNREAD = "unknown"


@dataclass(frozen=True)
class Corrected:
    """A reply, what it was read as, and what it meant. Holds a family's words."""

    at: datetime
    area_code: str
    text: str
    read_as: str
    read_on: date | None
    meant: str
    meant_on: date | None


async def correct_reply(work: Work, task: Task, *, by: int, meant: str, on: date | None) -> ReplyCorrection | None:
    """Records what the reply behind this task meant; None where there is no reply behind it."""
    if task.inbound_id is None:
        return None
    newest = select(GuardianAnswer).where(GuardianAnswer.inbound_id == task.inbound_id).order_by(GuardianAnswer.id.desc()).limit(1)
    read = await work.session.scalar(newest)
    correction = ReplyCorrection(
        inbound_id=task.inbound_id, student_id=task.student_id, read_as=read.intent if read else UNREAD,
        read_on=read.promised_on if read else None, meant=meant, meant_on=on, by_person_id=by, at=work.now, area_code=task.area_code,
    )  # fmt: skip
    work.session.add(correction)
    work.record("reply_corrected", f"inbound:{task.inbound_id}", area_code=task.area_code, actor=f"person:{by}", meant=meant)
    return correction


async def corrections(work: Work, area_code: str = "") -> list[Corrected]:
    """Those of an area, oldest first."""
    query = (
        select(ReplyCorrection, Inbound.body)
        .join(Inbound, Inbound.id == ReplyCorrection.inbound_id)
        .where(ReplyCorrection.area_code.startswith(area_code))
        .order_by(ReplyCorrection.id)
    )
    return [
        Corrected(one.at, one.area_code, body, one.read_as, one.read_on, one.meant, one.meant_on)
        for one, body in await work.session.execute(query)
    ]
