"""An officer confirms, corrects, signs or sends back a report: one message, and a signature takes two."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import select

from bot.dialogs.order import Order, lines_of
from bot.dialogs.speaker import Speaker
from bot.replies.report import ReportReading, read_report
from cases.confirming import ask_to_confirm, awaited, forget
from cases.reports.answering import Stated, confirm, may_sign, report_by_id, send_back, sign
from cases.reports.asking import CONFIRM, KINDS, SIGN, changed_since
from cases.reports.counting import latest
from cases.reports.listing import child_names
from cases.reports.recounting import recount
from cases.reports.words import counts, report_name
from cases.task_codes import of_code
from cases.tasks import living_holders
from storage.tables import Inbound, Person, Report, ReportVersion, Task
from storage.work import Work

SIGNATURE = "signature"
RIVALS = ("mass_absence", "approve_referral")
"""Kinds of task that 确认 may be about just as well."""
LATE = 62
"""Days after its period for which a report is corrected by message; an older one by an operator."""


def reads_report(inbound: Inbound, speaker: Speaker) -> bool:
    """Whether a text can only be about a report: so that no teacher's dialog takes its numbers for seats in class."""
    reading = read_report(_body(inbound, speaker))
    if reading is None:
        return False
    if reading.again or reading.act == "recount" or any(task.kind in KINDS for task in speaker.tasks):
        return True
    return reading.act == "sign" and _signs(speaker)


def _signs(speaker: Speaker) -> bool:
    roles = {stage.signs for kind in speaker.plan.reports.kinds.values() for stage in kind.stages}
    return any(row.role in roles for row in speaker.staff)


def _body(inbound: Inbound, speaker: Speaker) -> str:
    """The text without the code in front of it."""
    said = inbound.body.strip()
    code = next((task.code for task in speaker.tasks if task.kind in KINDS and said.upper().startswith(task.code)), "")
    return said[len(code) :].strip(" ,，:：")


async def hear_report(order: Order, quoted: list[Task]) -> str | None:
    """Carries out what is said of a report; None where it says nothing of one."""
    reading = read_report(_body(order.inbound, order.speaker))
    if reading is None:
        return None
    if reading.again:
        return await _correct_submitted(order, reading)
    tasks = _meant(order, quoted, reading)
    if len(tasks) > 1:
        return order.say("which_task", lines=await lines_of(order.work, order.speaker))
    if not tasks and reading.act == "recount":
        return await _recount_theirs(order, reading)
    if not tasks:
        return await _signed_before(order) if reading.act == "sign" else None
    report = await report_by_id(order.work, tasks[0].facts["report_id"])
    if report is None:
        return None
    return await ACTS[reading.act](order, tasks[0], report, reading)


def _meant(order: Order, quoted: list[Task], reading: ReportReading) -> list[Task]:
    """By its code, by the message that is answered, or the only one that takes such an answer."""
    mine = [task for task in order.speaker.tasks if task.kind in KINDS]
    if order.reading.code is not None:
        return of_code(mine, order.reading.code)
    if quoted:
        return [task for task in mine if task in quoted]
    if reading.act == "confirm":
        if any(task.kind in RIVALS or (task.kind not in KINDS and "confirming" in task.facts) for task in order.speaker.tasks):
            return []
        waiting = [task for task in mine if awaited(task, order.speaker.staff_id, order.inbound.received_at) is not None]
        return waiting or [task for task in mine if task.kind == CONFIRM] or mine
    kinds = {"correct": CONFIRM, "sign": SIGN, "send_back": SIGN}
    wanted = kinds.get(reading.act)
    return [task for task in mine if wanted is None or task.kind == wanted] or mine


async def _confirm(order: Order, task: Task, report: Report, reading: ReportReading) -> str:
    """Whoever signs says it as the second word."""
    return await _second_word(order, task, report) if task.kind == SIGN else await _state(order, task, report, reading)


async def _signed_before(order: Order) -> str | None:
    """签字 once more, when nothing waits for it."""
    if not _signs(order.speaker):
        return None
    before = select(ReportVersion.report_id).where(ReportVersion.signed_by == order.speaker.staff_id).limit(1)
    return order.refuse("report_signed" if await order.work.session.scalar(before) is not None else "report_early")


async def _state(order: Order, task: Task, report: Report, reading: ReportReading) -> str:
    if task.kind == SIGN:
        return order.refuse("report_to_sign")
    if reading.month is not None and reading.month != report.period_end.month:
        return order.refuse("report_future" if reading.month == order.speaker.today.month % 12 + 1 else "report_other_month")
    return await _confirmed(order, report, reading)


async def _confirmed(order: Order, report: Report, reading: ReportReading) -> str:
    refusal = await confirm(order.work, report, order.speaker.staff_id, Stated(reading.numbers, reasons=reading.reasons))
    return order.refuse(refusal) if refusal is not None else await _receipt(order, report)


async def _receipt(order: Order, report: Report) -> str:
    version = await latest(order.work, report)
    numbers = counts(version.stated or version.computed) if version else ""
    name = await report_name(order.work, order.speaker.plan, report)
    shown: dict[str, Any] = {"report": name, "counts": numbers, "state": report.state}
    if version is not None and (stale := await changed_since(order.work, report, version)):
        shown["change"] = stale
    return order.say("report_noted", **shown)


