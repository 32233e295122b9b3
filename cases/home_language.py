"""The language that is spoken at a guardian's home: calls play a recording in it before the Mandarin, where the county has one."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from cases.enrolment_words import NotTaken
from cases.registers import register_rules
from cases.said import Said, may_say
from storage.tables import Guardianship, Person, Recording, Student
from storage.work import Work

LONGEST = 30
"""Characters of a language's name."""


async def say_language(work: Work, said: Said, child: Student, person_id: int, language: str) -> None:
    """Said by whoever keeps the child's registers; an empty name clears it. Raises NotTaken: not_yours, no_guardian, language_long."""
    may_say(said, register_rules(said.plan).by, child)
    tie = await work.session.scalar(
        select(Guardianship.person_id).where(Guardianship.student_id == child.id, Guardianship.person_id == person_id)
    )
    if tie is None:
        raise NotTaken("no_guardian")
    if len(language) > LONGEST:
        raise NotTaken("language_long", most=LONGEST)
    person = await work.session.get_one(Person, person_id, with_for_update=True)
    set_language(work, person, language or None, f"person:{said.by}")


def set_language(work: Work, person: Person, language: str | None, actor: str) -> None:
    """The same again is no change. The record does not say which language: that is the person's own affair."""
    if person.language != language:
        person.language = language
        work.record("language_set", f"person:{person.id}", area_code=person.area_code, actor=actor)


async def recorded_languages(session: AsyncSession, area_code: str) -> Sequence[str]:
    """Those in which the area, or one above it, has a recording."""
    query = select(Recording.language).where(literal(area_code).startswith(Recording.area_code, autoescape=False))
    return (await session.scalars(query.distinct().order_by(Recording.language))).all()
