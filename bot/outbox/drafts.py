"""The messages and questions that a batch produces, written together."""

from __future__ import annotations

from collections import defaultdict

from bot.outbox.address import Route
from bot.outbox.senders import queue_name
from bot.rendering import parts
from storage import queue
from storage.tables import Intent, Message, Question
from storage.work import Work


class Drafts:
    """Collects, then writes in a few statements."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._messages: dict[tuple[int, str], Message] = {}
        self._said: list[tuple[Intent, Message, Question | None]] = []
        self._waiting: list[tuple[Intent, Question]] = []

    def wait(self, intent: Intent, blocker: Question) -> None:
        """The intent stays pending until the other question has ended."""
        self._waiting.append((intent, blocker))

    def add(self, intent: Intent, route: Route, body: str, question: Question | None) -> None:
        """Two who share a phone and would read the same words read them once."""
        key = (route.contact.id, body)
        if key not in self._messages:
            self._messages[key] = self._message(intent, route, body)
        self._said.append((intent, self._messages[key], question))

    def _message(self, intent: Intent, route: Route, body: str) -> Message:
        return Message(
            sender_id=route.line.sender_id, channel=route.line.capabilities.name, contact_id=route.contact.id, person_id=intent.person_id,
            area_code=intent.area_code, urgency=intent.urgency, template=intent.template, body=body, parts=parts(body), state="queued",
            queued_at=self._work.now, expires_at=intent.expires_at, tries=0,
        )  # fmt: skip

    async def write(self) -> None:
        """Writes messages, then the questions that point to them, then puts the messages on their queues."""
        session = self._work.session
        session.add_all(self._messages.values())
        await session.flush()
        for intent, message, question in self._said:
            intent.state, intent.message_id, intent.waits_for, intent.reason = "queued", message.id, None, None
            if question is not None:
                question.message_id = message.id
                session.add(question)
        await session.flush()
        for intent, blocker in self._waiting:
            intent.waits_for = blocker.id
        await enqueue(self._work, list(self._messages.values()))


async def enqueue(work: Work, messages: list[Message]) -> None:
    """Puts messages on the queues of their senders and urgencies."""
    by_queue: dict[str, list[dict[str, int]]] = defaultdict(list)
    for message in messages:
        by_queue[queue_name(message.sender_id, message.urgency)].append({"message_id": message.id})
    for name, payloads in by_queue.items():
        await queue.send_batch(work.session, name, payloads)
