"""One text of a family with everything around it: which question it answers, and about which children."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from sqlalchemy import Select, and_, exists, or_, select

from bot.dialogs.answering import answer
from bot.dialogs.speaker import Speaker, asked_of, quoted_message, same_matter
from bot.outbox.questions import FOLLOW_UPS, LESSON
from bot.replies import Child
from bot.replies.normalise import normalise
from storage.tables import CaseFile, Contact, GuardianAnswer, Inbound, Question, Student
from storage.work import Work

ASKED = ("absence", "notice", "confirm_return")
"""What a family is asked of itself; the follow-ups and "which child?" come after an answer."""
OF_FAMILIES = (*ASKED, *FOLLOW_UPS, LESSON, "choose")


@dataclass(frozen=True)
class Talk:
    """`question` is what the text answers; `together` are all the questions that the same message asked, a child each.

    The question may have been answered before: then the text corrects that answer, or adds to it. `faded` is the question that
    the text quotes although its time is over: words are still about that child, but a digit is asked again. `notice_id` is the
    notice whose number the text gives. `words_id` is the earlier text that says what this one, a digit, only picks or confirms.
    `takes_back`: the answers in whose place stands what the text says ("不对，后天").
    """

    work: Work
    inbound: Inbound
    speaker: Speaker
    question: Question | None
    together: Sequence[Question]
    children: list[Student]
    faded: Question | None = None
    notice_id: int | None = None
    words_id: int | None = None
    takes_back: Sequence[GuardianAnswer] = ()

    @property
    def kind(self) -> str | None:
        return self.question.kind if self.question else None

    def about(self, student: Student) -> Question | None:
        """What was asked about this child; else what was asked."""
        return next((question for question in self.together if question.student_id == student.id), self.question)

    def child(self, student_id: int | None = None) -> Student:
        """The one with this id; else the one that was asked about; else the first."""
        asked = self.question or self.faded
        wanted = student_id or (asked.student_id if asked else None)
        return next((child for child in self.children if child.id == wanted), self.children[0])

    def named(self) -> list[Child]:
        """The children as the reader knows them; who is the eldest, where the birthday of each is known and no two are the same."""
        born = sorted({child.birth_date for child in self.children if child.birth_date is not None})
        ranks: dict[date | None, int] = {day: rank for rank, day in enumerate(born, start=1)} if len(born) == len(self.children) else {}
        return [Child(child.id, child.name, child.sex, ranks.get(child.birth_date)) for child in self.children]

    def asked_about(self) -> list[Student]:
        """Every child that the answered message asked about."""
        if len(self.together) < 2:
            return [self.child()]
        asked = {question.student_id for question in self.together}
        return [child for child in self.children if child.id in asked]

    def awaits_another(self) -> bool:
        """Whether a question about another child is still open here: then nothing more is asked."""
        return any(question.kind in ASKED and question.state == "open" for question in self.speaker.questions)

    def say(self, template: str, student: Student, **facts: Any) -> None:
        self.ask(None, template, student, **facts)

    def ask(self, kind: str | None, template: str, student: Student, *, still: str | None = None, **facts: Any) -> None:
        """Says something about a child, and asks what is given as `kind`."""
        question = self.about(student)
        own = question if question is not None and question.student_id == student.id else None
        answer(
            self.work, self.inbound, self.speaker, template, area_code=student.area_code, question=kind, facts=facts, still=still,
            about={
                "student_id": student.id, "case_id": own.case_id if own else None,
                "notice_id": own.notice_id if own and kind == own.kind else None,
            },
        )  # fmt: skip

    async def understood(self) -> None:
        """Failures to understand are counted anew."""
        (await self.work.session.get_one(Contact, self.speaker.contact_id)).misses = 0


async def talk_of(work: Work, inbound: Inbound, speaker: Speaker, children: list[Student]) -> Talk:
    """The text answers what it quotes; else the newest open question; else the one that was answered here today."""
    quoted = await _quoted(work, inbound, speaker)
    if quoted and quoted[0].expires_at <= inbound.received_at:
        return Talk(work, inbound, speaker, None, [], children, faded=quoted[0])
    newer = _in_its_place(speaker, quoted)
    if newer and _offers_otherwise(quoted[0], newer[0]) and normalise(inbound.body)[:1].isdigit():
        return Talk(work, inbound, speaker, None, [], children, faded=quoted[0])
    found = newer or quoted or _open(speaker) or await _answered_today(work, speaker)
    return Talk(work, inbound, speaker, found[0] if found else None, found, children)


def _in_its_place(speaker: Speaker, quoted: Sequence[Question]) -> list[Question]:
    """What asks the same anew: whoever answers the first message answers the reminder too."""
    if not quoted or quoted[0].state == "open":
        return []
    newer = next((one for one in speaker.questions if same_matter(one, quoted[0])), None)
    return _with(newer, speaker.questions) if newer is not None else []


def _offers_otherwise(quoted: Question, newer: Question) -> bool:
    """Whether a digit means something else below the one than below the other: the whole question, a day, right or wrong."""
    return any(quoted.facts.get(name) != newer.facts.get(name) for name in ("meant", "days"))


def _open(speaker: Speaker) -> list[Question]:
    newest = speaker.question(*OF_FAMILIES)
    return _with(newest, speaker.questions) if newest is not None else []


def _with(question: Question, others: Sequence[Question]) -> list[Question]:
    """The question first, then those that the same message asked."""
    if question.message_id is None:
        return [question]
    same = [one for one in others if one.message_id == question.message_id and one.kind == question.kind and one.id != question.id]
    return [question, *same]


async def _quoted(work: Work, inbound: Inbound, speaker: Speaker) -> list[Question]:
    """What the quoted message asked, or the pressed button stood below; nothing once the case has ended."""
    if inbound.reply_to is None:
        return []
    return list(await work.session.scalars(asked_here(inbound, speaker).where(Question.message_id.in_(quoted_message(inbound)))))


async def _answered_today(work: Work, speaker: Speaker) -> list[Question]:
    """Also whether the child is back, where another guardian's word has ended the case: this one may say otherwise."""
    since = speaker.calendar.at(speaker.today, time.min)
    ended = or_(Question.state == "answered", and_(Question.state == "withdrawn", Question.kind == "confirm_return"))
    query = select(Question).where(
        Question.contact_id == speaker.contact_id, asked_of(speaker.people, speaker.children), ended, Question.ended_at >= since,
        Question.kind.in_(ASKED), Question.expires_at > work.now,
    )  # fmt: skip
    found = list(await work.session.scalars(query.order_by(Question.ended_at.desc(), Question.id.desc())))
    return _with(found[0], found) if found else []


async def question_about(talk: Talk, student_id: int) -> Question | None:
    """The newest question about this child at this contact that can still be answered: a text may name another than was asked last."""
    query = asked_here(talk.inbound, talk.speaker).where(
        Question.student_id == student_id, Question.kind.in_(ASKED), Question.expires_at > talk.inbound.received_at
    )
    return await talk.work.session.scalar(query.limit(1))


def asked_here(inbound: Inbound, speaker: Speaker) -> Select[Question]:
    """What a family was asked here until the text came, the newest first; nothing of a case that has ended."""
    ended = exists().where(
        CaseFile.id == Question.case_id, CaseFile.state == "closed", Question.state == "withdrawn", Question.kind != "confirm_return"
    )
    return (
        select(Question)
        .where(
            Question.contact_id == inbound.contact_id, asked_of(speaker.people, speaker.children), Question.kind.in_(OF_FAMILIES),
            Question.asked_at <= inbound.received_at, ~ended,
        )
        .order_by(Question.asked_at.desc(), Question.id.desc())
    )  # fmt: skip
