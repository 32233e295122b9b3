"""Staff say what a reply really meant. Kept and listed for the next version of the lexicon; nothing is read otherwise for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, select

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


@dataclass(frozen=True)
class Reply:
    """A family's text, about whom it is, and whose area keeps what it meant."""

    inbound_id: int
    student_id: int | None
    area_code: str


def reply_behind(task: Task) -> Reply | None:
    """None where the task came from no text."""
    return Reply(task.inbound_id, task.student_id, task.area_code) if task.inbound_id is not None else None


async def correct_reply(work: Work, reply: Reply, *, by: int, meant: str, on: date | None) -> None:
    """Records what the reply meant."""
    read = await work.session.scalar(_read_as(reply))
    work.session.add(ReplyCorrection(
        inbound_id=reply.inbound_id, student_id=reply.student_id, read_as=read.intent if read else UNREAD,
        read_on=read.promised_on if read else None, meant=meant, meant_on=on, by_person_id=by, at=work.now, area_code=reply.area_code,
    ))  # fmt: skip
    work.record("reply_corrected", f"inbound:{reply.inbound_id}", area_code=reply.area_code, actor=f"person:{by}", meant=meant)


def _read_as(reply: Reply) -> Select[GuardianAnswer]:
    """What the text was understood to say of the child last."""
    read = select(GuardianAnswer).where(GuardianAnswer.inbound_id == reply.inbound_id).order_by(GuardianAnswer.id.desc()).limit(1)
    return read if reply.student_id is None else read.where(GuardianAnswer.student_id == reply.student_id)


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
