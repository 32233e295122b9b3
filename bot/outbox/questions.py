"""One open question per contact: who has to wait, and what a newer question replaces or ends."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.outbox.claim import Due
from bot.outbox.policy import DeliveryPolicy
from storage.rows import insert_rows, new_ids, update_rows
from storage.tables import Question

SUBJECTS = ("case_id", "sheet_id", "student_id")
NEVER_BLOCKS = "task"  # an officer's tasks are told apart by their codes

SIDE_BY_SIDE = ("sheet", "boarding", "pick")
"""A teacher's classes, told apart by their names; and what is asked back about one of them."""
FOLLOW_UPS = ("help", "where", "school", "until")
"""What is asked further after a family's answer. It makes nobody wait: a question of any other kind ends it."""
LESSON = "lesson"
"""Whether the teacher came: asked only where nothing else is open, and over as soon as anything else is asked. It makes nobody wait."""
ASIDE = "still_you"
"""The monthly question to those who answer for a place: it waits for nothing, and nothing waits for it."""


@dataclass(slots=True)
class Asked:
    """A question as it is stored; one that the batch asks gets its `id` when it is written."""

    id: int
    contact_id: int
    person_id: int | None
    area_code: str
    kind: str
    intent_id: int | None
    message_id: int | None
    case_id: int | None
    student_id: int | None
    sheet_id: int | None
    task_id: int | None
    notice_id: int | None
    facts: dict[str, Any]
    state: str
    asked_at: datetime
    expires_at: datetime
    ended_at: datetime | None


COLUMNS = [Question.__table__.c[name] for name in Asked.__slots__]
UNWRITTEN = 0


def same_subject(question: Asked, intent: Due) -> bool:
    """Whether the new question takes the older one's place."""
    is_task = (question.kind == NEVER_BLOCKS, intent.question == NEVER_BLOCKS)
    names = ("task_id",) if all(is_task) else () if any(is_task) else SUBJECTS
    return any(getattr(intent, name) is not None and getattr(question, name) == getattr(intent, name) for name in names)


def has_waited(intent: Due, now: datetime) -> bool:
    """Whether half of its time has passed: what a family does not answer must not keep it from being asked about another child."""
    return intent.expires_at - now <= now - intent.due_at


def gives_way(question: Asked, intent: Due) -> bool:
    """Whether a follow-up, or the question about a visit, ends because something else is asked."""
    if question.kind == LESSON:
        return intent.question not in {NEVER_BLOCKS, ASIDE, LESSON}
    return question.kind in FOLLOW_UPS and intent.question not in {NEVER_BLOCKS, ASIDE, *FOLLOW_UPS}


def _replaces(question: Asked, intent: Due) -> bool:
    return question.kind == intent.question and same_subject(question, intent)


class OpenQuestions:
    """What is asked and unanswered at the contacts of a batch, including what the batch itself asks."""

    def __init__(self, policy: DeliveryPolicy, now: datetime) -> None:
        self._policy = policy
        self._now = now
        self._open: dict[int, list[Asked]] = defaultdict(list)
        self._asked: list[Asked] = []
        self._ended: list[Asked] = []

    async def load(self, session: AsyncSession, contact_ids: Iterable[int]) -> None:
        """At contacts that are locked, so that no other worker asks there at the same time; what has expired is ended."""
        wanted = list(set(contact_ids))
        if not wanted:
            return
        rows = await session.execute(select(*COLUMNS).where(Question.contact_id == func.any(wanted), Question.state == "open"))
        for question in (Asked(*row) for row in rows):
            if question.expires_at <= self._now:
                self._end(question, "expired")
            else:
                self._open[question.contact_id].append(question)

    async def write(self, session: AsyncSession) -> None:
        """Stores those that ended and those that are asked."""
        ended = [question for question in self._ended if question.id != UNWRITTEN]
        ends = [{"id": question.id, "state": question.state, "ended_at": question.ended_at} for question in ended]
        await update_rows(session, Question.__tablename__, ends)
        for question, new_id in zip(self._asked, await new_ids(session, Question.__tablename__, len(self._asked)), strict=True):
            question.id = new_id
        rows = [{name: getattr(question, name) for name in Asked.__slots__} for question in self._asked]
        await insert_rows(session, Question.__tablename__, rows)

    def blocking(self, contact_id: int, intent: Due) -> Asked | None:
        """The open question for which this one has to wait. Safety and answers in a running talk do not wait, and nothing until it is lost.

        Nor does a reminder wait for what its own question was asked together with: two children of one message would wait for each other.
        """
        if intent.question in {NEVER_BLOCKS, ASIDE} or intent.urgency == "safety" or intent.contact_id is not None:
            return None
        if intent.question == LESSON:
            others = [row for row in self._open[contact_id] if row.kind not in {NEVER_BLOCKS, ASIDE}]
            return next((row for row in others if not _replaces(row, intent)), None)
        if has_waited(intent, self._now):
            return None
        beside = SIDE_BY_SIDE if intent.question in SIDE_BY_SIDE else ()
        blocking = [row for row in self._open[contact_id] if row.kind not in {NEVER_BLOCKS, ASIDE, LESSON, *FOLLOW_UPS, *beside}]
        together = {row.message_id for row in blocking if same_subject(row, intent)} - {None}
        return next((row for row in blocking if not same_subject(row, intent) and row.message_id not in together), None)

    def ask(self, contact_id: int, intent: Due) -> Asked:
        """Opens the question; an older one about the same, or one that gives way to it, is withdrawn. Its message is set by the caller."""
        for older in [row for row in self._open[contact_id] if same_subject(row, intent) or gives_way(row, intent)]:
            self._end(older, "withdrawn")
            self._open[contact_id].remove(older)
        question = Asked(
            id=UNWRITTEN, contact_id=contact_id, person_id=intent.person_id, area_code=intent.area_code, kind=intent.question or "",
            intent_id=intent.id, message_id=None, case_id=intent.case_id, student_id=intent.student_id, sheet_id=intent.sheet_id,
            task_id=intent.task_id, notice_id=intent.notice_id, facts=intent.facts,
            state="open", asked_at=self._now, expires_at=self._expiry(intent), ended_at=None,
        )  # fmt: skip
        self._open[contact_id].append(question)
        self._asked.append(question)
        return question

    def _expiry(self, intent: Due) -> datetime:
        given = intent.facts.get("question_expires")
        return datetime.fromisoformat(given) if given else self._now + self._policy.question_life

    def _end(self, question: Asked, state: str) -> None:
        question.state = state
        question.ended_at = self._now
        self._ended.append(question)
