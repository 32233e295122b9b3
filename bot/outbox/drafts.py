"""The messages and questions that a batch produces, written together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from bot.outbox.address import Route
from bot.outbox.claim import Due
from bot.outbox.questions import Asked, OpenQuestions
from bot.outbox.senders import queue_name
from bot.outbox.words import Words
from storage import queue
from storage.rows import insert_rows, new_ids, update_rows
from storage.tables import Contact, Message
from storage.work import Work


class Drafts:
    """Collects, then writes in a few statements."""

    def __init__(self, work: Work, questions: OpenQuestions) -> None:
        self._work = work
        self._questions = questions
        self._messages: dict[tuple[int, str], dict[str, Any]] = {}
        self._said: list[tuple[Due, dict[str, Any], Asked | None]] = []
        self._waiting: list[tuple[Due, Asked]] = []
        self._known: dict[int, int] = {}

    def wait(self, intent: Due, blocker: Asked) -> None:
        """The intent stays pending until the other question has ended."""
        self._waiting.append((intent, blocker))

    def says(self, route: Route, words: Words) -> bool:
        """Whether this contact reads these words already: two who share a phone read them once."""
        return (route.reach.contact_id, words.body) in self._messages

    def add(self, intents: Sequence[Due], route: Route, words: Words, questions: Sequence[Asked | None]) -> None:
        """One message that says these intents and asks their questions."""
        key = (route.reach.contact_id, words.body)
        if key not in self._messages:
            self._messages[key] = self._message(intents, route, words)
            if route.reach.sender_id != route.line.sender_id:
                self._known[route.reach.contact_id] = route.line.sender_id
        message = self._messages[key]
        message["expires_at"] = min(message["expires_at"], *(intent.expires_at for intent in intents))
        self._said += [(intent, message, question) for intent, question in zip(intents, questions, strict=True)]

    def _message(self, intents: Sequence[Due], route: Route, words: Words) -> dict[str, Any]:
        first = intents[0]
        return {
            "sender_id": route.line.sender_id, "channel": route.line.capabilities.name, "contact_id": route.reach.contact_id,
            "person_id": first.person_id, "area_code": first.area_code, "urgency": first.urgency, "template": words.template,
            "body": words.body, "parts": words.parts, "options": words.options, "values": words.values,
            "recording_id": words.recording_id, "is_answer": first.contact_id == route.reach.contact_id, "state": "queued",
            "queued_at": self._work.now, "expires_at": min(intent.expires_at for intent in intents), "tries": 0,
        }  # fmt: skip

    async def write(self) -> None:
        """Writes messages, then the questions that point to them, then puts the messages on their queues."""
        session, messages = self._work.session, list(self._messages.values())
        for message, message_id in zip(messages, await new_ids(session, Message.__tablename__, len(messages)), strict=True):
            message["id"] = message_id
        await insert_rows(session, Message.__tablename__, messages)
        await update_rows(session, Contact.__tablename__, [{"id": key, "sender_id": known} for key, known in sorted(self._known.items())])
        await self._ask()
        await enqueue(self._work, [(message["sender_id"], message["urgency"], message["id"]) for message in messages])

    async def _ask(self) -> None:
        for intent, message, question in self._said:
            intent.state, intent.message_id, intent.waits_for, intent.reason = "queued", message["id"], None, None
            if question is not None:
                question.message_id = message["id"]
        await self._questions.write(self._work.session)
        for intent, blocker in self._waiting:
            intent.waits_for = blocker.id


async def enqueue(work: Work, messages: Iterable[tuple[int, str, int]]) -> None:
    """Puts messages (sender, urgency, id) on the queues of their senders and urgencies."""
    by_queue: dict[str, list[int]] = defaultdict(list)
    for sender_id, urgency, message_id in messages:
        by_queue[queue_name(sender_id, urgency)].append(message_id)
    for name, ids in by_queue.items():
        await queue.send_ids(work.session, name, "message_id", ids)
