"""The ledger: filters, views kept under a name, and the file that the office prints. A file that was taken away is recorded."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query
from pydantic import BaseModel, Field
from sqlalchemy import ColumnElement, Select, delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from starlette.responses import Response

from cases.tasks import LIVING
from console.security import require_csrf_form
from console.sought import FIELDS, Sought
from console.visit import Blank, Visit, Visiting, gone, see_other
from papers.workbook import Column, Sheet, workbook
from storage.tables import Area, CaseFile, SavedView, School, SchoolClass, Student, Task
from storage.work import Work

router = APIRouter(prefix="/ledger")
ACTING = [Depends(require_csrf_form)]
PER_PAGE = 50
MOST_VIEWS = 20
MOST_EXPORTED = 200_000
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PAGE = "ledger"


class Filters(BaseModel):
    """What is looked for. `state`: away, back, closed, or every one."""

    state: str = Field(default="away", max_length=10)
    level: Blank[int | None] = None
    cause: str = Field(default="", max_length=40)
    area: str = Field(default="", max_length=12)
    late: bool = False
    page: int = Field(default=1, ge=1, le=10_000)

    def kept(self) -> dict[str, Any]:
        """Without what was left as it is: short addresses."""
        default = Filters()
        return {name: value for name, value in self.model_dump().items() if value != getattr(default, name) and name != "page"}


@dataclass(frozen=True)
class Line:
    """A case in the ledger, with the step owed next."""

    case: CaseFile
    child: Student
    school: str
    room: str
    task: Task | None


Looking = Annotated[Filters, Query()]


@router.get("")
async def show(visit: Visiting, looking: Looking) -> Response:
    total = await visit.session.scalar(select(func.count()).select_from(_found(visit, looking).subquery())) or 0
    lines = await _lines(visit, looking, PER_PAGE, (looking.page - 1) * PER_PAGE)
    return await visit.show(
        PAGE, lines=lines, total=total, looking=looking, kept=visit.kept(looking.kept()), pages=max(1, -(-total // PER_PAGE)),
        views=await _views(visit), areas=await areas_beneath(visit), crumbs=await visit.crumbs(looking.area or visit.area),
    )  # fmt: skip


@router.get("/export.xlsx")
async def export(visit: Visiting, looking: Looking) -> Response:
    lines = await _lines(visit, looking, MOST_EXPORTED, 0)
    body = await asyncio.to_thread(workbook, [_sheet(visit, lines)])
    async with visit.acting() as work:
        work.record(
            "list_exported", "list:ledger", area_code=visit.area, actor=visit.actor, count=len(lines), filters=_recorded(visit, looking)
        )
    name = f"ledger-{visit.today:%Y%m%d}.xlsx"
    return Response(body, media_type=XLSX, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _recorded(visit: Visit, looking: Filters) -> dict[str, Any]:
    """For the record, which holds no names and outlives them: of what was looked for, only that something was."""
    return {**looking.kept(), **dict.fromkeys(visit.sought.typed(), True)}


@router.post("/views", dependencies=ACTING)
async def keep_view(visit: Visiting, name: Annotated[str, Form(min_length=1, max_length=30)], looking: Looking) -> Response:
    """The filters as they are, and the words, under a name; the same name again takes the new ones."""
    async with visit.acting() as work:
        kept = await work.session.scalar(select(func.count()).where(SavedView.person_id == visit.me.person_id, SavedView.page == PAGE))
        if (kept or 0) < MOST_VIEWS:
            await _keep(work, visit.me.person_id, name.strip(), {**looking.kept(), **visit.sought.typed()})
    return see_other("/ledger", **_texts(visit.kept(looking.kept())), said="view_kept")


async def _keep(work: Work, person_id: int, name: str, filters: Mapping[str, Any]) -> None:
    new = insert(SavedView).values(person_id=person_id, page=PAGE, name=name, filters=filters, saved_at=work.now)
    again = new.on_conflict_do_update(index_elements=["person_id", "page", "name"], set_={"filters": filters, "saved_at": work.now})
    await work.session.execute(again)


@router.post("/views/{view_id}/forget", dependencies=ACTING)
async def forget_view(visit: Visiting, view_id: int) -> Response:
    own = delete(SavedView).where(SavedView.id == view_id, SavedView.person_id == visit.me.person_id)
    async with visit.acting() as work:
        if await work.session.scalar(own.returning(SavedView.id)) is None:
            raise gone()
    return see_other("/ledger", said="view_gone")


def _texts(filters: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in filters.items()}


async def _views(visit: Visit) -> list[tuple[int, str, dict[str, str]]]:
    """A person's own views (id, name, what its address carries); the worker's log-in reads them, as they are no rows of an area."""
    query = select(SavedView).where(SavedView.person_id == visit.me.person_id, SavedView.page == PAGE).order_by(SavedView.name)
    async with visit.acting() as work:
        return [(view.id, view.name, _address(visit, view.filters)) for view in await work.session.scalars(query)]


def _address(visit: Visit, filters: Mapping[str, Any]) -> dict[str, str]:
    """The words that were kept with a view are sealed for whoever opens it now."""
    sought = Sought.among(filters)
    return {**_texts({name: value for name, value in filters.items() if name not in FIELDS}), **visit.seal.close(sought)}


async def areas_beneath(visit: Visit) -> Sequence[Area]:
    """The areas directly below the reader's own."""
    query = select(Area).where(Area.parent_code == visit.area).order_by(Area.code)
    return (await visit.session.scalars(query)).all() if visit.me.scope.area else ()


