"""What becomes of each intent of a batch."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import structlog

from bot.outbox.address import Line, Route, answer_contacts, candidates, choose, open_lines, usable_contacts
from bot.outbox.answers import AnswerCount
from bot.outbox.context import Subjects, context_of, load_subjects
from bot.outbox.drafts import Drafts
from bot.outbox.questions import OpenQuestions
from bot.outbox.quiet import delayed
from bot.outbox.settings import OutboxSettings
from bot.outbox.still import still_true
from bot.rendering import RenderingError
from cases import delivery_trouble, triage
from storage.tables import Contact, Intent
from storage.work import Work

log = structlog.get_logger("outbox")
HOLD = timedelta(minutes=5)
"""Until it is tried again when every fitting sender is stopped, or when its text could not be made."""


class Batch:
    """Settles intents inside one unit of work."""

    def __init__(self, work: Work, settings: OutboxSettings) -> None:
        self._work = work
        self._settings = settings
        self._questions = OpenQuestions(settings.policy, work.now)
        self._answers = AnswerCount(settings.policy, work.now)
        self._drafts = Drafts(work)
        self._subjects = Subjects()
        self._lines: list[Line] = []

    async def settle(self, intents: Sequence[Intent]) -> None:
        """Every intent leaves this queued, with a later due time, or ended with a reason."""
        ready = self._by_day(await self._true(await self._alive(intents)))
        if not ready:
            return
        self._lines = await open_lines(self._work.session, self._settings.channels)
        self._subjects = await load_subjects(self._work.session, ready)
        for intent, route in await self._routed(ready):
            await self._one(intent, route)
        await self._drafts.write()

    async def _alive(self, intents: Sequence[Intent]) -> list[Intent]:
        for intent in intents:
            if intent.expires_at <= self._work.now:
                intent.state = "expired"
                if intent.urgency != "bulk":
                    await delivery_trouble.expired(self._work, intent)
        return [intent for intent in intents if intent.state == "pending"]

    async def _true(self, intents: list[Intent]) -> list[Intent]:
        true = await still_true(self._work.session, [intent.id for intent in intents], self._settings.policy.zone) if intents else set()
        for intent in intents:
            if intent.id not in true:
                intent.state, intent.reason = "dropped", "no_longer_true"
        return [intent for intent in intents if intent.id in true]

    def _by_day(self, intents: list[Intent]) -> list[Intent]:
        ready = []
        for intent in intents:
            # Whoever has just written is awake: the answer does not wait for the morning.
            times = None if intent.contact_id else delayed(self._settings.policy, intent.urgency, self._work.now, intent.expires_at)
            if times is None:
                ready.append(intent)
            else:
                intent.due_at, intent.expires_at = times
        return ready

    async def _routed(self, intents: list[Intent]) -> list[tuple[Intent, Route]]:
        """Those that can be sent somewhere; the others are ended or held. Prepares what the chosen contacts need."""
        today = self._work.now.astimezone(self._settings.policy.zone).date()
        own = await usable_contacts(self._work.session, [intent.person_id for intent in intents if intent.person_id is not None], today)
        answering = await answer_contacts(self._work.session, intents)
        routed = []
        for intent in intents:
            contacts = candidates(intent, own.get(intent.person_id or 0, []), answering)
            route = choose(contacts, self._lines, intent.template in self._settings.spoken)
            if route is not None:
                routed.append((intent, route))
            else:
                await self._without_route(intent, contacts)
        await self._questions.load(self._work.session, (route.contact.id for intent, route in routed if intent.question))
        await self._answers.load(self._work.session, (route.contact.id for intent, route in routed if intent.contact_id))
        return routed

    async def _without_route(self, intent: Intent, contacts: Sequence[Contact]) -> None:
        if contacts:  # the person can be reached, but nothing that we send from works at present
            intent.due_at, intent.reason = self._work.now + HOLD, "no_sender"
            return
        intent.state, intent.reason = "unaddressable", "no_contact"
        await delivery_trouble.unreachable(self._work, intent)

    async def _one(self, intent: Intent, route: Route) -> None:
        if await self._is_loop(intent, route.contact):
            intent.state, intent.reason = "dropped", "too_many_answers"
            return
        body = self._body(intent, route)
        if body is None:
            intent.due_at, intent.reason = self._work.now + HOLD, "not_rendered"
            return
        blocker = self._questions.blocking(route.contact.id, intent) if intent.question else None
        if blocker is not None:
            self._drafts.wait(intent, blocker)
            return
        question = self._questions.ask(route.contact.id, intent) if intent.question else None
        self._drafts.add(intent, route, body, question)

    async def _is_loop(self, intent: Intent, contact: Contact) -> bool:
        if intent.contact_id != contact.id or intent.urgency == "safety" or self._answers.may_answer(contact):
            return False
        if self._answers.silence(contact):
            await triage.loop_stopped(self._work, contact_id=contact.id)
        return True

    def _body(self, intent: Intent, route: Route) -> str | None:
        can = route.line.capabilities
        try:
            body = self._settings.catalogue.render(intent.template, can.variant, context_of(intent, self._subjects, self._settings))
        except (RenderingError, LookupError) as error:
            # A template or its facts are wrong. It is tried again until it expires, and then a person is told.
            log.error("text not made", action="render_failed", intent_id=intent.id, template=intent.template, why=str(error))
            return None
        if len(body) > can.max_length:
            log.error("text too long", action="render_failed", intent_id=intent.id, template=intent.template)
            return None
        return body
