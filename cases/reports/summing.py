"""What a submitted report does to the sums above it: the last one completes them, a later or corrected one changes them."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from cases.desk import Desk
from cases.reports.asking import ask_to_confirm, desk_of_report, show_new_numbers
from cases.reports.counting import count, latest, reports_beneath, submitted_version
from cases.reports.words import change, some, unit_name
from storage.tables import Report, ReportVersion
from storage.work import Work


async def tell_above(work: Work, report: Report) -> None:
    """The next sum takes it up: at once where nothing is missing any more, or where nobody has confirmed the sum yet."""
    parent = await _parent(work, report)
    if parent is None:
        return
    desk = await desk_of_report(work, parent)
    if parent.state == "collecting":
        beneath = desk.plan.reports.kinds[parent.kind].beneath(parent.of)
        below = await reports_beneath(work, parent, beneath.of) if beneath else []
        if all([await submitted_version(work, one) is not None for one in below]):
            await ask_to_confirm(work, parent, "report_sum")
    elif parent.state == "submitted":
        parent.next_at = work.now + timedelta(minutes=desk.plan.reports.gather_minutes)
    else:
        await _take_up(work, desk, parent)


async def _parent(work: Work, report: Report) -> Report | None:
    """The sum above, locked: the plan's next level whose area holds this one's."""
    kind = (await desk_of_report(work, report)).plan.reports.kinds.get(report.kind)
    if kind is None:
        return None
    above: list[str] = [stage.of for stage in kind.sums]
    query = select(Report).where(
        Report.kind == report.kind, Report.period_start == report.period_start, Report.of.in_(above), Report.id != report.id
    )
    holding = [one for one in await work.session.scalars(query.with_for_update()) if report.area_code.startswith(one.area_code)]
    ranks: list[str] = [stage.of for stage in kind.stages]
    higher = [one for one in holding if ranks.index(one.of) > ranks.index(report.of)]
    return min(higher, key=lambda one: ranks.index(one.of), default=None)


async def _take_up(work: Work, desk: Desk, parent: Report) -> None:
    version = await latest(work, parent)
    counted = await count(work, desk.plan, parent)
    if version is not None and counted.computed != version.computed:
        if parent.state == "asked":
            await show_new_numbers(work, parent, version, counted)
        else:
            await _ask_again(work, desk, parent, version)


async def refresh(work: Work, report: Report) -> None:
    """A sum that was submitted is asked for again where those beneath now say something else."""
    report.next_at = None
    desk = await desk_of_report(work, report)
    version = await latest(work, report)
    if version is None or desk.plan.reports.kinds[report.kind].beneath(report.of) is None:
        return
    if (await count(work, desk.plan, report)).computed != version.computed:
        await _ask_again(work, desk, report, version)


async def _ask_again(work: Work, desk: Desk, report: Report, before: ReportVersion) -> None:
    """A new version with a time of its own; those who had acknowledged the old one learn what has changed."""
    counted = await count(work, desk.plan, report)
    changed = change(before.computed, counted.computed)
    arrived = [one for one in before.computed.get("missing", []) if one not in counted.computed["missing"]]
    names = [await unit_name(work, await work.session.get_one(Report, one)) for one in arrived]
    renew_time(work, desk, report)
    facts = {"change": changed, "arrived": some(names)}
    await ask_to_confirm(work, report, "report_changed", **{name: text for name, text in facts.items() if text})
    work.record("report_reopened", f"report:{report.id}", area_code=report.area_code, version=report.version)


def renew_time(work: Work, desk: Desk, report: Report) -> None:
    """A new version is given the time that the plan gives to this level."""
    stage = desk.plan.reports.kinds[report.kind].stage(report.of)
    fresh = desk.calendar.after(work.now, stage.due) if stage is not None else report.due_at
    report.due_at, report.stage, report.opened_at = max(report.due_at, fresh), 0, work.now
