"""The jobs of every day, each at its hour: what they do on which day, they know themselves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from cases.absence_of_staff import begin_leaves
from cases.away_counts import count_weeks
from cases.boarding import ask_boarders, close_boarding, remind_boarders
from cases.campaign_counts import recount_campaigns
from cases.digests import is_first_of_month, monthly_list, morning_digest, noon_digest
from cases.gaps import open_due_cases
from cases.handing_over import hand_over_posts
from cases.home_teaching import ask_about_lessons
from cases.home_watch import watch_home_teaching
from cases.imports.kept import forget_files
from cases.lesson_families import ask_families
from cases.outward.forgetting import forget_calls
from cases.pairing import ask_for_contacts
from cases.posts.checks import ask_posts
from cases.reconciling.nightly import reconcile
from cases.register_lists import count_registers
from cases.reports.preparing import prepare_reports
from cases.retention.nightly import keep_to_retention
from cases.sheet_asking import open_sheets
from cases.supervising.kept import count_supervision
from cases.weekly import weekly_summary
from cases.welcome import welcome_guardians
from plan.calendar import Calendar
from plan.model import Plan
from storage.work import Work

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
        Daily("leaves", plan.quiet_hours.until, timedelta(hours=14), begin_leaves, school_days=False),
        Daily("noon_digest", attendance.digest.at, timedelta(hours=4), noon_digest),
        Daily("morning_digest", plan.digest.at, timedelta(hours=5), morning_digest, school_days=False),
        Daily("monthly_list", plan.digest.monthly_at, timedelta(hours=12), _monthly),
        Daily("forget_files", plan.quiet_hours.until, timedelta(hours=14), forget_files, school_days=False),
        Daily("forget_calls", plan.quiet_hours.until, timedelta(hours=14), forget_calls, school_days=False),
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
        lessons = plan.registers.lessons
        jobs += [
            Daily("pair_contacts", plan.registers.contact.at, timedelta(hours=11), ask_for_contacts),
            Daily("home_lessons", lessons.at, timedelta(hours=11), ask_about_lessons, school_days=False),
            Daily("home_watch", lessons.at, timedelta(hours=11), watch_home_teaching),
        ]
        family = lessons.family
        jobs += [Daily("lesson_families", family.at, timedelta(hours=8), ask_families, school_days=False)] if family else []
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
    rules, kept = plan.reconciliation, plan.retention
    jobs = [Daily("reconciliation", rules.at, timedelta(hours=12), reconcile, school_days=False)] if rules else []
    jobs += [Daily("retention", kept.at, timedelta(hours=20), keep_to_retention, school_days=False)] if kept else []
    return [*jobs, *(Daily(name, COUNTED_AT, COUNTED_UNTIL, run, school_days=False) for name, run in COUNTS.items())]


def _periodic_jobs(plan: Plan) -> list[Daily]:
    """Which period or month is due, the job itself knows: what an outage has left out is made good on a later day."""
    jobs = [Daily("reports", plan.reports.prepare_at, timedelta(hours=6), prepare_reports, school_days=False)] if plan.reports.kinds else []
    asked = plan.areas.still_you
    return [*jobs, Daily("post_checks", asked.at, timedelta(hours=6), ask_posts)] if asked else jobs


async def _monthly(work: Work, plan: Plan, day: date) -> None:
    if is_first_of_month(Calendar(plan), day):
        await monthly_list(work, plan, day)
