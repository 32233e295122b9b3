"""One text about a child's enrolment or register: who says it, which child and which person are meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement

from bot.dialogs.answering import answer
from bot.dialogs.speaker import Speaker
from bot.replies.names import Named, nearly, plain_name
from bot.replies.normalise import normalise
from bot.replies.roll import RollReading
from cases.child_search import Candidate, candidates, children_called, in_reach, names_in_reach, staff_called
from cases.enrolment_words import NotTaken
from cases.rolls import ON_ROLLS
from cases.said import Said
from cases.school_roll import ENTERING
from cases.transfers import ON_THE_WAY
from storage.tables import Inbound, Person, Student
from storage.work import Work

PICK = "roll"
"""Kind of the question by which a child or a school is asked back."""
MOST_NAMES = 5000
LIVING_HERE = (*ON_ROLLS, "suspended", "unenrolled")
STATES = {
    "transfer": ON_ROLLS, "suspend": ON_ROLLS, "resume": ("suspended",), "enter": ENTERING, "arrive": (*ON_THE_WAY, *ON_ROLLS),
    "pair": (*ON_ROLLS, "suspended"), "category": (*ON_ROLLS, "suspended"), "arrangement": LIVING_HERE, "lessons": LIVING_HERE,
    "unpair": LIVING_HERE, "card": LIVING_HERE, "agent_parent": LIVING_HERE,
}  # fmt: skip
ELSEWHERE = {"arrive", "enter"}
"""What is said of a child that another school had: it is looked for in the whole prefecture."""


class AskBack(Exception):
    """Several fit, or only a name that sounds alike: the writer picks by number."""

    def __init__(self, which: str, said: str, found: Sequence[Candidate]) -> None:
        super().__init__(which)
        self.which, self.said, self.found = which, said, found


@dataclass(frozen=True)
class Roll:
    """One text with what has been picked for it already. `source`: the text that says it, which may be an earlier one."""

    work: Work
    inbound: Inbound
    speaker: Speaker
    source: Inbound
    reading: RollReading
    said: Said
    picks: dict[str, int]

    def say(self, template: str, *, question: str | None = None, **facts: object) -> str:
        area = self.inbound.area_code or ""
        answer(
            self.work, self.inbound, self.speaker, template, area_code=area, person_id=self.speaker.staff_id, facts=dict(facts),
            question=question,
        )  # fmt: skip
        return template


async def child_meant(roll: Roll) -> Student:
    """The child that is meant, locked. A name that fits several, or only sounds like somebody's, is asked back."""
    if (picked := roll.picks.get("child")) is not None:
        return await _locked(roll.work, picked)
    states, name = STATES[roll.reading.what], plain_name(roll.reading.child)
    within = _everywhere(roll) if roll.reading.what in ELSEWHERE else in_reach(roll.said)
    found = await children_called(roll.work, name, within, states) or await children_called(roll.work, name, in_reach(roll.said))
    if len(found) == 1:
        return await _locked(roll.work, found[0].id)
    if not found:
        known = await names_in_reach(roll.work, in_reach(roll.said), states, MOST_NAMES)
        found = await candidates(roll.work, nearly(normalise(name), [Named(child, called) for child, called in known]))
    if not found:
        raise NotTaken("no_child", said=roll.reading.child)
    raise AskBack("child", roll.reading.child, found)


def _everywhere(roll: Roll) -> ColumnElement[bool]:
    prefecture = min((post.area_code for post in roll.said.posts), key=len)[:4]
    return Student.area_code.startswith(prefecture) | Student.school_area_code.startswith(prefecture)


async def _locked(work: Work, student_id: int) -> Student:
    return await work.session.get_one(Student, student_id, with_for_update=True)


async def person_meant(roll: Roll, name: str) -> Person:
    """Only a full name, and only of one who can be reached."""
    found = await staff_called(roll.work, name.strip(), roll.said)
    if not found:
        raise NotTaken("no_person", said=name)
    if len(found) > 1:
        raise NotTaken("several_people", names="、".join(person.name for person in found))
    return found[0]
