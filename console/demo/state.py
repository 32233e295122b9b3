"""Everything the page shows, as one JSON object; read as the web role, within the demo's area."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from cases.plans import plan_of
from cases.tasks import LIVING
from console.demo.bubbles import bubbles_on, last_texts
from console.demo.cast import FAMILY, PARTS, Cast, Phone, cast_of, lost_numbers
from console.demo.chips import chips_for
from console.demo.picker import pick_child, picker
from console.demo.stand import Stand
from console.telling import tell
from console.words import Words, page_data
from plan.calendar import Calendar
from plan.model import Plan
from storage.tables import (
    Absence,
    AttendanceSheet,
    CaseFile,
    CaseLevel,
    Inbound,
    Message,
    Person,
    School,
    SchoolClass,
    Student,
    Task,
    TaskHolder,
)  # fmt: skip

State = dict[str, Any]


@dataclass(frozen=True)
class View:
    """What a visitor has chosen to see. `phones`: part → contact; where none is chosen, whoever was asked last for a step."""

    words: Words
    child: int | None = None
    phones: Mapping[str, int] = field(default_factory=dict)


@dataclass
class Scene:
    """One look at the demo: a session, the time, and the chosen child."""

    stand: Stand
    view: View
    session: AsyncSession
    now: datetime
    child: Student
    case: CaseFile | None
    plan: Plan
    calendar: Calendar

    @property
    def today(self) -> date:
        return self.calendar.day_of(self.now)


async def state_of(stand: Stand, view: View) -> State:
    """The whole page. Raises LookupError for a child that is not on the page."""
    mark = await stand.mark()
    async with stand.web.reading(stand.area_code) as session:
        child = await pick_child(session, stand.played, view.child)
        stand.watched.add(child.class_id or 0)
        case = await case_of(session, child.id)
        plan = await plan_of(session, case.plan_version_id) if case is not None else stand.plan
        scene = Scene(stand, view, session, mark.now, child, case, plan, Calendar(plan))
        cast = await cast_of(session, plan, child, case.id if case else None, scene.today)
        return {
            "version": str(mark), "clock": _clock(scene), "child": await _child(scene), "guide": _guide(scene),
            "children": await picker(session, stand.played, view.words), "levels": await _levels(scene), "owed": await _owed(scene),
            "story": await _story(scene), "phones": await _phones(scene, cast), "totals": await _totals(scene),
            "playing": _playing(scene),
        }  # fmt: skip


async def case_of(session: AsyncSession, child_id: int) -> CaseFile | None:
    """The child's newest case."""
    return await session.scalar(select(CaseFile).where(CaseFile.student_id == child_id).order_by(CaseFile.id.desc()).limit(1))


def _clock(scene: Scene) -> State:
    school = scene.calendar.is_school_day(scene.today)
    words = scene.view.words
    return {"text": words.moment(scene.calendar.local(scene.now)), "note": words.ui("school_day" if school else "no_school")}


async def _child(scene: Scene) -> State:
    child = scene.child
    school = await scene.session.scalar(select(School.name).where(School.id == child.school_id)) or ""
    room = await scene.session.scalar(select(SchoolClass.name).where(SchoolClass.id == child.class_id)) or ""
    seat = scene.view.words.ui("seat", seat=child.seat_number) if child.seat_number is not None else ""
    about = " · ".join(part for part in (school, room, seat) if part)
    number = scene.case.number if scene.case else ""
    return {
        "id": child.id,
        "name": child.name,
        "about": about,
        "case": number,
        "case_id": scene.case.id if scene.case else None,
        "standing": _standing(scene),
        "ended": scene.case is not None and scene.case.state == "closed",
    }


def _standing(scene: Scene) -> str:
    words, case = scene.view.words, scene.case
    if case is None:
        return words.ui("not_absent")
    if case.state == "closed" and case.exit is not None:
        return words.ui("closed", exit=words.said(scene.plan.exits[case.exit]))
    return words.ui("standing", level=case.level, name=words.said(scene.plan.at_level(case.level).name))


def _guide(scene: Scene) -> list[str]:
    seat = scene.child.seat_number if scene.child.seat_number is not None else ""
    return [scene.view.words.pick(step, seat=seat, child=scene.child.name) for step in page_data("demo")["guide"]]


async def _levels(scene: Scene) -> list[State]:
    """Level 0 is the class's sheet; the others light up as the case stands at them in this episode."""
    words = scene.view.words
    strip = [{"level": 0, "name": words.ui("daily_sheet"), "state": await _sheet_light(scene), "at": ""}]
    entered = {entry.level: entry for entry in await _entries(scene)}
    for rung in scene.plan.levels:
        entry = entered.get(rung.level)
        at = f"{scene.calendar.local(entry.entered_at):%m-%d}" if entry else ""
        strip.append({"level": rung.level, "name": words.said(rung.name), "state": _light(scene, entry), "at": at})
    return strip


async def _sheet_light(scene: Scene) -> str:
    if scene.case is not None:
        return "done"
    asked = select(AttendanceSheet.id).where(AttendanceSheet.class_id == scene.child.class_id, AttendanceSheet.on == scene.today)
    return "now" if await scene.session.scalar(asked) is not None else "off"


async def _entries(scene: Scene) -> list[CaseLevel]:
    if scene.case is None:
        return []
    query = select(CaseLevel).where(CaseLevel.case_id == scene.case.id, CaseLevel.episode == scene.case.episode)
    return list(await scene.session.scalars(query.order_by(CaseLevel.id)))


