"""Counts what a played month left in the database: nothing may be lost, nothing said twice."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Select, exists, func, select

from cases.tasks import LIVING
from storage.tables import Attempt, CaseFile, Inbound, Intent, Message, Task, TaskHolder, is_waiting
from storage.work import Work

ARRIVED = ("sent", "delivered", "answered")


@dataclass(frozen=True)
class Tally:
    """`lost`: texts in that nobody handled, messages that neither arrived nor ended in a decision, open cases without an owner.

    `twice`: messages that a provider took more than once, intents said more than once.
    """

    messages: int
    replies: int
    cases: int
    closed: int
    lost: int
    twice: int

    def __str__(self) -> str:
        return (
            f"story: {self.messages} messages, {self.replies} replies, {self.cases} cases, {self.closed} closed, "
            f"{self.lost} lost, {self.twice} twice"
        )


async def count(work: Work) -> Tally:
    """Everything, as it stands now."""
    return Tally(
        messages=await _number(work, select(Message.id).where(Message.state.in_(ARRIVED))),
        replies=await _number(work, select(Inbound.id)),
        cases=await _number(work, select(CaseFile.id)),
        closed=await _number(work, select(CaseFile.id).where(CaseFile.state == "closed")),
        lost=sum([await _number(work, query) for query in _lost(work)]),
        twice=sum([await _number(work, query) for query in _twice()]),
    )


async def _number(work: Work, query: Select[int]) -> int:
    return await work.session.scalar(select(func.count()).select_from(query.subquery())) or 0


def _lost(work: Work) -> list[Select[int]]:
    owned = exists().where(Task.case_id == CaseFile.id, Task.state.in_(LIVING), TaskHolder.task_id == Task.id, TaskHolder.until.is_(None))
    return [
        select(Inbound.id).where(Inbound.handled_at.is_(None)),
        select(Intent.id).where(Intent.state == "pending", Intent.expires_at < work.now),
        select(Message.id).where(Message.state == "failed"),
        select(Message.id).where(is_waiting(), Message.expires_at < work.now),
        select(CaseFile.id).where(CaseFile.state == "open", ~owned),
    ]


def _twice() -> list[Select[int]]:
    accepted = select(Attempt.message_id).where(Attempt.outcome == "accepted").group_by(Attempt.message_id).having(func.count() > 1)
    texts = select(func.min(Message.id)).where(Message.state.in_(ARRIVED)).group_by(Message.contact_id, Message.body, Message.queued_at)
    return [accepted, texts.having(func.count() > 1)]
