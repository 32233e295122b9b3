"""A report that was counted some time ago is counted anew by whoever confirms or signs it."""

from __future__ import annotations

from cases.reports.answering import may_answer
from cases.reports.asking import ask_to_confirm, changed_since, desk_of_report, stage_of
from cases.reports.counting import latest
from cases.reports.summing import renew_time
from storage.tables import Report
from storage.work import Work


async def recount(work: Work, report: Report, by: int) -> str | None:
    """Whoever confirms or signs it has it counted anew: a new version, to be confirmed. What forbids it, or None.

    The time by which it is due stays. One that is submitted counts above as it is until the new version is, which has a time of its own.
    """
    stage, version = await stage_of(work, report), await latest(work, report)
    if version is None:
        return "report_early"
    roles = [role for role in (stage.confirms, stage.signs) if role is not None]
    if not any([await may_answer(work, report, by, role) for role in roles]):
        return "not_allowed"
    changed = await changed_since(work, report, version)
    if not changed:
        return "report_unchanged"
    if report.state == "submitted":
        renew_time(work, await desk_of_report(work, report), report)
    work.record("report_recounted", f"report:{report.id}", area_code=report.area_code, actor=f"person:{by}", version=version.version)
    await ask_to_confirm(work, report, "report_changed", change=changed)
    return None
