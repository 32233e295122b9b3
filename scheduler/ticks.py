"""What happens by itself: each tick asks "what is due at T" and does it once, also when it runs twice, late or after a week.

Every row is carried out in a transaction of its own; one that fails is put off and reported, and holds up nobody else.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any

import structlog
from sqlalchemy import ColumnElement, exists, func, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from cases.audit import audit
from cases.away_counts import count_weeks
from cases.boarding import ask_boarders, close_boarding, remind_boarders
from cases.campaign_counts import recount_campaigns
from cases.composing import advance_campaign
from cases.digests import is_first_of_month, monthly_list, morning_digest, noon_digest
from cases.escalation import settle
from cases.gaps import open_due_cases
from cases.handing_over import hand_over_posts
from cases.home_teaching import ask_about_lessons
from cases.imports.kept import forget_files
from cases.pairing import ask_for_contacts
from cases.plans import plan_in_force
from cases.posts.checks import advance_check, ask_posts
from cases.receipt_claims import take_claim
from cases.reconciling.nightly import reconcile
from cases.record import seal_events
from cases.registers import count_registers
from cases.reminders import advance_task
from cases.reports.preparing import advance_report, prepare_reports
from cases.sheet_asking import advance_sheet, open_sheets
from cases.supervising.kept import count_supervision
from cases.weekly import weekly_summary
from cases.welcome import welcome_guardians
from plan.calendar import Calendar
from plan.model import Plan
from storage.database import Database
from storage.tables import AttendanceSheet, Campaign, CaseFile, Intent, PostCheck, Question, ReceiptClaim, Report, Task, TickRun
from storage.work import Work, working

log = structlog.get_logger("ticks")
BATCH = 500
PUT_OFF = timedelta(minutes=15)
SEAL_EVERY = 10  # minutes


@dataclass(frozen=True)
class Due:
    """A table whose rows say when they want looking at, and what is done with one."""

    name: str
    id: InstrumentedAttribute[int]
    next_at: InstrumentedAttribute[datetime | None]
    living: ColumnElement[bool]
    advance: Callable[[Work, Any], Awaitable[None]]
    case_id: InstrumentedAttribute[int | None] | InstrumentedAttribute[int] | None = None


DUE = (
    Due("sheet", AttendanceSheet.id, AttendanceSheet.next_at, AttendanceSheet.next_at.is_not(None), advance_sheet),
    Due("case", CaseFile.id, CaseFile.next_at, CaseFile.state == "open", settle),
    Due("claim", ReceiptClaim.id, ReceiptClaim.next_at, ReceiptClaim.next_at.is_not(None), take_claim, ReceiptClaim.case_id),
    Due("task", Task.id, Task.next_at, Task.state.in_(("open", "acknowledged")), advance_task, Task.case_id),
    Due("campaign", Campaign.id, Campaign.next_at, Campaign.next_at.is_not(None), advance_campaign),
    Due("report", Report.id, Report.next_at, Report.next_at.is_not(None), advance_report),
    Due("post_check", PostCheck.id, PostCheck.next_at, PostCheck.next_at.is_not(None), advance_check),
)


async def advance_due(database: Database, now: datetime) -> int:
    """Carries out every step of a sheet, case, task or campaign that is due; returns how many rows it looked at."""
    return sum([await _advance_all(database, now, due) for due in DUE])


async def _advance_all(database: Database, now: datetime, due: Due) -> int:
    """In order of time, a batch of ids at a go; a row whose step makes others due is followed by them in the next batch."""
    seen: set[int] = set()
    while fresh := [row_id for row_id in await _due_rows(database, now, due, len(seen)) if row_id not in seen]:
        for row_id in fresh:
            await _advance_one(database, now, due, row_id)
        seen.update(fresh)
    return len(seen)


async def _due_rows(database: Database, now: datetime, due: Due, seen: int) -> list[int]:
    async with database.session() as session:
        query = select(due.id).where(due.living, due.next_at <= now).order_by(due.next_at, due.id).limit(BATCH + seen)
        return list(await session.scalars(query))


async def _advance_one(database: Database, now: datetime, due: Due, row_id: int) -> None:
    table = due.id.class_
    try:
        async with working(database, now) as work:
            await _lock_case(work, due, row_id)
            query = select(table).where(due.id == row_id, due.living, due.next_at <= now).with_for_update(skip_locked=True)
            row = await work.session.scalar(query)
            if row is not None:
                await due.advance(work, row)
                await work.session.flush()
                await _must_move(work, due, row_id, now)
    except Exception as error:
        log.error("step failed", action="tick_failed", table=due.name, id=row_id, error=type(error).__name__, exc_info=error)
        async with working(database, now) as work:
            await _put_off(work, due, row_id, now)


async def _lock_case(work: Work, due: Due, row_id: int) -> None:
    """A task's case is locked before the task, as everywhere: two workers never wait for each other crosswise."""
    column: Any = due.case_id
    if column is not None:
        case_id = await work.session.scalar(select(column).where(due.id == row_id))
        await work.session.execute(select(CaseFile.id).where(CaseFile.id == case_id).with_for_update())


