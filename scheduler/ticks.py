"""What happens by itself: each tick asks "what is due at T" and does it once, also when it runs twice, late or after a week.

How rows that are due are carried out: `scheduler/advancing.py`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any

import structlog
from sqlalchemy import ColumnElement, exists, func, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from cases.audit import audit
from cases.composing import advance_campaign
from cases.escalation import settle
from cases.plans import plan_in_force
from cases.posts.checks import advance_check, ahead_of_checks
from cases.read_ahead import ahead_of_cases, ahead_of_sheets, ahead_of_tasks
from cases.receipt_claims import take_claim
from cases.record import seal_events
from cases.reminders import advance_task
from cases.reports.preparing import advance_report, ahead_of_reports
from cases.sheet_asking import advance_sheet
from plan.calendar import Calendar
from plan.model import Plan
from scheduler.advancing import Due, advance_all
from scheduler.daily import Daily, daily_jobs
from storage.database import Database
from storage.tables import AttendanceSheet, Campaign, CaseFile, Intent, PostCheck, Question, ReceiptClaim, Report, Task, TickRun
from storage.work import Work, working

log = structlog.get_logger("ticks")
SEAL_EVERY = 10  # minutes


DUE = (
    Due("sheet", AttendanceSheet.id, AttendanceSheet.next_at, AttendanceSheet.next_at.is_not(None), advance_sheet, ahead=ahead_of_sheets),
    Due("case", CaseFile.id, CaseFile.next_at, CaseFile.state == "open", settle, ahead=ahead_of_cases),
    Due("claim", ReceiptClaim.id, ReceiptClaim.next_at, ReceiptClaim.next_at.is_not(None), take_claim, ReceiptClaim.case_id),
    Due("task", Task.id, Task.next_at, Task.state.in_(("open", "acknowledged")), advance_task, Task.case_id, ahead=ahead_of_tasks),
    Due("campaign", Campaign.id, Campaign.next_at, Campaign.next_at.is_not(None), advance_campaign, together=1),
    Due("report", Report.id, Report.next_at, Report.next_at.is_not(None), advance_report, ahead=ahead_of_reports),
    Due("post_check", PostCheck.id, PostCheck.next_at, PostCheck.next_at.is_not(None), advance_check, ahead=ahead_of_checks),
)


async def advance_due(database: Database, now: datetime) -> int:
    """Carries out every step of a sheet, case, task or campaign that is due; returns how many rows it looked at."""
    return sum([await advance_all(database, now, due) for due in DUE])


async def run_daily(database: Database, now: datetime) -> int:
    """Runs each of today's jobs whose hour has come, once; returns how many ran."""
    async with database.session() as session:
        _, plan = await plan_in_force(session)
        calendar = Calendar(plan)
        today = calendar.day_of(now)
        ran = set(await session.scalars(select(TickRun.name).where(TickRun.due_at >= calendar.at(today, time.min))))
    jobs = [(job, calendar.at(today, job.at)) for job in daily_jobs(plan) if job.name not in ran]
    jobs = [(job, due) for job, due in jobs if due <= now < due + job.life and (not job.school_days or calendar.is_school_day(today))]
    return sum([await _guarded(database, now, job, due, plan, today) for job, due in jobs])


async def _guarded(database: Database, now: datetime, job: Daily, due: datetime, plan: Plan, today: date) -> int:
    """A job that fails is logged and tried again at the next tick; the day's other work goes on."""
    try:
        return await _once(database, now, job.name, due, partial(_run_job, job, plan, today))
    except Exception as error:
        log.error("daily job failed", action="job_failed", job=job.name, error=type(error).__name__, exc_info=error)
        return 0


async def _run_job(job: Daily, plan: Plan, today: date, work: Work) -> None:
    await job.run(work, plan, today)


async def _once(database: Database, now: datetime, name: str, due: datetime, run: Callable[[Work], Awaitable[Any]]) -> int:
    """The tick's key and its work are one transaction: it runs once, or not at all and is tried again."""
    async with working(database, now) as work:
        mine = insert(TickRun).values(name=name, due_at=due, ran_at=now).on_conflict_do_nothing().returning(TickRun.name)
        if await work.session.scalar(mine) is None:
            return 0
        await run(work)
    return 1


def _floor(now: datetime, minutes: int) -> datetime:
    return now - timedelta(minutes=now.minute % minutes if minutes < 60 else now.minute, seconds=now.second, microseconds=now.microsecond)


async def run_periodic(database: Database, now: datetime) -> dict[str, list[int]] | None:
    """Seals the record and, once an hour, audits. Returns the audit's findings when it ran."""
    async with database.session() as session:
        _, plan = await plan_in_force(session)
        due = {"seal": _floor(now, SEAL_EVERY), "audit": _floor(now, plan.audit.every_minutes)}
        query = select(TickRun.name).where(tuple_(TickRun.name, TickRun.due_at).in_(due.items()))
        ran = set(await session.scalars(query))
    if "seal" not in ran:
        await _once(database, now, "seal", due["seal"], seal_events)
    findings: list[dict[str, list[int]]] = []

    async def look(work: Work) -> None:
        findings.append(await audit(work, plan))

    if "audit" not in ran:
        await _once(database, now, "audit", due["audit"], look)
    return findings[0] if findings else None


async def expire_questions(database: Database, now: datetime) -> int:
    """Questions that were not answered in time no longer count as asked; the next one waiting may be put."""
    async with database.session() as session, session.begin():
        stale = update(Question).where(*_stale(now)).values(state="expired", ended_at=now)
        return len((await session.execute(stale.returning(Question.id))).all())


async def next_time(session: AsyncSession, now: datetime) -> datetime:
    """When something will be due next, if nobody does anything before: where the stepped clock goes."""
    waiting = [
        select(func.min(due.next_at)).where(due.living, due.next_at > now) for due in DUE
    ] + [select(func.min(Intent.due_at)).where(Intent.state == "pending", Intent.due_at > now)]  # fmt: skip
    found: list[datetime | None] = list((await session.execute(select(*(query.scalar_subquery() for query in waiting)))).one())
    _, plan = await plan_in_force(session)
    calendar = Calendar(plan)
    hours = [calendar.at(calendar.day_of(now) + timedelta(days=n), job.at) for job in daily_jobs(plan) for n in (0, 1)]
    return min(at for at in [*found, *hours] if at is not None and at > now)


async def tick(database: Database, now: datetime) -> int:
    """Everything that is due now, once through; returns how much there was to do."""
    async with database.session() as session:
        rows, questions = await _waiting(session, now)
    expired = await expire_questions(database, now) if questions else 0
    return expired + await run_daily(database, now) + (await advance_due(database, now) if rows else 0)


async def _waiting(session: AsyncSession, now: datetime) -> tuple[bool, bool]:
    """Whether (a sheet, case, task or campaign, a question) wants something by now: one look instead of four."""
    rows = or_(*(exists(select(due.id).where(due.living, due.next_at <= now)) for due in DUE))
    found = (await session.execute(select(rows, exists(select(Question.id).where(*_stale(now)))))).one()
    return bool(found[0]), bool(found[1])


def _stale(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return Question.state == "open", Question.expires_at <= now