def _found(visit: Visit, looking: Filters) -> Select[int]:
    query = select(CaseFile.id).join(Student, Student.id == CaseFile.student_id)
    conditions: list[ColumnElement[bool]] = []
    if visit.sought.q:
        conditions.append(_named(visit.sought.q))
    if looking.state in STATES:
        conditions.extend(STATES[looking.state])
    if looking.level is not None:
        conditions.append(CaseFile.level == looking.level)
    if looking.cause:
        conditions.append(CaseFile.cause == looking.cause)
    if looking.area:
        conditions.append(CaseFile.area_code.startswith(looking.area) | CaseFile.school_area_code.startswith(looking.area))
    if looking.late:
        late = select(Task.case_id).where(Task.state.in_(LIVING), Task.due_at < visit.now, Task.case_id.is_not(None))
        conditions.append(CaseFile.id.in_(late))
    return query.where(*conditions)


STATES: dict[str, tuple[ColumnElement[bool], ...]] = {
    "away": (CaseFile.state == "open", CaseFile.back_on.is_(None)),
    "back": (CaseFile.state == "open", CaseFile.back_on.is_not(None)),
    "closed": (CaseFile.state == "closed",),
}


def _named(q: str) -> ColumnElement[bool]:
    """By name, pinyin or the end of the number."""
    pinyin = q.lower().replace(" ", "")
    return or_(
        Student.name.contains(q, autoescape=True), func.replace(Student.name_pinyin, " ", "").startswith(pinyin, autoescape=True),
        CaseFile.number.endswith(q, autoescape=True),
    )  # fmt: skip


ORDER = (CaseFile.level.desc(), CaseFile.opened_at, CaseFile.id)
"""Of one sheet all cases open at the same moment: without the last a page would leave some out and show others twice."""


async def _lines(visit: Visit, looking: Filters, most: int, after: int) -> list[Line]:
    found = select(CaseFile.id).where(CaseFile.id.in_(_found(visit, looking))).order_by(*ORDER)
    query = (
        select(CaseFile, Student, func.coalesce(School.name, ""), func.coalesce(SchoolClass.name, ""))
        .join(Student, Student.id == CaseFile.student_id)
        .outerjoin(School, School.id == CaseFile.school_id)
        .outerjoin(SchoolClass, SchoolClass.id == CaseFile.class_id)
        .where(CaseFile.id.in_(found.limit(most).offset(after)))
        .order_by(*ORDER)
    )
    rows = (await visit.session.execute(query)).all()
    owed = await _owed(visit, [case.id for case, *_ in rows])
    return [Line(case, child, school, room, owed.get(case.id)) for case, child, school, room in rows]


async def _owed(visit: Visit, case_ids: Sequence[int]) -> dict[int, Task]:
    """Case → the living task that is due first."""
    query = select(Task).where(Task.case_id.in_(case_ids), Task.state.in_(LIVING)).order_by(Task.due_at.desc())
    return {task.case_id: task for task in await visit.session.scalars(query) if task.case_id is not None and not task.facts.get("quiet")}


def _sheet(visit: Visit, lines: Sequence[Line]) -> Sheet:
    t = visit.speech(PAGE)
    columns = [
        Column(t("number"), 18), Column(t("child"), 12), Column(t("school"), 26), Column(t("room"), 12), Column(t("began"), 12, "date"),
        Column(t("level"), 20), Column(t("cause"), 14), Column(t("standing"), 14), Column(t("owed_by"), 18), Column(t("due"), 18, "moment"),
    ]  # fmt: skip
    return Sheet(t("title"), t("title"), columns, [_row(visit, line) for line in lines], notes=[t("exported", by=visit.me.name)])


def _row(visit: Visit, line: Line) -> list[Any]:
    t, case, task = visit.speech(PAGE), line.case, line.task
    level = next((rung.name for rung in visit.plan.levels if rung.level == case.level), None)
    standing = t.in_dict(visit.plan.exits, case.exit) if case.exit else t.of("states", "back" if case.back_on else "away")
    return [
        case.number, line.child.name, line.school, line.room, visit.calendar.day_of(case.opened_at), f"{case.level} {t.said(level)}",
        t.in_dict(visit.plan.causes, case.cause), standing, t.in_dict(visit.plan.roles, task.role) if task else None,
        visit.calendar.local(task.due_at) if task else None,
    ]  # fmt: skip
