"""Reports that are owed: what they say, the children behind each number, and the word of whoever confirms or signs them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query
from pydantic import BaseModel, Field
from sqlalchemy import func, select
from starlette.responses import Response

from bot.rendering.report_sheets import reports_book
from cases.reports.answering import Stated, confirm, may_answer, may_sign, report_by_id, send_back, sign
from cases.reports.asking import KINDS, changed_since, stage_of
from cases.reports.counting import latest
from cases.reports.listing import ReportRow, Wanted, count_reports, report_rows, versions_of
from cases.reports.recounting import recount
from cases.reports.words import COUNTED, corrected, period_name
from cases.tasks import LIVING
from console.pages.ledger import XLSX
from console.security import require_csrf_form
from console.visit import Blank, Visit, Visiting, gone, see_other
from plan.periods import period_of
from storage.tables import Person, Report, ReportVersion, School, SchoolClass, Student, Task, TaskHolder
from storage.work import Work

router = APIRouter(prefix="/reports")
ACTING = [Depends(require_csrf_form)]
PER_PAGE = 100
PERIODS = 24
LATE_SHOWN = 20
LONGEST = 300
MOST_CHILDREN = 500
Reason = Annotated[str, Form(max_length=LONGEST)]
Number = Annotated[Blank[Annotated[int, Field(ge=0, le=10_000_000)] | None], Form()]


class Filters(BaseModel):
    """Which reports. Without a kind the newest there is, without a period that kind's newest."""

    kind: str = Field(default="", max_length=40)
    since: Blank[date | None] = None
    of: str = Field(default="", max_length=20)
    state: str = Field(default="", max_length=20)
    page: int = Field(default=1, ge=1, le=10_000)

    def kept(self) -> dict[str, str]:
        return {name: str(value) for name, value in self.model_dump().items() if value and name != "page"}


@dataclass(frozen=True)
class May:
    """What the reader may do with a report now. `stale`: for whoever may have it counted anew, how its numbers differ by now."""

    confirm: bool
    correct: bool
    sign: bool
    stale: str = ""


@dataclass(frozen=True)
class Behind:
    """A child behind a number."""

    child: Student
    school: str | None
    room: str | None


Looking = Annotated[Filters, Query()]


