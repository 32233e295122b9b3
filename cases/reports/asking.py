"""Asks for a report: counted anew, given to whoever confirms or signs it, and asked for again when it is late."""

from __future__ import annotations

from typing import Any

from cases.desk import Desk, desk_of_area, desk_of_school
from cases.reports.counting import Count, count, latest, reports_beneath
from cases.reports.words import COUNTED, change, corrected, report_name, some, unit_name
from cases.responsible import holders
from cases.tasks import LIVING, NewTask, alert, end_task, living_holders, open_task
from plan.report_times import nudges
from plan.reporting import Stage
from storage.tables import Person, Report, ReportVersion, School, Task
from storage.work import Work

CONFIRM, SIGN = "confirm_report", "sign_report"
KINDS = (CONFIRM, SIGN)
"""The two kinds of task by which a report is owed."""


async def desk_of_report(work: Work, report: Report) -> Desk:
    """The desk of the school or area that reports."""
    if report.school_id is not None:
        return await desk_of_school(work, await work.session.get_one(School, report.school_id))
    return await desk_of_area(work, report.area_code)


async def stage_of(work: Work, report: Report) -> Stage:
    """What the plan in force says of this level of the report. Raises LookupError where it no longer has it."""
    kind = (await desk_of_report(work, report)).plan.reports.kinds.get(report.kind)
    stage = kind.stage(report.of) if kind is not None else None
    if stage is None:
        raise LookupError(f"{report.kind}/{report.of}")
    return stage


async def ask_to_confirm(work: Work, report: Report, template: str = "report_due", **facts: Any) -> ReportVersion:
    """A new version with today's numbers, owed by whoever confirms it."""
    desk, stage = await desk_of_report(work, report), await stage_of(work, report)
    version = await new_version(work, report, await count(work, desk.plan, report))
    report.state = "asked"
    shown = {**await _missing(work, report, version), **facts}
    await _owe(work, report, version, CONFIRM, stage.confirms, template, shown)
    return version


async def ask_to_sign(work: Work, report: Report, version: ReportVersion) -> None:
    """Confirmed: whoever signs is shown the stated numbers, and what was computed where it differs."""
    stage = await stage_of(work, report)
    if stage.signs is None or version.confirmed_by is None:
        raise ValueError("this report is not signed")
    report.state = "confirmed"
    shown = {"who": (await work.session.get_one(Person, version.confirmed_by)).name}
    if version.stated is not None and version.reasons:
        shown |= {"corrected": corrected(version.computed, version.stated, version.reasons)}
    if stale := await changed_since(work, report, version):
        shown |= {"change": stale}
    await _owe(work, report, version, SIGN, stage.signs, "report_sign", shown)


async def changed_since(work: Work, report: Report, version: ReportVersion) -> str:
    """In words, how the numbers differ now from those of this version; empty where they do not."""
    plan = (await desk_of_report(work, report)).plan
    return change(version.computed, (await count(work, plan, report)).computed)


async def new_version(work: Work, report: Report, counted: Count) -> ReportVersion:
    """The next version of a report, nothing said of it yet."""
    report.version += 1
    version = ReportVersion(
        report_id=report.id, version=report.version, computed=counted.computed, children=counted.children, computed_at=work.now
    )
    work.session.add(version)
    await work.session.flush()
    work.record(
        "report_counted", f"report:{report.id}", area_code=report.area_code, version=report.version,
        **{name: counted.computed[name] for name in COUNTED},
    )  # fmt: skip
    return version


async def _missing(work: Work, report: Report, version: ReportVersion) -> dict[str, Any]:
    """Of a sum: how many there are beneath it, and which are not in yet."""
    gone = version.computed.get("missing")
    if gone is None:
        return {}
    beneath = (await desk_of_report(work, report)).plan.reports.kinds[report.kind].beneath(report.of)
    every = await reports_beneath(work, report, beneath.of) if beneath else []
    names = [await unit_name(work, below) for below in every if below.id in gone]
    return {"unit_count": len(every), "here_count": len(every) - len(names), "missing": some(names)}


