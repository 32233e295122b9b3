"""Random life of a class: sheets, answers, orders, numbers that change, processes that die; and what must hold after each of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import delete, exists, select, update
from sqlalchemy.dialects.postgresql import insert
from structlog.testing import capture_logs

from bot.channels import simulator
from bot.channels.base import Incoming
from bot.dialogs.route import route
from bot.inbox.receive import receive
from cases.audit import audit
from cases.contacts import retire_contact
from cases.plans import plan_in_force
from storage.tables import (
    CaseFile,
    Contact,
    Event,
    Guardianship,
    Inbound,
    Intent,
    Message,
    Notice,
    PersonContact,
    Question,
    Responsibility,
    Task,
    TaskHolder,
)  # fmt: skip
from storage.work import Work
from tests.model.processes import Process, time_passes
from tests.stories.county import County, local

BEGINS = "2026-11-02 07:00"
FAMILY = ("father", "mother", "grandmother", "aunt")
STAFF = (
    "class_teacher", "attendance_officer", "principal", "village_committee", "township_officer", "township_head", "county_officer",
    "education_head", "enrolment_manager",
)  # fmt: skip
CHILDREN = ("马小龙", "马小虎", "马小凤")
LIVING = ("open", "acknowledged")
ANSWERS = 3
"""To one text, at the most: one about each child of the family."""


@dataclass(frozen=True)
class Text:
    """Somebody writes. `{code}` becomes that of their newest task, `{name}` a child's name. `twice`: the provider brings it twice."""

    who: str
    words: str
    twice: bool = False


@dataclass(frozen=True)
class Until:
    """The clock goes on, doing everything on the way; `outage`: nothing ran until then."""

    minutes: int = 0
    morning: bool = False
    outage: bool = False


@dataclass(frozen=True)
class Change:
    """Something of the roster or of the posts is changed."""

    what: str
    which: int


@dataclass(frozen=True)
class Deadly:
    """The next process dies before its so-many-th statement or commit; another one goes on."""

    at: int


Step = Text | Until | Change | Deadly