def _light(scene: Scene, entry: CaseLevel | None) -> str:
    if entry is None or scene.case is None:
        return "off"
    if entry.left_at is None:
        return "now" if scene.case.state == "open" else "done"
    return "passed" if entry.left_at == entry.entered_at else "done"


async def _owed(scene: Scene) -> list[str]:
    """Who owes what by when, the nearest first."""
    if scene.case is None:
        return []
    words = scene.view.words
    living = select(Task).where(Task.case_id == scene.case.id, Task.state.in_(LIVING)).order_by(Task.due_at, Task.id)
    found = []
    for task in await scene.session.scalars(living):
        names = await scene.session.scalars(
            select(Person.name)
            .join(TaskHolder, TaskHolder.person_id == Person.id)
            .where(TaskHolder.task_id == task.id, TaskHolder.until.is_(None))
        )
        due = words.ui("due", due=f"{scene.calendar.local(task.due_at):%m-%d %H:%M}")
        who = f"{words.said(scene.plan.roles[task.role])} {'、'.join(names)}"
        found.append(f"{who} · {words.said(scene.plan.tasks[task.kind])} · {due}")
    return found


async def _story(scene: Scene) -> list[State]:
    if scene.case is None:
        return []
    told = await tell(scene.session, scene.plan, scene.case.id, scene.view.words.language)
    return [{"at": f"{scene.calendar.local(line.at):%m-%d %H:%M}", "action": line.action, "text": line.text} for line in told]


def _playing(scene: Scene) -> str:
    """What is being played for this child."""
    script = scene.stand.scripts.get(scene.child.id)
    return scene.view.words.pick(script.label) if script is not None else ""


async def _phones(scene: Scene, cast: Cast) -> State:
    last = await last_texts(scene.session, [contact for phone in cast.everyone for contact in phone.contact_ids], scene.child.id)
    wanted = await _wanted(scene)
    return {part: await _phone(scene, part, cast.parts[part], wanted, last) for part in PARTS}


async def _wanted(scene: Scene) -> set[int]:
    """Who holds a step of this case."""
    if scene.case is None:
        return set()
    held = select(TaskHolder.person_id).join(Task).where(Task.case_id == scene.case.id, Task.state.in_(LIVING), TaskHolder.why == "holder")
    return set(await scene.session.scalars(held))


def _newest(phone: Phone, last: dict[int, int]) -> int:
    return max(last.get(contact, 0) for contact in phone.contact_ids)


def _shown(scene: Scene, part: str, phones: list[Phone], wanted: set[int], last: dict[int, int]) -> Phone | None:
    """The chosen one; of officers the one who was asked last for a step of this case, until the visitor chooses."""
    chosen = next((phone for phone in phones if phone.contact_id == scene.view.phones.get(part)), None)
    asked = [phone for phone in phones if phone.person_id in wanted] if part not in {FAMILY, "teacher"} else []
    return chosen or max(asked, key=lambda phone: _newest(phone, last), default=phones[0] if phones else None)


async def _phone(scene: Scene, part: str, phones: list[Phone], wanted: set[int], last: dict[int, int]) -> State:
    """The shown phone with its texts; the others by name, with their newest text so that the page can mark them."""
    shown = _shown(scene, part, phones, wanted, last)
    if shown is None:
        lost = await lost_numbers(scene.session, scene.child) if part == FAMILY else []
        bubbles = await bubbles_on(scene.session, scene.stand.catalogue, scene.calendar, lost, scene.child.id)
        return {"contact": None, "who": [], "number": "", "bubbles": bubbles, "chips": [], "chat": False, "plight": ""}
    correction = await _correction(scene) if shown.role == scene.plan.attendance.role else None
    number = scene.stand.cipher.decrypt(shown.number)
    return {
        "contact": shown.contact_id, "number": _masked(number), "chat": shown.chat_id is not None,
        "plight": scene.stand.plight(number) or "",
        "who": [{"contact": phone.contact_id, "label": _label(scene, phone), "last": _newest(phone, last)} for phone in phones],
        "bubbles": await bubbles_on(scene.session, scene.stand.catalogue, scene.calendar, shown.contact_ids, scene.child.id),
        "chips": await chips_for(
            scene.session, scene.view.words, shown, scene.child, correction=correction, never_later=scene.plan.postponing.never
        ),
    }  # fmt: skip


def _label(scene: Scene, phone: Phone) -> str:
    words = scene.view.words
    role = words.ui(FAMILY) if phone.role == FAMILY else words.said(scene.plan.roles[phone.role])
    return f"{role} {phone.name}"


def _masked(number: str) -> str:
    local = number.removeprefix("+86")
    return f"{local[:3]}****{local[-4:]}"


async def _correction(scene: Scene) -> str | None:
    """What the teacher may still add to today's answered sheet about the child."""
    sheets = select(AttendanceSheet.state).where(AttendanceSheet.class_id == scene.child.class_id, AttendanceSheet.on == scene.today)
    if await scene.session.scalar(sheets) != "answered":
        return None
    found = select(Absence.id).where(Absence.student_id == scene.child.id, Absence.on == scene.today, Absence.state == "absent")
    return "absent" if await scene.session.scalar(found) is None else "arrived"


async def _totals(scene: Scene) -> str:
    async def count(table: type[Message] | type[Inbound] | type[CaseFile], *conditions: Any) -> int:
        return await scene.session.scalar(select(func.count()).select_from(table).where(*conditions)) or 0

    return scene.view.words.ui(
        "totals", messages=await count(Message), replies=await count(Inbound), cases=await count(CaseFile),
        closed=await count(CaseFile, CaseFile.state == "closed"),
    )  # fmt: skip