async def _owe(
    work: Work, report: Report, version: ReportVersion, kind: str, role: str, template: str, shown: dict[str, Any]
) -> None:  # fmt: skip
    """Opens the task; the one before it, if any lives, is over. What its holders are told stands in the task."""
    desk = await desk_of_report(work, report)
    await end_present_task(work, report)
    numbers = version.stated or version.computed
    facts = {
        **shown, "report_id": report.id, "report": await report_name(work, desk.plan, report),
        **{name: numbers[name] for name in COUNTED},
    }  # fmt: skip
    new = NewTask(f"report:{report.id}:{version.version}:{kind}", kind, role, report.due_at, template, patient=True, facts=facts)
    task = await open_task(work, desk, new)
    report.task_id = task.id if task is not None else None
    report.next_at = await _next_nudge(work, report)


async def end_present_task(work: Work, report: Report, *, by: int | None = None, result: str | None = None) -> None:
    """The step that was owed is done by somebody, or no longer owed."""
    task = await work.session.get(Task, report.task_id) if report.task_id is not None else None
    if task is not None and task.state in LIVING:
        end_task(work, task, "done" if by else "cancelled", by=by, result=result, reason=None if by else "superseded")
    report.task_id = None


async def show_new_numbers(work: Work, report: Report, version: ReportVersion, counted: Count) -> None:
    """A sum that nobody has confirmed yet takes up what has come in since; the next reminder shows it."""
    version.computed, version.children, version.computed_at = counted.computed, counted.children, work.now
    task = await work.session.get(Task, report.task_id) if report.task_id is not None else None
    if task is not None:
        fresh = {**await _missing(work, report, version), **{name: counted.computed[name] for name in COUNTED}}
        task.facts = {**task.facts, **fresh}


async def nudge(work: Work, report: Report) -> None:
    """Reminds, or says that it is late, and to how many levels above; of several that were missed, only the last."""
    desk = await desk_of_report(work, report)
    steps = nudges(desk.plan.reports, report.due_at, report.opened_at, desk.calendar)
    due = [number for number, (at, _) in enumerate(steps, start=1) if at <= work.now and number > report.stage]
    task = await work.session.get(Task, report.task_id) if report.task_id is not None else None
    if due and task is not None and task.state in LIVING:
        report.stage = due[-1]
        await _show_change(work, report, task)
        await _say_nudge(work, desk, report, task, steps[report.stage - 1][1])
    report.next_at = await _next_nudge(work, report)


async def _show_change(work: Work, report: Report, task: Task) -> None:
    """A reminder says what has changed since the count; a sum takes it up by itself."""
    version = await latest(work, report)
    if version is not None and "missing" not in version.computed:
        stale = await changed_since(work, report, version)
        task.facts = {**task.facts, "change": stale} if stale else {name: one for name, one in task.facts.items() if name != "change"}


async def _next_nudge(work: Work, report: Report) -> Any:
    desk = await desk_of_report(work, report)
    steps = nudges(desk.plan.reports, report.due_at, report.opened_at, desk.calendar)
    return next((at for number, (at, _) in enumerate(steps, start=1) if number > report.stage and at > work.now), None)


async def _say_nudge(work: Work, desk: Desk, report: Report, task: Task, levels_above: int | None) -> None:
    owing = await living_holders(work, task.id)
    for person_id in owing:
        template = None if levels_above is None else "report_late"
        alert(work, task, person_id, template, key=f"report:{report.version}:{report.stage}")
    if not levels_above:
        return
    names = "、".join([(await work.session.get_one(Person, person_id)).name for person_id in owing])
    work.record("report_late", f"report:{report.id}", area_code=report.area_code, levels_above=levels_above)
    for role in desk.plan.ladder(task.role)[:levels_above]:
        for holder in await holders(work.session, desk.plan, role, desk.place, desk.today):
            if holder.person_id not in owing:
                await _tell_above(work, report, task, holder.person_id, names)


async def _tell_above(work: Work, report: Report, task: Task, person_id: int, names: str) -> None:
    version = await latest(work, report)
    work.say(
        f"report:{report.id}:{version.version if version else 0}:late:{report.stage}:{person_id}", person_id, "report_late_above",
        area_code=report.area_code, still="task_open", task_id=task.id, facts={"report": task.facts["report"], "who": names},
    )  # fmt: skip
