"""One open question per contact: who has to wait, and what a newer question replaces or ends."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.outbox.claim import Due
from bot.outbox.policy import DeliveryPolicy
from storage.tables import Contact, Question

SUBJECTS = ("case_id", "sheet_id", "student_id")
NEVER_BLOCKS = "task"  # an officer's tasks are told apart by their codes

FOLLOW_UPS = ("help", "where", "school", "until")
"""What is asked further after a family's answer. It makes nobody wait: a question of any other kind ends it."""


def same_subject(question: Question, intent: Due) -> bool:
    """Whether the new question takes the older one's place."""
    is_task = (question.kind == NEVER_BLOCKS, intent.question == NEVER_BLOCKS)
    names = ("task_id",) if all(is_task) else () if any(is_task) else SUBJECTS
    return any(getattr(intent, name) is not None and getattr(question, name) == getattr(intent, name) for name in names)


def gives_way(question: Question, intent: Due) -> bool:
    """Whether a follow-up ends because something else is asked."""
    return question.kind in FOLLOW_UPS and intent.question not in {NEVER_BLOCKS, *FOLLOW_UPS}


class OpenQuestions:
    """What is asked and unanswered at the contacts of a batch, including what the batch itself asks."""

    def __init__(self, policy: DeliveryPolicy, now: datetime) -> None:
        self._policy = policy
        self._now = now
        self._open: dict[int, list[Question]] = defaultdict(list)

    async def load(self, session: AsyncSession, contact_ids: Iterable[int]) -> None:
        """Locks the contacts, so that no other worker asks there at the same time, and ends what has expired."""
        wanted = sorted(set(contact_ids))
        if not wanted:
            return
        await session.execute(select(Contact.id).where(Contact.id.in_(wanted)).order_by(Contact.id).with_for_update())
        for question in await session.scalars(select(Question).where(Question.contact_id.in_(wanted), Question.state == "open")):
            if question.expires_at <= self._now:
                self._end(question, "expired")
            else:
                self._open[question.contact_id].append(question)

    def blocking(self, contact_id: int, intent: Due) -> Question | None:
        """The open question for which this one has to wait. Safety and answers in a running talk do not wait."""
        if intent.question == NEVER_BLOCKS or intent.urgency == "safety" or intent.contact_id is not None:
            return None
        blocking = [row for row in self._open[contact_id] if row.kind not in {NEVER_BLOCKS, *FOLLOW_UPS}]
        others = [row for row in blocking if not same_subject(row, intent)]
        return others[0] if others else None

    def ask(self, contact_id: int, intent: Due) -> Question:
        """Opens the question; an older one about the same, or one that gives way to it, is withdrawn. Its message is set by the caller."""
        for older in [row for row in self._open[contact_id] if same_subject(row, intent) or gives_way(row, intent)]:
            self._end(older, "withdrawn")
            self._open[contact_id].remove(older)
        links = {name: getattr(intent, name) for name in (*SUBJECTS, "task_id", "notice_id", "person_id", "area_code", "facts")}
        question = Question(
            contact_id=contact_id, kind=intent.question, intent_id=intent.id, state="open",
            asked_at=self._now, expires_at=self._expiry(intent), **links,
        )  # fmt: skip
        self._open[contact_id].append(question)
        return question

    def _expiry(self, intent: Due) -> datetime:
        given = intent.facts.get("question_expires")
        return datetime.fromisoformat(given) if given else self._now + self._policy.question_life

    def _end(self, question: Question, state: str) -> None:
        question.state = state
        question.ended_at = self._now
