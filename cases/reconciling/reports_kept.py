"""The reports that schools have submitted, as they are compared with the ledger."""

from __future__ import annotations

from datetime import date

from sqlalchemy import and_, select

from cases.reconciling.reports import LISTS, Reported
from storage.tables import Report, ReportVersion
from storage.work import Work


async def submitted_reports(work: Work, since: date, until: date) -> list[Reported]:
    """Schools' reports for periods that began by the one day and did not end before the other, in their newest version.

    One that waits to be confirmed or signed anew is not compared: nobody answers for its numbers yet.
    """
    query = (
        select(Report, ReportVersion)
        .join(ReportVersion, and_(ReportVersion.report_id == Report.id, ReportVersion.version == Report.version))
        .where(Report.of == "school", Report.school_id.is_not(None), Report.state == "submitted")
        .where(Report.period_end >= since, Report.period_start <= until)
        .order_by(ReportVersion.computed_at, Report.id)
    )
    return [_reported(report, version) for report, version in await work.session.execute(query)]


def _reported(report: Report, version: ReportVersion) -> Reported:
    numbers = version.stated or version.computed
    return Reported(
        report.id, report.school_id or 0, report.area_code, version.computed_at, {name: numbers[name] for name in LISTS if name in numbers},
        {name: version.children.get(name, []) for name in LISTS}, [name for name in LISTS if version.reasons.get(name)],
    )  # fmt: skip
