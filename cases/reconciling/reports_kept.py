"""The reports that schools have submitted, as they stand in the tables of the reports; none where there are no such tables."""

from __future__ import annotations

from datetime import date

from sqlalchemy import text

from cases.reconciling.reports import LISTS, Reported
from storage.work import Work

SUBMITTED = """
    select r.id, r.school_id, r.area_code, r.period_end, coalesce(v.stated, v.computed), v.children
    from report r join report_version v on v.report_id = r.id and v.version = r.version
    where r.of = 'school' and r.school_id is not null and r.state = 'submitted' and r.period_end between :since and :until
    order by r.period_end, r.id
"""


async def submitted_reports(work: Work, since: date, until: date) -> list[Reported]:
    """Schools' reports for periods that ended between these days, in their newest version."""
    if await work.session.scalar(text("select to_regclass('report_version')")) is None:
        return []
    rows = await work.session.execute(text(SUBMITTED), {"since": since, "until": until})
    return [
        Reported(
            report, school, area, on, {name: numbers[name] for name in LISTS if name in numbers},
            {name: children.get(name, []) for name in LISTS},
        )
        for report, school, area, on, numbers, children in rows
    ]  # fmt: skip