@dataclass
class Life:
    county: County
    url: str
    dies_at: int | None = None
    texts: int = 0
    happened: list[str] = field(default_factory=list)

    async def begin(self) -> None:
        await self.county.begin(BEGINS, roles=STAFF)
        await self.county.student(CHILDREN[0], guardians=["father", "mother"])
        await self.county.student(CHILDREN[1], guardians=["mother", "grandmother"])
        await self.county.student(CHILDREN[2], guardians=["aunt"], shares="grandmother")
        await self.county.others(3)

    async def take(self, step: Step) -> None:
        now = await self.county.stage.now()
        self.happened.append(f"{now.astimezone(self.county.settings.policy.zone):%d %a %H:%M} {step}")
        with capture_logs() as logs:
            match step:
                case Text():
                    await self._write(step)
                case Until():
                    await self._go(step)
                case Change():
                    await self._change(step)
                case Deadly():
                    self.dies_at = step.at
        errors = [entry for entry in logs if entry["log_level"] == "error"]
        assert not errors, errors
        if not isinstance(step, Deadly):
            await self.promises()

    async def _settle(self) -> None:
        await time_passes(self.county.database)
        if self.dies_at is not None:
            process = Process(self.url, self.county.settings, route(self.county.cipher), self.dies_at)
            self.dies_at = None
            if not await process.drain(await self.county.stage.now(), ticks=True):
                await time_passes(self.county.database)
                self.county.restarts()
        await self.county.stage.settle()

    async def _write(self, step: Text) -> None:
        self.texts += 1
        words = step.words.replace("{code}", await self._code(step.who)).replace("{name}", CHILDREN[self.texts % len(CHILDREN)])
        incoming = Incoming(f"text-{self.texts}", self.county.phones[step.who].number, "10690", words)
        for _ in range(1 + step.twice):
            await receive(self.county.web, self.county.cipher, simulator.SMS, incoming, await self.county.stage.now())
        await self._settle()

    async def _code(self, who: str) -> str:
        mine = exists().where(TaskHolder.task_id == Task.id, TaskHolder.person_id == self.county.people[who], TaskHolder.until.is_(None))
        newest = select(Task.code).where(mine, Task.state.in_(LIVING)).order_by(Task.id.desc()).limit(1)
        async with self.county.database.session() as session:
            return await session.scalar(newest) or "xx"

    async def _go(self, step: Until) -> None:
        now = await self.county.stage.now()
        target = now + timedelta(minutes=step.minutes)
        if step.morning:
            day = now.astimezone(self.county.settings.policy.zone).date() + timedelta(days=1)
            target = local(f"{day} 08:31")
        if step.outage:
            await self.county.stage.clock.set(target)
            await self._settle()
        else:
            await self._settle()
            await self.county.stage.advance_to(target)

    async def _change(self, step: Change) -> None:
        who, child = FAMILY[step.which % len(FAMILY)], self.county.students[CHILDREN[step.which % len(CHILDREN)]]
        person_id, now = self.county.people[who], await self.county.stage.now()
        async with self.county.database.session() as session, session.begin():
            work = Work(session, now)
            match step.what:
                case "removed":
                    gone = delete(Guardianship).where(Guardianship.person_id == person_id, Guardianship.student_id == child)
                    await session.execute(gone)
                case "added":
                    row = {"student_id": child, "person_id": person_id, "relation": "mother", "rank": 9}
                    await session.execute(insert(Guardianship).values(row).on_conflict_do_nothing())
                case "barred" | "allowed":
                    mine = update(Guardianship).where(Guardianship.person_id == person_id, Guardianship.student_id == child)
                    await session.execute(mine.values(no_contact=step.what == "barred"))
                case "wrong_number":
                    tie = select(PersonContact.contact_id).where(
                        PersonContact.person_id == person_id, PersonContact.retired_reason.is_(None)
                    )
                    contact_id = await session.scalar(tie.limit(1))
                    if contact_id is not None:
                        await retire_contact(work, child, person_id, contact_id, "wrong_number")
                case "dead_number" | "new_number":
                    theirs = select(PersonContact.contact_id).where(PersonContact.person_id == person_id)
                    state = "bad" if step.what == "dead_number" else "usable"
                    await session.execute(update(Contact).where(Contact.id.in_(theirs)).values(state=state, failures=0))
                    again = update(PersonContact).where(PersonContact.person_id == person_id)
                    if state == "usable":
                        await session.execute(again.values(retired_reason=None))
                case "left_post":
                    role = STAFF[step.which % 6]
                    yesterday = now.date() - timedelta(days=1)
                    await session.execute(update(Responsibility).where(Responsibility.role == role).values(valid_until=yesterday))
                case "took_post":
                    role = STAFF[step.which % 6]
                    await session.execute(update(Responsibility).where(Responsibility.role == role).values(valid_until=None))
            await work.flush()
        await self._settle()

    async def promises(self) -> None:
        """Nobody is forgotten, nothing that came in is left or answered twice, and the record explains what is."""
        async with self.county.database.session() as session:
            work = Work(session, await self.county.stage.now())
            _, plan = await plan_in_force(session)
            found = await audit(work, plan)
            await session.rollback()
        assert not found, found
        await self._inbox()
        await self._cases({name for name, kind in plan.tasks.items() if kind.outlives})
        await self._record()

    async def _inbox(self) -> None:
        async with self.county.database.session() as session:
            texts = list(await session.scalars(select(Inbound)))
            answering = select(Intent.dedupe_key, Intent.message_id, Intent.state).where(Intent.contact_id.is_not(None))
            intents = (await session.execute(answering)).all()
            bodies = {row.id: row.body for row in await session.execute(select(Message.id, Message.body))}
        assert len(texts) == self.texts, "a text was lost or stored twice"
        for one in texts:
            handled = (one.handled_at is not None, one.outcome != "failed", one.failures == 0)
            assert all(handled), (one.body, one.outcome, one.failures)
            answers = [row for row in intents if row.dedupe_key.startswith(f"inbound:{one.id}:")]
            messages = {row.message_id for row in answers if row.message_id is not None}
            said = Counter(bodies[message_id] for message_id in messages)
            assert len(messages) <= ANSWERS, (one.body, said)
            assert max(said.values(), default=1) == 1, (one.body, said)
            assert all(row.state in ("queued", "dropped", "pending") for row in answers), (one.body, answers)

    async def _cases(self, outliving: set[str]) -> None:
        async with self.county.database.session() as session:
            left = (
                select(Task.kind, Task.id)
                .join(CaseFile, CaseFile.id == Task.case_id)
                .where(CaseFile.state == "closed", Task.state.in_(LIVING), Task.kind.not_in(outliving))
            )
            tasks = (await session.execute(left)).all()
            asked = (
                select(Question.kind, Question.id)
                .join(CaseFile, CaseFile.id == Question.case_id)
                .where(CaseFile.state == "closed", Question.state == "open", Question.kind.in_(("absence", "notice")))
            )
            questions = (await session.execute(asked)).all()
            handed = exists().where(Task.notice_id == Notice.id, Task.state.in_(LIVING))
            undelivered = select(Notice.id).join(CaseFile, CaseFile.id == Notice.case_id).where(
                Notice.issued_at.is_not(None), Notice.delivered_at.is_(None), Notice.withdrawn_at.is_(None), CaseFile.state == "open",
                CaseFile.back_on.is_(None), ~handed,
            )  # fmt: skip
            notices = (await session.execute(undelivered)).all()
        assert not tasks, f"owed for a case that is closed: {tasks}"
        assert not questions, f"asked about a case that is closed: {questions}"
        assert not notices, f"issued, not delivered, and nobody's task: {notices}"

    async def _record(self) -> None:
        """Each closed case, each ended task and each level has its event."""
        async with self.county.database.session() as session:
            events = {(one.action, one.subject) for one in await session.scalars(select(Event))}
            tasks = (await session.execute(select(Task.id, Task.state))).all()
            cases = (await session.execute(select(CaseFile.id, CaseFile.state))).all()
        missing = [row for row in tasks if row.state not in LIVING and (f"task_{row.state}", f"task:{row.id}") not in events]
        missing += [row for row in cases if row.state == "closed" and ("case_closed", f"case:{row.id}") not in events]
        assert not missing, f"the record does not say why: {missing}"

    async def end(self) -> None:
        """Some days in which nobody answers, then everybody is there."""
        for _ in range(3):
            await self.take(Until(morning=True))
        await self.take(Text("class_teacher", "0"))
        await self.take(Until(minutes=24 * 60))
        await self._nothing_waits()

    async def _nothing_waits(self) -> None:
        now = await self.county.stage.now()
        said = select(Intent.dedupe_key, Message.state, Message.failure).join(Message, Message.id == Intent.message_id)
        late = select(Intent.dedupe_key).where(Intent.expires_at < now, Intent.state == "pending")
        async with self.county.database.session() as session:
            lost = (await session.execute(said.where(Intent.state == "queued", Message.state == "failed"))).all()
            left = (await session.scalars(late)).all()
        assert not lost, f"lost: {lost}"
        assert not left, f"left lying: {left}"
