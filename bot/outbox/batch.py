"""What becomes of each intent of a batch."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from datetime import timedelta

from sqlalchemy import update

from bot.outbox.address import Line, Route, Wanted, answer_contacts, choose, lacks_words, open_lines, trial_lines, usable_contacts
from bot.outbox.aftermath import UNSAYABLE
from bot.outbox.claim import Due, save
from bot.outbox.consent import is_refused
from bot.outbox.contacts import Reach, in_order, rested_at, resting_key
from bot.outbox.context import load_subjects
from bot.outbox.drafts import Drafts
from bot.outbox.exchanges import Answers
from bot.outbox.loops import Verdict, is_machine
from bot.outbox.merging import groups, key_of
from bot.outbox.questions import Asked, OpenQuestions
from bot.outbox.quiet import delayed
from bot.outbox.recipients import Throttle, lock, refusals
from bot.outbox.settings import OutboxSettings
from bot.outbox.still import not_missed, still_true
from bot.outbox.words import Recordings, Unsayable, Words, Writer
from cases import delivery_trouble, triage
from cases.publicity_texts import library
from storage.tables import Contact, Intent, Sender
from storage.work import Work

HOLD = timedelta(minutes=5)
"""Until it is tried again when every fitting sender is stopped, or when its text could not be made."""

Routed = tuple[Due, Route]


class Batch:
    """Settles intents inside one unit of work."""

    def __init__(self, work: Work, settings: OutboxSettings) -> None:
        self._work = work
        self._settings = settings
        self._questions = OpenQuestions(settings.policy, work.now)
        self._answers = Answers(settings.policy, work.now)
        self._throttle = Throttle(settings.policy, work.now)
        self._drafts = Drafts(work, self._questions)
        self._lines: list[Line] = []
        self._trying: list[Line] = []

    async def settle(self, intents: Sequence[Due]) -> None:
        """Every intent leaves this queued, with a later due time, or ended with a reason."""
        ready = self._by_day(await self._wanted(await self._true(await self._alive(intents))))
        if ready:
            await self._say(ready)
        await save(self._work.session, intents)

    async def _alive(self, intents: Sequence[Due]) -> list[Due]:
        late = [intent for intent in intents if intent.expires_at <= self._work.now]
        needless = await not_missed(self._work.session, late, self._settings.policy)
        for intent in late:
            if intent.id in needless:
                intent.end("dropped", "no_longer_true")
                continue
            intent.end("expired")
            if intent.urgency != "bulk":
                await delivery_trouble.expired(self._work, await self._row(intent))
        return [intent for intent in intents if intent.state == "pending"]

    async def _row(self, intent: Due) -> Intent:
        return await self._work.session.get_one(Intent, intent.id)

    async def _true(self, intents: list[Due]) -> list[Due]:
        true = await still_true(self._work.session, {intent.id: intent.still for intent in intents}, self._settings.policy)
        for intent in intents:
            if intent.id not in true:
                intent.end("dropped", "no_longer_true")
        return [intent for intent in intents if intent.id in true]

    async def _wanted(self, intents: list[Due]) -> list[Due]:
        """Without what its recipient has refused."""
        asked = {intent.person_id for intent in intents if intent.urgency == "bulk" and intent.person_id is not None}
        refused = await refusals(self._work.session, asked)
        for intent in intents:
            audience = self._settings.catalogue.traits(intent.template).audience
            topic = library().topic_of(intent.template)
            if is_refused(intent.urgency, audience, refused.get(intent.person_id or 0, frozenset()), topic):
                intent.end("dropped", "refused")
        return [intent for intent in intents if intent.state == "pending"]

    def _by_day(self, intents: list[Due]) -> list[Due]:
        ready = []
        for intent in intents:
            # Whoever has just written is awake: the answer does not wait for the morning.
            times = None if intent.contact_id else delayed(self._settings.policy, intent.urgency, self._work.now, intent.expires_at)
            if times is None:
                ready.append(intent)
            else:
                intent.due_at, intent.expires_at = times
        return ready

    async def _say(self, intents: list[Due]) -> None:
        session, policy = self._work.session, self._settings.policy
        self._lines = await open_lines(session, self._settings.channels, self._work.now, policy.zone)
        self._trying = await trial_lines(session, self._settings.channels, self._work.now, policy.zone)
        routed = await self._routed(intents)
        writer = await self._writer(routed)
        for group in groups(((self._key(intent, route), (intent, route)) for intent, route in routed), policy.merge_most):
            await self._settle_group(group, writer)
        await self._drafts.write()

    async def _routed(self, intents: list[Due]) -> list[Routed]:
        """Those that can be sent somewhere; the others are ended or held."""
        today = self._work.now.astimezone(self._settings.policy.zone).date()
        session = self._work.session
        own = await usable_contacts(session, [intent.person_id for intent in intents if intent.person_id is not None], today)
        answering = await answer_contacts(session, [intent.contact_id for intent in intents if intent.contact_id is not None])
        ours = await self._own_numbers() if answering else frozenset()
        found = []
        for intent in intents:
            back = answering.get(intent.contact_id or 0)
            if back is not None and self._is_machine(back, ours):
                intent.end("dropped", "machine")
                continue
            reaches = self._reaches(intent, back[0] if back else None, own.get(intent.person_id or 0, []))
            way = self._way(intent)
            route = choose(reaches, self._lines, way, self._work.now) or choose(reaches, self._trying, way, self._work.now)
            if route is not None:
                found.append((intent, route))
            else:
                await self._without_route(intent, reaches)
        return found

    async def _own_numbers(self) -> frozenset[str]:
        return frozenset(await self._work.session.scalars(Sender.__table__.select().with_only_columns(Sender.address)))

    def _is_machine(self, back: tuple[Reach, bytes], ours: frozenset[str]) -> bool:
        reach, address = back
        return reach.kind == "phone" and is_machine(self._settings.cipher.decrypt(address), ours)

    def _reaches(self, intent: Due, back: Reach | None, own: Sequence[Reach]) -> list[Reach]:
        """In the order in which they are to be tried; those on which this intent failed for good are left out."""
        known = [*own] if back is None or any(reach.contact_id == back.contact_id for reach in own) else [back, *own]
        failed = set(intent.tried or ())
        return in_order((reach for reach in known if reach.contact_id not in failed), intent.contact_id)

    def _way(self, intent: Due) -> Wanted:
        traits = self._settings.catalogue.traits(intent.template)
        return Wanted(traits.audience, intent.template, intent.template in self._settings.spoken, intent.resting or {}, intent.contact_id)

    async def _without_route(self, intent: Due, reaches: Sequence[Reach]) -> None:
        rested = rested_at(intent.resting or {}, [reach.contact_id for reach in reaches], self._work.now)
        if rested is not None and rested < intent.expires_at:
            intent.later(rested, "resting")
        elif intent.reason == UNSAYABLE or lacks_words(reaches, self._lines, self._way(intent)):
            intent.end("unaddressable", UNSAYABLE)
            await delivery_trouble.unsaid(self._work, await self._row(intent))
        elif reaches and rested is None:  # the person can be reached, but nothing that we send from works at present
            intent.later(self._work.now + HOLD, "no_sender")
        else:
            intent.end("unaddressable", "no_contact")
            row = await self._row(intent)
            row.state = intent.state  # so that who comes next in the batch is seen to be the last
            await delivery_trouble.unreachable(self._work, row)

    async def _writer(self, routed: Sequence[Routed]) -> Writer:
        """Loads what the words and the checks of the chosen contacts need."""
        session, recordings = self._work.session, Recordings()
        asking = (route.reach.contact_id for intent, route in routed if intent.question)
        answering = [route.reach.contact_id for intent, route in routed if intent.contact_id]
        others = [(intent, route) for intent, route in routed if not intent.contact_id and intent.urgency != "safety"]
        contacts = {route.reach.contact_id for _, route in others}
        people = {intent.person_id for intent, _ in others if intent.person_id is not None}
        await lock(session, (route.reach.contact_id for _, route in routed), people)
        await self._questions.load(session, asking)
        await self._answers.load(session, answering)
        await self._throttle.load_queued(session, contacts, people)
        called = (intent.person_id for intent, route in routed if route.line.capabilities.variant == "voice")
        await recordings.load(session, called)
        return Writer(self._settings, await load_subjects(session, [intent for intent, _ in routed]), recordings)

    def _key(self, intent: Due, route: Route) -> Hashable | None:
        merge = self._settings.catalogue.traits(intent.template).merge
        return key_of(merge, intent.urgency, (route.reach.contact_id, route.line.sender_id), intent.person_id, intent.question)

    async def _settle_group(self, group: Sequence[Routed], writer: Writer) -> None:
        """In one message where that can be said, else one after the other. What is only due later goes along or stays."""
        if not any(self._is_due(intent) for intent, _ in group):
            return
        free = [intent for intent, route in group if not self._waits(intent, route)]
        merge = self._settings.catalogue.traits(group[0][0].template).merge
        route = group[0][1]
        words = writer.several(free, merge, route) if merge is not None and len(free) > 1 else None
        if words is not None:
            await self._leave(free, route, words)
            return
        for intent in filter(self._is_due, free):
            if len(free) == 1 or not self._waits(intent, route):
                await self._say_alone(intent, route, writer)

    async def _say_alone(self, intent: Due, route: Route, writer: Writer) -> None:
        try:
            words = writer.one(intent, route)
        except Unsayable as unsayable:  # with these facts not this way, for as long as it lives
            resting = {resting_key(route.reach.contact_id, unsayable.way): intent.expires_at.isoformat()}
            intent.resting, intent.reason = {**(intent.resting or {}), **resting}, UNSAYABLE
            return
        if words is None:
            intent.later(self._work.now + HOLD, "not_rendered")
        else:
            await self._leave([intent], route, words)

    def _is_due(self, intent: Due) -> bool:
        return intent.due_at <= self._work.now

    def _waits(self, intent: Due, route: Route) -> bool:
        """Whether another question must end first."""
        blocker = self._questions.blocking(route.reach.contact_id, intent) if intent.question else None
        if blocker is not None:
            self._drafts.wait(intent, blocker)
        return blocker is not None

    async def _leave(self, intents: Sequence[Due], route: Route, words: Words) -> None:
        """Queued, unless its recipient has had enough for now."""
        free = intents[0].urgency == "safety" or self._drafts.says(route, words)
        if not free and self._is_answer(intents[0], route):
            if not await self._may_answer(route.reach.contact_id, words.body):
                for intent in intents:
                    intent.end("dropped", "too_many_answers")
                return
        elif not free and self._is_held(intents, route):
            return
        self._drafts.add(intents, route, words, [self._ask(intent, route) for intent in intents])

    def _is_answer(self, intent: Due, route: Route) -> bool:
        return intent.contact_id == route.reach.contact_id

    def _is_held(self, intents: Sequence[Due], route: Route) -> bool:
        person_id = intents[0].person_id
        free_at = self._throttle.free_at(route.reach.contact_id, person_id)
        if free_at is None:
            self._throttle.count(route.reach.contact_id, person_id)
            return False
        for intent in intents:
            intent.later(free_at, "throttled")
        return True

    async def _may_answer(self, contact_id: int, body: str) -> bool:
        """Where a machine seems to write, the answer is withheld and a person is told; what was written has been acted on all the same."""
        found = self._answers.next(contact_id, body)
        if found is Verdict.SILENCE and not self._answers.is_silent(contact_id):
            until = self._answers.silence(contact_id)
            await self._work.session.execute(update(Contact).where(Contact.id == contact_id).values(silent_until=until))
            await triage.loop_stopped(self._work, contact_id=contact_id)
        elif found is Verdict.LOOP:
            await triage.loop_stopped(self._work, contact_id=contact_id)
        return found is Verdict.SAY

    def _ask(self, intent: Due, route: Route) -> Asked | None:
        return self._questions.ask(route.reach.contact_id, intent) if intent.question else None
