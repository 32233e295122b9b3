"""The school says that there are no lessons, or that a class is out; a teacher names a stand-in. One message, one line back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from bot.dialogs.answering import answer
from bot.dialogs.phrases import phrase
from bot.dialogs.speaker import Speaker
from bot.dialogs.standing_in import ask_which_stand_in, keep_stand_in, spoken_span
from bot.replies.classes import Room
from bot.replies.colleagues import Meant, Post, read_colleague
from bot.replies.school import ClosureReading, StandInReading, read_closure, read_stand_in, read_undo
from cases.closures import Closing, close_school, last_closures, undo_closure
from cases.colleagues import Colleague, colleagues_of
from cases.words import words
from storage.tables import Closure, Inbound, School, SchoolClass
from storage.work import Work

FARTHEST = timedelta(days=120)
"""A day farther ahead was meant for last year."""


@dataclass(frozen=True)
class Office:
    """Who says it, and for which school."""

    work: Work
    inbound: Inbound
    speaker: Speaker
    school: School

    def say(self, template: str, **facts: str) -> str:
        answer(
            self.work, self.inbound, self.speaker, template, area_code=self.school.area_code, person_id=self.speaker.staff_id, facts=facts
        )  # fmt: skip
        return template

    def refuse(self, reason: str, **words: str) -> str:
        return self.say("school_refused", reason=phrase(f"school_refused.{reason}", **words))


async def hear_school(work: Work, inbound: Inbound, speaker: Speaker) -> str | None:
    """Takes the text as a closure, as its undoing, or as a stand-in; None when it is none of these."""
    schools = await _schools(work, speaker)
    if not schools:
        return None
    if (undo := read_undo(inbound.body)) is not None:
        return await _undo(Office(work, inbound, speaker, schools[0]), named=undo == "named")
    rooms = await _rooms(work, [school.id for school in schools])
    names = [school.name for school in schools]
    closure = read_closure(inbound.body, rooms=[*rooms.values()], today=speaker.today, names=names)
    if closure is not None:
        return await _close(work, inbound, speaker, closure, rooms)
    stand_in = read_stand_in(inbound.body, today=speaker.today)
    if stand_in is not None:
        return await _stand_in(Office(work, inbound, speaker, schools[0]), stand_in)
    return None


async def _schools(work: Work, speaker: Speaker) -> list[School]:
    """Those where this person answers for the school or for a class of it."""
    query = select(School).where(School.id.in_({row.school_id for row in speaker.staff if row.school_id is not None}))
    return list(await work.session.scalars(query.order_by(School.id)))


async def _rooms(work: Work, school_ids: Sequence[int]) -> dict[int, Room]:
    found = await work.session.scalars(select(SchoolClass).where(SchoolClass.school_id.in_(school_ids)))
    return {room.id: Room(room.id, room.grade, room.number, room.name) for room in found}


async def _close(work: Work, inbound: Inbound, speaker: Speaker, reading: ClosureReading, rooms: dict[int, Room]) -> str:
    office = await _office(work, inbound, speaker, reading)
    if isinstance(office, str):
        return office
    if (reason := await _objection(office, reading)) is not None:
        return office.refuse(reason, said="、".join(reading.foreign), days=str(speaker.plan.closures.most_days))
    closed = [await _close_one(office, reading, class_id) for class_id in reading.class_ids or (None,)]
    made = [closure for closure in closed if closure is not None]
    if not made:
        return office.refuse("no_lessons")
    where = "、".join(rooms[class_id].name for class_id in reading.class_ids) or phrase("school.whole")
    return office.say("school_closed_noted", where=where, days=_days(made[0]), what=_what(reading))


async def _office(work: Work, inbound: Inbound, speaker: Speaker, reading: ClosureReading) -> Office | str:
    """The school that is meant, for somebody who may close it; else the sentence why not has been said."""
    roles = speaker.plan.closures.roles
    may = {row.school_id for row in speaker.staff if row.role in roles and row.class_id is None}
    every = await _schools(work, speaker)
    own = [school for school in every if school.id in may]
    if not own:
        return Office(work, inbound, speaker, every[0]).refuse("not_yours", roles="、".join(speaker.plan.role_name(role) for role in roles))
    by_class = select(SchoolClass.school_id).where(SchoolClass.id.in_(reading.class_ids))
    classes_at = set(await work.session.scalars(by_class))
    meant = [school for school in own if school.id in classes_at or school.name in inbound.body] or own
    return Office(work, inbound, speaker, meant[0]) if len(meant) == 1 else Office(work, inbound, speaker, own[0]).refuse("which_school")


async def _objection(office: Office, reading: ClosureReading) -> str | None:
    """Why it cannot be; nothing has changed then."""
    today, limit = office.speaker.today, office.speaker.plan.closures.most_days
    if reading.foreign or not await _all_of_school(office, reading.class_ids):
        return "other_class"
    if reading.nowhere:
        return "which_class"
    if reading.half:
        return "half_day"
    if reading.since is None or reading.until is None:
        return "which_day"
    if reading.since < today:
        return "past"
    return "too_long" if (reading.until - reading.since).days >= limit or reading.since - today > FARTHEST else None


async def _all_of_school(office: Office, class_ids: Sequence[int]) -> bool:
    there = select(SchoolClass.id).where(SchoolClass.id.in_(class_ids), SchoolClass.school_id == office.school.id)
    return set(await office.work.session.scalars(there)) == set(class_ids)


async def _close_one(office: Office, reading: ClosureReading, class_id: int | None) -> Closure | None:
    if reading.since is None or reading.until is None:
        raise ValueError("a closure needs its days")
    reason = reading.reason or phrase("school.trip" if reading.trip else "school.closed")
    said = Closing(office.school, class_id, reading.since, reading.until, reason, office.speaker.staff_id, office.inbound.id)
    return await close_school(office.work, office.speaker.plan, said, office.speaker.today)


def _what(reading: ClosureReading) -> str:
    what = phrase("school.trip" if reading.trip else "school.closed")
    return f"{what}({reading.reason})" if reading.reason else what


def _days(closure: Closure) -> str:
    return spoken_span(closure.starts_on, closure.ends_on)


async def _undo(office: Office, *, named: bool) -> str | None:
    """Takes back the last closure; 不对 alone may mean something else that was asked since."""
    speaker = office.speaker
    closures = await last_closures(office.work, speaker.staff_id, timedelta(hours=speaker.plan.closures.undo_hours))
    if not closures or (not named and any(question.asked_at > closures[0].recorded_at for question in speaker.questions)):
        return office.refuse("nothing_to_undo") if named else None
    for closure in closures:
        await undo_closure(office.work, closure, speaker.staff_id, speaker.today)
    return office.say("school_reopened", days=_days(closures[0]))


async def _stand_in(office: Office, reading: StandInReading) -> str:
    work, speaker = office.work, office.speaker
    if reading.since < speaker.today:
        return office.refuse("past")
    people = {one.person_id: one for one in await colleagues_of(work, speaker.staff_id, speaker.today)}
    meant = _read(reading.name, [one for one in people.values() if one.is_near])
    if meant.perhaps:
        perhaps = [people[one] for one in meant.perhaps]
        return ask_which_stand_in(work, office.inbound, speaker, office.school.area_code, perhaps, reading.since, reading.until)
    named = [one.person_id for one in people.values() if one.name in reading.name]  # from another school only by the full name
    colleague = meant.id if meant.id is not None else named[0] if len(named) == 1 else None
    if colleague is None:
        return office.refuse("no_colleague", said=reading.name)
    return await keep_stand_in(work, office.inbound, speaker, office.school.area_code, colleague, reading.since, reading.until)


def _read(name: str, people: Sequence[Colleague]) -> Meant:
    """At a school everybody is a 老师."""
    titles = {**words().titles, "老师": [one.role for one in people]}
    return read_colleague(name, [Post(one.person_id, one.name, one.role) for one in people], titles)
