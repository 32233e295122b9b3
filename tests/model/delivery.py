"""Random life of delivery: what is said to whom, what providers make of it, who dies meanwhile, and what must hold all the same."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import exists, func, select, update
from sqlalchemy.dialects.postgresql import insert

from bot.channels.base import Heard, Outgoing, Status
from bot.channels.registry import MAIN
from bot.inbox.receive import store
from bot.outbox.progress import RANKS
from bot.outbox.senders import change_terms, drain_sender, ensure_sender, find_sender, pause_sender, resume_sender
from bot.outbox.settings import OutboxSettings
from cases.consents import choose_publicity
from cases.contacts import restore_contact, retire_contact
from storage.database import Database
from storage.tables import (
    Absence,
    Attempt,
    Contact,
    Guardianship,
    Intent,
    Message,
    PersonContact,
    Question,
    Sender,
    is_waiting,
)  # fmt: skip
from storage.work import Work, working
from tests.bot.world import Texts, no_route
from tests.model import promises
from tests.model.carrier import Book, Carrier
from tests.model.processes import Process, time_passes
from tests.model.steps import Change, Mood, Pass, Report, Run, Say, Step
from tests.stories.county import County, local

BEGINS = "2026-11-03 09:00"
DAY = date(2026, 11, 3)
VILLAGE = "622926100201"
ROLES = ("class_teacher", "principal", "village_committee", "county_officer")
PEOPLE = ("father", "mother", "grandmother", "aunt", "class_teacher")
QUIET_ROUNDS = 400


@dataclass
class Delivery:
    """One run. `said`: by its words, what was meant."""

    county: County
    url: str
    book: Book = field(init=False)
    carriers: list[Carrier] = field(default_factory=list)
    settings: OutboxSettings = field(init=False)
    senders: list[int] = field(default_factory=list)
    said: dict[str, Say] = field(default_factory=dict)
    states: dict[int, str] = field(default_factory=dict)
    happened: list[str] = field(default_factory=list)

    @property
    def database(self) -> Database:
        return self.county.database

    @property
    def now(self) -> datetime:
        return self.book.now

    async def begin(self) -> None:
        await self.county.begin(BEGINS, roles=ROLES)
        await self.county.student("马小龙", guardians=["father", "mother"])
        await self.county.student("马小虎", guardians=["mother", "grandmother"])
        await self.county.student("马小凤", guardians=["aunt"], shares="grandmother")
        self.book = Book(local(BEGINS), check=self._objections, recorded=self._recorded)
        self.carriers = [
            Carrier(self.book, "letters", "phone", "sms", can_be_asked=True),
            Carrier(self.book, "chats", "telegram", "chat", can_be_asked=False),
            Carrier(self.book, "calls", "phone", "voice", can_be_asked=True),
        ]
        self.settings = replace(
            self.county.settings, catalogue=Texts(), channels={(one.capabilities.name, MAIN): one for one in self.carriers},
            doubt_after=timedelta(0), batch=20,
        )  # fmt: skip
        for carrier in self.carriers:
            carrier.reports_by(self.report)
        await self._senders()

    async def _senders(self) -> None:
        async with working(self.database, self.now) as work:
            await work.session.execute(update(Sender).values(state="paused"))  # the stories' own
            for name, address in (("letters", "10691"), ("letters", "10692"), ("chats", "bot"), ("calls", "10693")):
                self.senders.append(await ensure_sender(work.session, name, address, rate_per_second=5000))
            await work.session.execute(update(Sender).where(Sender.id.in_(self.senders)).values(price=promises.PRICE))
            for who in ("father", "grandmother"):
                index = self.county.cipher.index(f"chat-{who}")
                chat = Contact(kind="telegram", address_encrypted=self.county.cipher.encrypt(f"chat-{who}"), address_index=index)
                work.session.add(chat)
                await work.session.flush()
                preference = 2 if who == "father" else 0
                work.session.add(PersonContact(person_id=self.county.people[who], contact_id=chat.id, preference=preference))
            for child in self.county.students.values():
                work.session.add(Absence(student_id=child, on=DAY, area_code=VILLAGE, state="absent", recorded_at=self.now))

    async def take(self, step: Step) -> None:
        """Carries out one step, and looks whether anything has gone backwards."""
        self.happened.append(f"{self.now:%d %H:%M} {step}")
        match step:
            case Say():
                await self._say(step)
            case Pass():
                self.book.now += timedelta(minutes=step.minutes)
            case Run():
                await self._run(step)
            case Mood():
                self.carriers[step.line % len(self.carriers)].answers = list(step.answers)
            case Report():
                await self._report(step)
            case Change():
                await self._change(step)
        await self._only_forward()

    async def _say(self, step: Say) -> None:
        words, person_id = str(len(self.said) + 1), self.county.people[PEOPLE[step.who % len(PEOPLE)]]
        self.said[words] = step
        due = self.now + timedelta(minutes=step.later)
        async with working(self.database, self.now) as work:
            child = await work.session.scalar(select(Guardianship.student_id).where(Guardianship.person_id == person_id).limit(1))
            work.say(
                f"said:{words}:{person_id}", person_id, step.template, area_code=VILLAGE, urgency=step.urgency,
                facts={"say": f"《{words}》", "on": DAY.isoformat()}, due_at=due, expires_at=due + timedelta(minutes=step.minutes),
                question=step.question, student_id=child if step.about_child or step.while_absent else None,
                still="absence_open" if step.while_absent else None,
            )  # fmt: skip

    async def _run(self, step: Run) -> None:
        await time_passes(self.database)
        first, second = (Process(self.url, self.settings, no_route, at) for at in (step.dies_at, None))
        self.book.racing = step.together
        if step.together:
            await asyncio.gather(first.drain(self.now), second.drain(self.now))
        elif not await first.drain(self.now):
            await time_passes(self.database)
            await second.drain(self.now)
        self.book.racing = False

    async def report(self, status: Status) -> None:
        """The provider calls our webhook."""
        carrier = next(one for one in self.carriers if status.provider_id.startswith(one.capabilities.name))
        await store(self.database, self.county.cipher, carrier.capabilities, Heard(statuses=(status,)), self.now)

    async def _report(self, step: Report) -> None:
        if self.book.taken:
            one = self.book.taken[-1 - step.which % len(self.book.taken)]
            if one.hears(step.status, step.sequence):
                await self.report(Status(one.provider_id, step.status, code=step.code, sequence=step.sequence))

    async def _change(self, step: Change) -> None:
        person_id = self.county.people[PEOPLE[step.number % 4]]
        carrier = self.carriers[step.number % len(self.carriers)]
        async with working(self.database, self.now) as work:
            match step.what:
                case "retire" | "restore":
                    await self._tie(work, step.what, person_id)
                case "refuse" | "want":
                    await choose_publicity(work, person_id, wanted=step.what == "want", source="reply", area_code=VILLAGE)
                case "bar" | "unbar":
                    mine = update(Guardianship).where(Guardianship.person_id == person_id)
                    await work.session.execute(mine.values(no_contact=step.what == "bar"))
                case "back" | "away":
                    state = "returned" if step.what == "back" else "absent"
                    await work.session.execute(update(Absence).values(state=state))
                case "hand_over":
                    await self._hand_over(work, person_id)
                case "silent" | "talking":
                    carrier.silent = step.what == "silent"
                case _:
                    await self._sender(work, step)

    async def _tie(self, work: Work, what: str, person_id: int) -> None:
        child = await work.session.scalar(select(Guardianship.student_id).where(Guardianship.person_id == person_id).limit(1))
        mine = select(PersonContact.contact_id).where(PersonContact.person_id == person_id)
        contact_id = await work.session.scalar(mine.order_by(PersonContact.retired_reason.is_not(None), PersonContact.preference).limit(1))
        assert child is not None
        assert contact_id is not None
        change = retire_contact if what == "retire" else restore_contact
        await change(work, child, person_id, contact_id, "wrong_number")

    async def _hand_over(self, work: Work, person_id: int) -> None:
        """The carrier gives this person's number to the aunt, whom nobody connects with them."""
        mine = select(PersonContact.contact_id).where(PersonContact.person_id == person_id, PersonContact.retired_reason.is_(None))
        contact_id = await work.session.scalar(mine.order_by(PersonContact.contact_id).limit(1))
        if contact_id is not None and person_id != self.county.people["aunt"]:
            tie = PersonContact.person_id == person_id, PersonContact.contact_id == contact_id
            await work.session.execute(update(PersonContact).where(*tie).values(retired_reason="reassigned"))
            row = {"person_id": self.county.people["aunt"], "contact_id": contact_id, "preference": 1}
            await work.session.execute(insert(PersonContact).values(row).on_conflict_do_nothing())

    async def _sender(self, work: Work, step: Change) -> None:
        sender = await find_sender(work, self.senders[step.number % len(self.senders)])
        assert sender is not None
        match step.what:
            case "pause":
                pause_sender(work, sender)
            case "drain":
                drain_sender(work, sender)
            case "resume":
                resume_sender(work, sender)
            case "cap":
                change_terms(work, sender, {"daily_cap": 1 + step.number})
            case "hours":
                change_terms(work, sender, {"hours_from": promises.HOURS[0], "hours_until": promises.HOURS[1]})
            case "no_limits":
                change_terms(work, sender, {"daily_cap": None, "hours_from": None, "hours_until": None})

    async def _only_forward(self) -> None:
        async with self.database.session() as session:
            found = {row.id: row.state for row in await session.execute(select(Message.id, Message.state))}
        for message_id, state in found.items():
            before = self.states.get(message_id, state)
            assert RANKS[state] >= RANKS[before], f"message {message_id} went back from {before} to {state}"
        self.states = found
        assert not self.book.broken, self.book.broken

    async def _recorded(self) -> set[str]:
        return await promises.recorded(self.database)

    async def _objections(self, call: Outgoing, line: str) -> list[str]:
        return await promises.objections(self.database, self.book, self.settings.policy, call, line)

    async def end(self) -> None:
        """Time passes until everything is quiet; then nothing may have been lost."""
        for carrier in self.carriers:
            carrier.answers, carrier.silent = [], False
        for _ in range(QUIET_ROUNDS):
            await self.take(Run(None))
            following = await self._next()
            if following is None:
                break
            self.book.now = following
        else:
            raise AssertionError(f"never quiet: {await self._unquiet()}")
        await promises.nothing_lost(self.database, self.book)
        await promises.figures(self.database, self.book, self.settings.policy.zone)

    async def _unquiet(self) -> list[Any]:
        async with self.database.session() as session:
            intents = await session.execute(
                select(Intent.id, Intent.state, Intent.reason, Intent.due_at, Intent.expires_at).where(Intent.state == "pending")
            )
            messages = await session.execute(select(Message.id, Message.state, Message.retry_at, Message.expires_at).where(is_waiting()))
            return [*intents, *messages]

    async def _next(self) -> datetime | None:
        """When something may happen; None when nothing waits."""
        async with self.database.session() as session:
            doubts = exists(select(Attempt.id).where(Attempt.outcome.is_(None) | (Attempt.outcome == "unknown")))
            waits = exists(select(Intent.id).where(Intent.state == "pending")), exists(select(Message.id).where(is_waiting()))
            if not any((await session.execute(select(*waits, doubts))).one()):
                return None
            times = [
                (Intent.due_at, Intent.state == "pending"), (Intent.expires_at, Intent.state == "pending"),
                (Message.retry_at, is_waiting()), (Message.expires_at, is_waiting()), (Question.expires_at, Question.state == "open"),
            ]  # fmt: skip
            found = [await session.scalar(select(func.min(at)).where(holds, at > self.now)) for at, holds in times]
        following = min((at for at in found if at is not None), default=None)
        return min(following or self.now + timedelta(days=1), self.now + timedelta(days=1))