async def _must_move(work: Work, due: Due, row_id: int, now: datetime) -> None:
    """A row that is still due after its step would be looked at for ever."""
    again = await work.session.scalar(select(due.next_at).where(due.id == row_id, due.living))
    if again is not None and again <= now:
        await _put_off(work, due, row_id, now)


async def _put_off(work: Work, due: Due, row_id: int, now: datetime) -> None:
    await work.session.execute(update(due.id.class_).where(due.id == row_id).values(next_at=now + PUT_OFF))
    work.record("step_put_off", f"{due.name}:{row_id}", area_code="")


COUNTED_AT, COUNTED_UNTIL = time(2, 30), timedelta(hours=20)
COUNTS = {
    "count_weeks": count_weeks,
    "count_supervision": count_supervision,
    "count_registers": count_registers,
    "recount_campaigns": recount_campaigns,
}
"""What pages show as it was counted at night (docs/console.md)."""


@dataclass(frozen=True)
class Daily:
    """A job of every day at a local time; after `life` it is too late for that day and is left out."""

    name: str
    at: time
    life: timedelta
    run: Callable[[Work, Plan, date], Awaitable[Any]]
    school_days: bool = True


def daily_jobs(plan: Plan) -> list[Daily]:
    """The day's jobs as the plan sets them."""
    attendance = plan.attendance
    closes = datetime.combine(date.min, attendance.closes_at) - datetime.combine(date.min, attendance.ask_at)
    weekly = plan.digest.weekly
    jobs = [Daily("weekly_summary", weekly.at, timedelta(hours=6), weekly_summary, school_days=False)] if weekly else []
    return [
        *jobs,
        Daily("sheets", attendance.ask_at, closes, open_sheets, school_days=False),
        Daily("handing_over", plan.quiet_hours.until, timedelta(hours=14), hand_over_posts, school_days=False),
        Daily("noon_digest", attendance.digest.at, timedelta(hours=4), noon_digest),
        Daily("morning_digest", plan.digest.at, timedelta(hours=5), morning_digest, school_days=False),
        Daily("monthly_list", plan.digest.monthly_at, timedelta(hours=12), _monthly),
        Daily("forget_files", plan.quiet_hours.until, timedelta(hours=14), forget_files, school_days=False),
        *_boarding_jobs(plan),
        *_roll_jobs(plan),
        *_welcome_jobs(plan),
        *_nightly_jobs(plan),
        *_periodic_jobs(plan),
    ]


def _roll_jobs(plan: Plan) -> list[Daily]:
    """Whoever has not arrived becomes a case; paired persons and teachers at home are asked. All make good what an outage left out."""
    jobs = (
        [Daily("enrolment_gaps", plan.attendance.digest.at, timedelta(hours=11), open_due_cases, school_days=False)]
        if plan.enrolment
        else []
    )
    if plan.registers is not None:
        jobs += [
            Daily("pair_contacts", plan.registers.contact.at, timedelta(hours=11), ask_for_contacts),
            Daily("home_lessons", plan.registers.lessons.at, timedelta(hours=11), ask_about_lessons, school_days=False),
        ]
    return jobs


def _welcome_jobs(plan: Plan) -> list[Daily]:
    rules = plan.publicity.welcome
    return [Daily("welcome", rules.at, timedelta(hours=6), welcome_guardians, school_days=False)] if rules is not None else []


def _boarding_jobs(plan: Plan) -> list[Daily]:
    """On which evenings somebody is asked, the job itself knows."""
    evening = plan.boarding
    if evening is None:
        return []
    asked, reminded, closed = (datetime.combine(date.min, at) for at in (evening.ask_at, evening.remind_at, evening.closes_at))
    return [
        Daily("boarding", evening.ask_at, closed - asked, ask_boarders, school_days=False),
        Daily("boarding_reminder", evening.remind_at, closed - reminded, remind_boarders, school_days=False),
        Daily("boarding_close", evening.closes_at, timedelta(hours=3), close_boarding, school_days=False),
    ]


def _nightly_jobs(plan: Plan) -> list[Daily]:
    rules = plan.reconciliation
    jobs = [Daily("reconciliation", rules.at, timedelta(hours=12), reconcile, school_days=False)] if rules else []
    return [*jobs, *(Daily(name, COUNTED_AT, COUNTED_UNTIL, run, school_days=False) for name, run in COUNTS.items())]


def _periodic_jobs(plan: Plan) -> list[Daily]:
    """Which period or month is due, the job itself knows: what an outage has left out is made good on a later day."""
    jobs = [Daily("reports", plan.reports.prepare_at, timedelta(hours=6), prepare_reports, school_days=False)] if plan.reports.kinds else []
    asked = plan.areas.still_you
    return [*jobs, Daily("post_checks", asked.at, timedelta(hours=6), ask_posts)] if asked else jobs


async def _monthly(work: Work, plan: Plan, day: date) -> None:
    if is_first_of_month(Calendar(plan), day):
        await monthly_list(work, plan, day)


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