async def _sign(order: Order, task: Task, report: Report, _: ReportReading) -> str:
    """The first word: what will be signed is said once more."""
    if task.kind != SIGN:
        return order.refuse("report_confirm_first")
    refusal = await may_sign(order.work, report, order.speaker.staff_id)
    version = await latest(order.work, report)
    if refusal is not None or version is None or version.stated is None:
        return order.refuse(refusal or "report_early")
    minutes = order.speaker.plan.dialogs.confirm_within_minutes
    ask_to_confirm(order.work, task, order.speaker.staff_id, {"what": SIGNATURE, "version": report.version}, minutes)
    name = await report_name(order.work, order.speaker.plan, report)
    return order.say("report_sign_confirm", task=task, report=name, counts=counts(version.stated), minutes=minutes)


async def _second_word(order: Order, task: Task, report: Report) -> str:
    kept = awaited(task, order.speaker.staff_id, order.inbound.received_at)
    if kept is None or kept["what"] != SIGNATURE or kept["version"] != report.version:
        return order.refuse("report_sign_again" if "confirming" in task.facts else "report_sign_first")
    refusal = await sign(order.work, report, order.speaker.staff_id)
    forget(task)
    return order.refuse(refusal) if refusal is not None else await _receipt(order, report)


async def _send_back(order: Order, task: Task, report: Report, reading: ReportReading) -> str:
    if task.kind != SIGN:
        return order.refuse("report_confirm_first")
    refusal = await send_back(order.work, report, order.speaker.staff_id, reading.reason)
    if refusal is not None:
        return order.refuse(refusal)
    return order.say("report_sent_back", report=await report_name(order.work, order.speaker.plan, report))


async def _roll(order: Order, task: Task, report: Report, _: ReportReading) -> str:
    """Given names only, and only to whoever is asked for the report."""
    return order.say(
        "report_roll", task=task, report=await report_name(order.work, order.speaker.plan, report), **await child_names(order.work, report)
    )


async def _recount(order: Order, _: Task | None, report: Report, __: ReportReading) -> str:
    """Whoever confirms it is asked again, and so needs no other answer; whoever signs it learns who is asked."""
    me = order.speaker.staff_id
    refusal = await recount(order.work, report, me)
    if refusal is not None:
        return order.refuse(refusal)
    asked = await living_holders(order.work, report.task_id) if report.task_id is not None else []
    version = await latest(order.work, report)
    if me not in asked and version is not None:
        names = "、".join([(await order.work.session.get_one(Person, one)).name for one in asked])
        name = await report_name(order.work, order.speaker.plan, report)
        order.say("report_recounted", report=name, counts=counts(version.computed), who=names)
    return "report_recounted"


async def _recount_theirs(order: Order, reading: ReportReading) -> str:
    """Where nothing is asked of them any more: the newest report that they confirmed."""
    report = await _newest_of_theirs(order, reading)
    locked = await report_by_id(order.work, report.id) if report is not None else None
    return await _recount(order, None, locked, reading) if locked is not None else order.refuse("report_none")


async def _correct_submitted(order: Order, reading: ReportReading) -> str:
    """After the signature, of the newest report of theirs."""
    report = await _newest_of_theirs(order, reading)
    if report is None:
        is_ahead = reading.month == order.speaker.today.month % 12 + 1
        return order.refuse("report_future" if is_ahead else "report_none")
    locked = await report_by_id(order.work, report.id)
    return await _confirmed(order, locked, reading) if locked is not None else order.refuse("report_none")


async def _newest_of_theirs(order: Order, reading: ReportReading) -> Report | None:
    """The newest report that they confirm, of the kind and the month that are named."""
    plan = order.speaker.plan
    roles = {(kind, stage.of, stage.confirms) for kind, entry in plan.reports.kinds.items() for stage in entry.stages}
    found: list[Report] = []
    for row in order.speaker.staff:
        levels = [(kind, of) for kind, of, role in roles if role == row.role]
        for kind, of in levels:
            if reading.kind is not None and reading.kind not in plan.reports.kinds[kind].zh.replace("保学", ""):
                continue
            found += await _newest(order.work, kind, of, row.school_id, row.area_code)
    if reading.month is not None:
        found = [report for report in found if report.period_end.month == reading.month]
    return max(found, key=lambda one: (one.submitted_at or one.opened_at, one.id), default=None)


async def _newest(work: Work, kind: str, of: str, school_id: int | None, area_code: str) -> list[Report]:
    unit = Report.school_id == school_id if of == "school" else Report.area_code == area_code
    query = select(Report).where(Report.kind == kind, Report.of == of, unit, Report.version > 0).order_by(Report.period_start.desc())
    return list(await work.session.scalars(query.limit(3)))


Act = Callable[[Order, Task, Report, ReportReading], Awaitable[str]]


ACTS: dict[str, Act] = {"confirm": _confirm, "correct": _state, "sign": _sign, "send_back": _send_back, "roll": _roll, "recount": _recount}
