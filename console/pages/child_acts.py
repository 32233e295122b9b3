"""What is said of a child's enrolment and registers on its page: the same use cases, and the same refusals, as by message."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form
from sqlalchemy import or_, select
from starlette.responses import Response

from cases.child_search import staff_called
from cases.enrolment_words import NotTaken
from cases.home_language import say_language
from cases.home_teaching import plan_lessons
from cases.pairing import pair
from cases.registers import arrange, category_named, register_rules, set_category, write_card
from cases.rooms import room_named
from cases.said import Said, said_by
from cases.school_roll import enter, leave_for_good, resume, suspend
from cases.transfers import Destination, arrive, transfer_out
from console.pages.students import offered, page_of
from console.security import require_csrf_form
from console.visit import Blank, Visiting, gone, see_other
from storage.rows import LARGEST_ID
from storage.tables import Person, School, Student
from storage.work import Work

router = APIRouter(prefix="/students")
LONGEST, MOST_TIMES = 300, 60
Text = Annotated[str, Form(max_length=LONGEST)]
Day = Annotated[Blank[date | None], Form()]
Fields = Mapping[str, str]
OFFERED = re.compile(r"^(.+)（(\d{1,15})）$")


async def _suspend(work: Work, said: Said, child: Student, fields: Fields) -> None:
    if not fields["until"]:
        raise NotTaken("say_days")
    await suspend(work, said, child, date.fromisoformat(fields["until"]))


async def _resume(work: Work, said: Said, child: Student, fields: Fields) -> None:
    room = None
    if fields["room"]:
        school = await work.session.get(School, child.school_id) if child.school_id is not None else None
        room = await room_named(work, said.plan, fields["room"], [school] if school is not None else [])
    await resume(work, said, child, room)


async def _transfer(work: Work, said: Said, child: Student, fields: Fields) -> None:
    """To a school of ours, which is asked; or to one elsewhere, by the name that was said."""
    school = await _school(work, fields["school"])
    await transfer_out(work, said, child, Destination(school.name if school else fields["school"], school))


async def _arrive(work: Work, said: Said, child: Student, fields: Fields) -> None:
    school = await school_named(work, fields["school"])
    await arrive(work, said, child, await room_named(work, said.plan, fields["room"], [school]))


async def _school(work: Work, named: str) -> School | None:
    """The one school with this code or name."""
    found = (await work.session.scalars(select(School).where(or_(School.code == named, School.name == named)).limit(2))).all()
    return found[0] if len(found) == 1 else None


async def school_named(work: Work, named: str) -> School:
    """Raises NotTaken no_school."""
    school = await _school(work, named)
    if school is None:
        raise NotTaken("no_school", said=named)
    return school


async def _into(work: Work, said: Said, child: Student, fields: Fields) -> None:
    category = category_named(register_rules(said.plan), fields["category"])
    await set_category(work, said, child, category, present=True, detail=fields["detail"] or None)


async def _out_of(work: Work, said: Said, child: Student, fields: Fields) -> None:
    await set_category(work, said, child, category_named(register_rules(said.plan), fields["category"]), present=False)


async def _arrange(work: Work, said: Said, child: Student, fields: Fields) -> None:
    await arrange(work, said, child, fields["arrangement"], said.evidence)


async def _pair(work: Work, said: Said, child: Student, fields: Fields) -> None:
    await pair(work, said, child, await _staff(work, said, fields["person"]))


async def _lessons(work: Work, said: Said, child: Student, fields: Fields) -> None:
    """Every week on the weekday of the first day, so many times."""
    if not fields["until"]:
        raise NotTaken("say_days")
    first, times = date.fromisoformat(fields["until"]), int(fields["times"] or 1)
    days = [first + timedelta(weeks=number) for number in range(times)]
    await plan_lessons(work, said, child, await _staff(work, said, fields["person"]), days)


async def _staff(work: Work, said: Said, named: str) -> Person:
    """The one who is meant by a name, or by name and number as the page offers them. Raises NotTaken: no_person, several_people."""
    chosen = OFFERED.match(named)
    name, number = chosen.groups() if chosen is not None else (named.strip(), None)
    found = [one for one in await staff_called(work, name, said) if number is None or one.id == int(number)]
    if len(found) > 1:
        raise NotTaken("several_people", names="、".join(offered(one.id, one.name) for one in found))
    if not found:
        raise NotTaken("no_person", said=name)
    return found[0]


async def _enter(work: Work, said: Said, child: Student, fields: Fields) -> None:
    """A child that is on no roll takes its place in a class."""
    school = await school_named(work, fields["school"])
    await enter(work, said, child, await room_named(work, said.plan, fields["room"], [school]))


async def _leave(work: Work, said: Said, child: Student, fields: Fields) -> None:
    if fields["kind"] not in ("deceased", "moved_abroad"):
        raise NotTaken("kind_unknown", said=fields["kind"], known="deceased、moved_abroad")
    await leave_for_good(work, said, child, fields["kind"])


async def _language(work: Work, said: Said, child: Student, fields: Fields) -> None:
    await say_language(work, said, child, int(fields["guardian"]), fields["language"])


async def _card(work: Work, said: Said, child: Student, fields: Fields) -> None:
    await write_card(work, said, child, studies=fields["studies"] or None, living=fields["living"] or None)


ACTS: Mapping[str, Callable[[Work, Said, Student, Fields], Awaitable[None]]] = {
    "suspend": _suspend, "resume": _resume, "transfer": _transfer, "arrive": _arrive, "into": _into, "out-of": _out_of,
    "arrange": _arrange, "card": _card, "pair": _pair, "lessons": _lessons, "enter": _enter, "leave": _leave,
    "language": _language,
}  # fmt: skip


@router.post("/{student_id}/{act}", dependencies=[Depends(require_csrf_form)])
async def say(
    visit: Visiting, student_id: int, act: str, on: Day = None, evidence: Text = "", until: Day = None, room: Text = "", school: Text = "",
    category: Text = "", detail: Text = "", arrangement: Text = "", studies: Text = "", living: Text = "",
    person: Text = "", kind: Text = "", times: Annotated[int, Form(ge=1, le=MOST_TIMES)] = 1,
    guardian: Annotated[int, Form(ge=0, le=LARGEST_ID)] = 0, language: Text = "",
) -> Response:  # fmt: skip
    """All of it or nothing; a refusal stands above the page in the reader's language."""
    if act not in ACTS or await visit.session.get(Student, student_id) is None:
        raise gone()
    fields = {
        "until": until.isoformat() if until else "", "room": room.strip(), "school": school.strip(), "category": category,
        "detail": detail.strip(), "arrangement": arrangement, "studies": studies.strip(), "living": living.strip(),
        "person": person, "kind": kind, "times": str(times), "guardian": str(guardian), "language": language.strip(),
    }  # fmt: skip
    try:
        async with visit.acting() as work:
            child = await work.session.get_one(Student, student_id, with_for_update=True)
            said = await said_by(work, visit.plan, visit.me.person_id, today=visit.today, on=on, evidence=evidence)
            await ACTS[act](work, said, child, fields)
    except NotTaken as refusal:
        return await page_of(visit, student_id, refused=refusal.text(visit.me.language), status=409)
    at = "/enrolment" if act == "arrive" else f"/students/{student_id}"  # who has arrived elsewhere may be out of sight
    return see_other(at, said="noted")
