"""Reports as lists: for the command line, the printed sheets, and the names behind a number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import aliased

from cases.names import area_names
from cases.plans import plan_in_force
from cases.reports.counting import latest
from cases.reports.words import period_name, report_words, some
from storage.tables import Person, Report, ReportVersion, School, Student
from storage.work import Work


@dataclass(frozen=True)
class ReportRow:
    """One report in its newest version. `computed` and `stated` are the version's; `stated` is None until somebody confirmed it."""

    report_id: int
    kind: str
    of: str
    unit: str
    area_code: str
    school_id: int | None
    period: str
    period_start: date
    period_end: date
    state: str
    version: int
    due_at: datetime
    is_late: bool
    computed: Mapping[str, Any]
    stated: Mapping[str, Any] | None
    reasons: Mapping[str, str]
    computed_at: datetime | None
    confirmed_by: str | None
    confirmed_at: datetime | None
    signed_by: str | None
    signed_at: datetime | None
    submitted_at: datetime | None


@dataclass(frozen=True)
class Wanted:
    """Which reports; what is empty chooses all."""

    area_code: str = ""
    kind: str | None = None
    of: str | None = None
    state: str | None = None
    period_start: date | None = None
    report_id: int | None = None


async def report_rows(work: Work, wanted: Wanted, *, most: int | None = None, after: int = 0) -> list[ReportRow]:
    """The reports, newest period first, then from above by area: all, or at most so many after the first ones."""
    plan = (await plan_in_force(work.session))[1]
    confirmer, signer = aliased(Person), aliased(Person)
    query = (
        select(Report, ReportVersion, School.name, confirmer.name, signer.name)
        .outerjoin(ReportVersion, and_(ReportVersion.report_id == Report.id, ReportVersion.version == Report.version))
        .outerjoin(School, School.id == Report.school_id)
        .outerjoin(confirmer, confirmer.id == ReportVersion.confirmed_by)
        .outerjoin(signer, signer.id == ReportVersion.signed_by)
        .where(*_conditions(wanted))
        .order_by(Report.period_start.desc(), Report.kind, func.length(Report.area_code), Report.area_code, Report.id)
        .limit(most)
        .offset(after)
    )
    rows = (await work.session.execute(query)).all()
    names = await area_names(work.session, {report.area_code for report, *_ in rows if report.school_id is None})
    every = {name: kind.every for name, kind in plan.reports.kinds.items()}
    return [
        ReportRow(
            report.id, report.kind, report.of, school or names.get(report.area_code, report.area_code), report.area_code, report.school_id,
            period_name(every.get(report.kind, "month"), report.period_start), report.period_start, report.period_end, report.state,
            report.version, report.due_at, report.state != "submitted" and report.due_at < work.now,
            version.computed if version else {}, version.stated if version else None, version.reasons if version else {},
            version.computed_at if version else None, confirmed,
            version.confirmed_at if version else None, signed, version.signed_at if version else None, report.submitted_at,
        )
        for report, version, school, confirmed, signed in rows
    ]  # fmt: skip


async def count_reports(work: Work, wanted: Wanted) -> dict[str, int]:
    """State → how many of these reports."""
    query = select(Report.state, func.count()).where(*_conditions(wanted)).group_by(Report.state)
    return dict((await work.session.execute(query)).all())


def _conditions(wanted: Wanted) -> list[Any]:
    given = [
        (Report.kind, wanted.kind), (Report.of, wanted.of), (Report.state, wanted.state), (Report.period_start, wanted.period_start),
        (Report.id, wanted.report_id),
    ]  # fmt: skip
    inside = [Report.area_code.startswith(wanted.area_code)] if wanted.area_code else []
    return [*inside, *(column == value for column, value in given if value is not None)]


async def versions_of(work: Work, report_id: int) -> Sequence[ReportVersion]:
    """All versions of a report, oldest first."""
    query = select(ReportVersion).where(ReportVersion.report_id == report_id).order_by(ReportVersion.version)
    return (await work.session.scalars(query)).all()


async def child_names(work: Work, report: Report) -> dict[str, str]:
    """Who is on the two lists of the newest version, by name, for whoever is asked to confirm it."""
    version = await latest(work, report)
    none = report_words()["no_child"]
    found = {}
    for name in ("suspected", "dropout"):
        ids = version.children.get(name, []) if version is not None else []
        names = await work.session.scalars(select(Student.name).where(Student.id == func.any(ids)).order_by(Student.id))
        found[name] = some(list(names)) or none
    return found