@router.get("")
async def show(visit: Visiting, looking: Looking) -> Response:
    wanted, reading = await _wanted(visit, looking), Work(visit.session, visit.now)
    counts = await count_reports(reading, wanted)
    rows, total = await report_rows(reading, wanted, most=PER_PAGE, after=(looking.page - 1) * PER_PAGE), sum(counts.values())
    return await visit.show(
        "reports", rows=rows, total=total, pages=max(1, -(-total // PER_PAGE)), looking=looking,
        kept=looking.kept(), mine=await _mine(visit), late=await _late(visit), periods=await _periods(visit, looking.kind),
        submitted=counts.get("submitted", 0), counted=COUNTED,
    )  # fmt: skip


@router.get("/export.xlsx")
async def export(visit: Visiting, looking: Looking) -> Response:
    rows = await report_rows(Work(visit.session, visit.now), await _wanted(visit, looking))
    if not rows or rows[0].kind not in visit.plan.reports.kinds:
        raise gone()
    body = await reports_book(Work(visit.session, visit.now), visit.plan, rows[0].kind, visit.area, rows)
    async with visit.acting() as work:
        work.record(
            "list_exported", "list:reports", area_code=visit.area, actor=visit.actor, count=len(rows), filters=looking.kept(),
        )  # fmt: skip
    name = f"reports-{rows[0].kind}-{rows[0].period_start:%Y%m%d}.xlsx"
    return Response(body, media_type=XLSX, headers={"Content-Disposition": f'attachment; filename="{name}"'})


async def _wanted(visit: Visit, looking: Filters) -> Wanted:
    """The reports of one kind and period; `looking` is filled in with which."""
    if not looking.kind:
        newest = select(Report.kind).order_by(Report.opened_at.desc(), Report.id.desc()).limit(1)
        looking.kind = await visit.session.scalar(newest) or ""
    if looking.since is None:
        looking.since = await visit.session.scalar(select(func.max(Report.period_start)).where(Report.kind == looking.kind))
    return Wanted(kind=looking.kind, of=looking.of or None, state=looking.state or None, period_start=looking.since)


async def _periods(visit: Visit, kind: str) -> list[tuple[date, str]]:
    """(first day, name) of the periods that there are reports of, the newest first."""
    query = select(Report.period_start).where(Report.kind == kind).distinct().order_by(Report.period_start.desc()).limit(PERIODS)
    every = visit.plan.reports.kinds[kind].every if kind in visit.plan.reports.kinds else "month"
    return [(start, _named(visit, every, start)) for start in await visit.session.scalars(query)]


def _named(visit: Visit, every: Any, start: date) -> str:
    """A period in the reader's language: in English by its days."""
    if visit.me.language != "en":
        return period_name(every, start)
    last = period_of(every, start).end
    return f"{start:%Y-%m-%d} – {last:%Y-%m-%d}"


async def _mine(visit: Visit) -> list[tuple[Task, ReportRow]]:
    """What this person is asked for now, the nearest due first."""
    query = (
        select(Task)
        .join(TaskHolder, TaskHolder.task_id == Task.id)
        .where(TaskHolder.person_id == visit.me.person_id, TaskHolder.until.is_(None), Task.kind.in_(KINDS), Task.state.in_(LIVING))
        .order_by(Task.due_at, Task.id)
    )
    found = []
    for task in await visit.session.scalars(query):
        rows = await report_rows(Work(visit.session, visit.now), Wanted(report_id=task.facts["report_id"]))
        found += [(task, row) for row in rows]
    return found


async def _late(visit: Visit) -> Sequence[Any]:
    """(report, school's name, how many in all) of those that are owed and overdue, the oldest first."""
    query = (
        select(Report, School.name, func.count().over())
        .outerjoin(School, School.id == Report.school_id)
        .where(Report.state != "submitted", Report.due_at < visit.now)
        .order_by(Report.due_at, Report.id)
        .limit(LATE_SHOWN)
    )
    return (await visit.session.execute(query)).all()


@router.get("/{report_id}")
async def one(visit: Visiting, report_id: int) -> Response:
    return await _page(visit, report_id)


async def _page(
    visit: Visit, report_id: int, *, refused: str | None = None, typed: dict[str, Any] | None = None, sure: bool = False, status: int = 200
) -> Response:
    """`typed`: what stood in the form that was refused; `sure`: a signature waits for its second click."""
    rows = await report_rows(Work(visit.session, visit.now), Wanted(report_id=report_id))
    if not rows:
        raise gone()
    row = rows[0]
    versions = list(await versions_of(Work(visit.session, visit.now), report_id))
    newest = versions[-1] if versions else None
    every = visit.plan.reports.kinds[row.kind].every if row.kind in visit.plan.reports.kinds else "month"
    return await visit.show(
        "report", row=row, versions=versions[::-1], newest=newest, people=await _people(visit, versions), counted=COUNTED,
        corrected=corrected, behind=await _behind(visit, newest), missing=await _missing(visit, newest),
        may=await _may(visit, report_id),
        period=_named(visit, every, row.period_start), refused=refused, typed=typed or {}, sure=sure, longest=LONGEST, status=status,
        crumbs=await visit.crumbs(row.area_code), most=MOST_CHILDREN,
    )  # fmt: skip


async def _may(visit: Visit, report_id: int) -> May:
    """Asked of the worker's rows: a substitute's right may lie outside what the post sees."""
    async with visit.acting() as work:
        report = await work.session.get_one(Report, report_id)
        try:
            stage = await stage_of(work, report)
        except LookupError:
            return May(confirm=False, correct=False, sign=False)
        confirms = report.version > 0 and await may_answer(work, report, visit.me.person_id, stage.confirms)
        signs = await may_sign(work, report, visit.me.person_id) is None
        version = await latest(work, report) if confirms or signs else None
        return May(
            confirm=confirms and report.state == "asked", correct=confirms and report.state in {"confirmed", "submitted"}, sign=signs,
            stale=await changed_since(work, report, version) if version is not None else "",
        )  # fmt: skip


async def _people(visit: Visit, versions: Sequence[ReportVersion]) -> dict[int, str]:
    ids = {person for one in versions for person in (one.confirmed_by, one.signed_by, one.returned_by) if person is not None}
    return dict((await visit.session.execute(select(Person.id, Person.name).where(Person.id.in_(ids)))).all())


async def _behind(visit: Visit, version: ReportVersion | None) -> dict[str, list[Behind]]:
    """List → its children, as far as this post sees them. The children of age are too many to be named."""
    kept = version.children if version is not None else {}
    return {name: await _children(visit, kept.get(name, [])) for name in ("suspected", "dropout")}


async def _children(visit: Visit, ids: Sequence[int]) -> list[Behind]:
    query = (
        select(Student, School.name, SchoolClass.name)
        .outerjoin(School, School.id == Student.school_id)
        .outerjoin(SchoolClass, SchoolClass.id == Student.class_id)
        .where(Student.id == func.any(list(ids)))
        .order_by(Student.school_id, Student.class_id, Student.name)
        .limit(MOST_CHILDREN)
    )
    return [Behind(*row) for row in await visit.session.execute(query)]


async def _missing(visit: Visit, version: ReportVersion | None) -> list[tuple[int, str]]:
    """Of a sum: (report, unit) of those that were not in when it was counted."""
    ids = version.computed.get("missing", []) if version is not None else []
    found = [
        row for report_id in ids[:LATE_SHOWN] for row in await report_rows(Work(visit.session, visit.now), Wanted(report_id=report_id))
    ]
    return [(row.report_id, row.unit) for row in found]


async def _seen(visit: Visit, report_id: int) -> None:
    """404 for a report that this post does not see."""
    if await visit.session.scalar(select(Report.id).where(Report.id == report_id)) is None:
        raise gone()


async def _held(work: Work, report_id: int) -> Report:
    report = await report_by_id(work, report_id)
    if report is None:
        raise gone()
    return report


@router.post("/{report_id}/confirm", dependencies=ACTING)
async def say_numbers(
    visit: Visiting, report_id: int, of_age: Number = None, suspected: Number = None, dropout: Number = None,
    why_of_age: Reason = "", why_suspected: Reason = "", why_dropout: Reason = "",
) -> Response:  # fmt: skip
    """Confirms, or corrects, each number with its reason: also after it was submitted, as a new version."""
    await _seen(visit, report_id)
    given = {"of_age": of_age, "suspected": suspected, "dropout": dropout}
    reasons = {"of_age": why_of_age.strip(), "suspected": why_suspected.strip(), "dropout": why_dropout.strip()}
    stated = Stated({name: value for name, value in given.items() if value is not None}, reasons=reasons)
    async with visit.acting() as work:
        refusal = await confirm(work, await _held(work, report_id), visit.me.person_id, stated)
    if refusal is not None:
        typed = {**given, **{f"why_{name}": why for name, why in reasons.items()}}
        return await _page(visit, report_id, refused=refusal, typed=typed, status=409)
    return see_other(f"/reports/{report_id}", said="report_confirmed")


@router.post("/{report_id}/recount", dependencies=ACTING)
async def count_anew(visit: Visiting, report_id: int) -> Response:
    """The numbers of today come as a new version, which is confirmed like the first."""
    await _seen(visit, report_id)
    async with visit.acting() as work:
        refusal = await recount(work, await _held(work, report_id), visit.me.person_id)
    if refusal is not None:
        return await _page(visit, report_id, refused=refusal, status=409)
    return see_other(f"/reports/{report_id}", said="report_recounted")


@router.post("/{report_id}/sign", dependencies=ACTING)
async def say_signed(visit: Visiting, report_id: int, confirmed: Annotated[int, Form()] = 0) -> Response:
    """The first click shows what will be signed; the second, of that very version, signs it."""
    await _seen(visit, report_id)
    async with visit.acting() as work:
        report = await _held(work, report_id)
        refusal = await may_sign(work, report, visit.me.person_id)
        if refusal is None and confirmed == report.version:
            refusal = await sign(work, report, visit.me.person_id)
            done = refusal is None
        else:
            done = False
    if done:
        return see_other(f"/reports/{report_id}", said="report_signed")
    return await _page(visit, report_id, refused=refusal, sure=refusal is None, status=409 if refusal else 200)


@router.post("/{report_id}/send-back", dependencies=ACTING)
async def say_back(visit: Visiting, report_id: int, reason: Reason = "") -> Response:
    await _seen(visit, report_id)
    async with visit.acting() as work:
        refusal = await send_back(work, await _held(work, report_id), visit.me.person_id, reason.strip())
    if refusal is not None:
        return await _page(visit, report_id, refused=refusal, typed={"back": reason}, status=409)
    return see_other(f"/reports/{report_id}", said="report_sent_back")
