"""Who writes at this contact: which persons, what they answer for, whose children they have, what they were asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select, true

from bot.dialogs.read_after_all import read_after_all
from bot.outbox.questions import FOLLOW_UPS
from bot.replies import SchoolYear, school_year_of
from cases.contacts import people_at
from cases.plans import plan_in_force
from cases.responsible import in_force, standing_in
from cases.tasks import LIVING
from plan.calendar import Calendar
from plan.model import Plan
from storage.tables import CaseFile, Guardianship, Inbound, Message, Person, Question, Responsibility, StandIn, Task, TaskHolder
from storage.work import Work

REMEMBERED = timedelta(days=7)
"""How long after it expired a question can still be asked again."""


@dataclass
class Speaker:
    """Everything known about who sent a text. `questions`: open ones at this contact, newest first."""

    contact_id: int
    plan: Plan
    calendar: Calendar
    today: date
    people: list[int]
    staff: list[Responsibility]
    children: list[int]
    questions: list[Question]
    tasks: list[Task]

    def question(self, *kinds: str) -> Question | None:
        """The newest open question of these kinds."""
        return next((question for question in self.questions if question.kind in kinds), None)

    @property
    def school_year(self) -> SchoolYear:
        """What 开学 and 放假前 mean here."""
        return school_year_of(self.plan)

    @property
    def person_id(self) -> int:
        """The person to answer: who was asked last, else the first one known here."""
        asked = next((question.person_id for question in self.questions if question.person_id in self.people), None)
        return asked or self.people[0]

    @property
    def staff_id(self) -> int:
        """The responsible person at this contact: they themselves, never the one for whom they stand in."""
        own = (row.person_id for row in self.staff if row.person_id in self.people)
        return next(own, self.person_id)


async def speaker_of(work: Work, inbound: Inbound) -> Speaker:
    """Looks up who writes. `people` is empty for a number that nobody is known under."""
    if inbound.contact_id is None:
        raise ValueError("an inbound is routed only once its contact is known")
    _, plan = await plan_in_force(work.session)
    calendar = Calendar(plan)
    today = calendar.day_of(inbound.received_at)  # handled late, a text still means the day on which it was written
    people = await people_at(work, inbound.contact_id)
    children = await _children(work, people)
    return Speaker(
        contact_id=inbound.contact_id, plan=plan, calendar=calendar, today=today, people=people,
        staff=await _staff(work, people, today), children=children,
        questions=await _questions(work, inbound, people, children), tasks=await _tasks(work, people),
    )  # fmt: skip


async def _staff(work: Work, people: list[int], today: date) -> list[Responsibility]:
    """What these persons answer for today, their own or standing in for somebody."""
    stood_for = select(StandIn.person_id).where(StandIn.substitute_person_id.in_(people), *standing_in(today))
    whose = Responsibility.person_id.in_(people) | Responsibility.person_id.in_(stood_for) | Responsibility.substitute_person_id.in_(people)
    found = list(await work.session.scalars(select(Responsibility).where(whose, *in_force(today)).order_by(Responsibility.id)))
    return sorted(found, key=lambda row: row.person_id not in people)


async def _children(work: Work, people: list[int]) -> list[int]:
    linked = select(Guardianship.student_id).where(Guardianship.person_id.in_(people), Guardianship.no_contact.is_(False))
    return list(await work.session.scalars(linked.distinct().order_by(Guardianship.student_id)))


async def _questions(work: Work, inbound: Inbound, people: list[int], children: list[int]) -> list[Question]:
    """Those that were open when the text came in; a step that has ended asks nothing any more.

    Whoever has the number of somebody else by now was not asked what the other was asked there.
    """
    written, whose = inbound.received_at, asked_of(people, children)
    ran_out_since = and_(Question.state == "expired", Question.ended_at >= written)
    asked = select(Question).where(
        Question.contact_id == inbound.contact_id,
        whose,
        or_(Question.state == "open", ran_out_since),
        Question.asked_at <= written,
        Question.expires_at > written,
        ~exists().where(Task.id == Question.task_id, Task.state.not_in(LIVING)),
    )
    found = list(await work.session.scalars(asked.order_by(Question.asked_at.desc(), Question.id.desc())))
    meant = await asked_by(work, inbound)
    if meant:
        return _meant(found, meant)
    return found or (await read_after_all(work, inbound, whose) if people else [])


def asked_of(people: list[int], children: list[int]) -> ColumnElement[bool]:
    """Of one of these persons or about one of their children, or about no child; where nobody is known, of whomever."""
    theirs = Question.person_id.in_(people) | Question.student_id.in_(children) | Question.student_id.is_(None)
    return theirs if people else true()


async def asked_by(work: Work, inbound: Inbound) -> list[Question]:
    """What the message of ours asked that the text answers, where the channel says which one it is."""
    if inbound.reply_to is None:
        return []
    return list(await work.session.scalars(select(Question).where(Question.message_id.in_(quoted_message(inbound)))))


def quoted_message(inbound: Inbound) -> Select[Any]:
    """The message of ours that the text quotes, or below which the button was pressed."""
    return select(Message.id).where(Message.channel == inbound.channel, Message.provider_id == inbound.reply_to)


def _meant(found: list[Question], meant: list[Question]) -> list[Question]:
    """Those that the answered message asked come first; where they have ended, only what took their place is answered."""
    ids = {question.id for question in meant}
    own = [question for question in found if question.id in ids]
    if own:
        return own + [question for question in found if question.id not in ids]
    return [question for question in found if any(same_matter(question, ended) for ended in meant)]


def same_matter(one: Question, other: Question) -> bool:
    """Whether two questions ask the same about the same."""
    names = ("kind", "student_id", "case_id", "sheet_id", "task_id", "notice_id")
    return all(getattr(one, name) == getattr(other, name) for name in names)


async def _tasks(work: Work, people: list[int]) -> list[Task]:
    held = select(Task).join(TaskHolder).where(TaskHolder.person_id.in_(people), TaskHolder.until.is_(None), Task.state.in_(LIVING))
    return list(await work.session.scalars(held.order_by(Task.due_at, Task.id)))


async def faded_question(work: Work, speaker: Speaker) -> Question | None:
    """What a family was asked here last and not long ago, and did not answer in time; also what it answered of a child that is still away.

    A digit below the reminder of a promise is meant for the question in which it was promised.
    """
    away = exists().where(CaseFile.id == Question.case_id, CaseFile.state == "open", CaseFile.back_on.is_(None))
    ran_out = and_(Question.state.in_(("open", "expired")), Question.expires_at <= work.now)
    query = select(Question).where(
        Question.contact_id == speaker.contact_id, asked_of(speaker.people, speaker.children), Question.expires_at > work.now - REMEMBERED,
        or_(
            and_(ran_out, Question.kind.in_(("absence", "notice", "confirm_return"))),
            and_(ran_out, Question.kind.in_(FOLLOW_UPS), away),
            and_(Question.state == "answered", Question.kind.in_(("absence", "notice")), away),
        ),
    )  # fmt: skip
    return await work.session.scalar(query.order_by(Question.asked_at.desc(), Question.id.desc()).limit(1))


async def area_of(work: Work, person_id: int) -> str:
    """The area under which a person is listed."""
    return (await work.session.get_one(Person, person_id)).area_code
