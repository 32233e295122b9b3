"""What those who owe a report say of it: confirmed, corrected, signed, sent back. The computed numbers stay beside the stated ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import select

from cases.reports.asking import ask_to_confirm, ask_to_sign, desk_of_report, end_present_task, new_version, stage_of
from cases.reports.counting import Count, count, latest
from cases.reports.summing import renew_time, tell_above
from cases.reports.words import COUNTED
from cases.responsible import holders
from cases.tasks import living_holders
from storage.tables import Facts, Report, ReportVersion
from storage.work import Work

SHORTEST_REASON = 2
Numbers = Mapping[str, int]
"""Those of `COUNTED` that somebody states."""


@dataclass(frozen=True)
class Stated:
    """What somebody says instead of the computed numbers, and why: `reason` for all of them, `reasons` for one by its name."""

    numbers: Numbers
    reason: str = ""
    reasons: Mapping[str, str] = field(default_factory=dict)

    def why(self, name: str) -> str:
        """Empty where nothing was said, or too little."""
        said = self.reasons.get(name) or self.reason
        return said if len(said) >= SHORTEST_REASON else ""


NOTHING_ELSE = Stated({})


async def report_by_id(work: Work, report_id: int) -> Report | None:
    """The report, locked for this use case."""
    return await work.session.scalar(select(Report).where(Report.id == report_id).with_for_update())


async def may_answer(work: Work, report: Report, person_id: int, role: str) -> bool:
    """Whoever is asked for it now, or answers for the place in that role today, or is their substitute."""
    asked = await living_holders(work, report.task_id) if report.task_id is not None else []
    desk = await desk_of_report(work, report)
    own = await holders(work.session, desk.plan, role, desk.place, desk.today)
    return person_id in {*asked, *(one for holder in own for one in (holder.person_id, holder.substitute_id))}


async def confirm(work: Work, report: Report, by: int, stated: Stated = NOTHING_ELSE) -> str | None:
    """Confirms the computed numbers, or states others with a reason: also after it was submitted, as a new version.

    What forbids it (templates/words.yaml, refusals), or None when it is done.
    """
    stage, version = await stage_of(work, report), await latest(work, report)
    if version is None:
        return "report_early"
    if not await may_answer(work, report, by, stage.confirms):
        return "not_allowed"
    if report.state != "asked" and not stated.numbers:
        return "report_confirmed"
    desk = await desk_of_report(work, report)
    fresh = await count(work, desk.plan, report) if report.state != "asked" else None
    told = _told(version, fresh.computed if fresh is not None else version.computed, stated)
    refusal = _objection(version, told)
    if refusal is not None:
        return refusal
    if fresh is not None:
        version = await _again(work, report, fresh)
    await _keep(work, report, version, by, told)
    await (ask_to_sign(work, report, version) if stage.signs is not None else _submit(work, report, version))
    return None


@dataclass(frozen=True)
class _Told:
    """The numbers that will stand beside the computed ones, and why for those that somebody changed."""

    computed: Numbers
    numbers: dict[str, int]
    reasons: dict[str, str]

    @property
    def unexplained(self) -> bool:
        return any(self.numbers[name] != self.computed[name] and name not in self.reasons for name in COUNTED)


def _told(before: ReportVersion, computed: Numbers, stated: Stated) -> _Told:
    """What is not named stays as computed; a correction of a correction keeps the numbers that somebody had corrected."""
    kept: Mapping[str, int] = before.stated or {}
    corrected = {name: kept[name] for name in COUNTED if name in kept and kept[name] != before.computed[name]}
    numbers = {**{name: computed[name] for name in COUNTED}, **corrected, **stated.numbers}
    changed = [name for name in COUNTED if numbers[name] != computed[name] or numbers[name] != kept.get(name, computed[name])]
    reasons = {name: stated.why(name) if name in stated.numbers else before.reasons.get(name, "") for name in changed}
    return _Told(computed, numbers, {name: why for name, why in reasons.items() if why})


def _objection(before: ReportVersion, told: _Told) -> str | None:
    numbers = told.numbers
    if numbers["suspected"] + numbers["dropout"] > numbers["of_age"] or min(numbers.values()) < 0:
        return "report_numbers"
    if before.stated is not None and all(before.stated[name] == numbers[name] for name in COUNTED):
        return "report_confirmed"
    return "report_reason" if told.unexplained else None


async def _again(work: Work, report: Report, fresh: Count) -> ReportVersion:
    """The version that was confirmed stays as it was; the new one is counted anew."""
    renew_time(work, await desk_of_report(work, report), report)
    return await new_version(work, report, fresh)


async def _keep(work: Work, report: Report, version: ReportVersion, by: int, told: _Told) -> None:
    stated: Facts = {**version.computed, **told.numbers}
    version.stated, version.reasons, version.confirmed_by, version.confirmed_at = stated, told.reasons, by, work.now
    await end_present_task(work, report, by=by)
    await work.session.flush()
    corrected = any(version.computed[name] != told.numbers[name] for name in COUNTED)
    work.record(
        "report_confirmed", f"report:{report.id}", area_code=report.area_code, actor=f"person:{by}", version=version.version,
        corrected=corrected, stated=dict(told.numbers),
    )  # fmt: skip


async def may_sign(work: Work, report: Report, by: int) -> str | None:
    """What forbids this person to sign it now, or None."""
    stage, version = await stage_of(work, report), await latest(work, report)
    if stage.signs is None:
        return "report_unsigned"
    if report.state != "confirmed" or version is None:
        return "report_signed" if report.state == "submitted" else "report_early"
    return None if await may_answer(work, report, by, stage.signs) else "not_allowed"


async def sign(work: Work, report: Report, by: int) -> str | None:
    """A named person signs the stated numbers: it is submitted, and the sum above takes it up. What forbids it, or None."""
    refusal = await may_sign(work, report, by)
    version = await latest(work, report)
    if refusal is not None or version is None:
        return refusal or "report_early"
    version.signed_by, version.signed_at = by, work.now
    await end_present_task(work, report, by=by)
    work.record("report_signed", f"report:{report.id}", area_code=report.area_code, actor=f"person:{by}", version=version.version)
    await _submit(work, report, version)
    return None


async def _submit(work: Work, report: Report, version: ReportVersion) -> None:
    report.state, report.submitted_at, report.next_at = "submitted", work.now, None
    version.submitted_at = work.now
    work.record("report_submitted", f"report:{report.id}", area_code=report.area_code, version=version.version)
    await work.session.flush()
    await tell_above(work, report)


async def send_back(work: Work, report: Report, by: int, reason: str) -> str | None:
    """Whoever signs does not, and says why: it is counted and confirmed anew. What forbids it, or None."""
    refusal = await may_sign(work, report, by)
    version = await latest(work, report)
    if refusal is not None or version is None:
        return refusal or "report_early"
    if len(reason) < SHORTEST_REASON:
        return "report_why_back"
    version.returned_by, version.returned_reason = by, reason
    await end_present_task(work, report, by=by, result=reason)
    work.record("report_sent_back", f"report:{report.id}", area_code=report.area_code, actor=f"person:{by}", version=version.version)
    await ask_to_confirm(work, report, "report_returned", reason=reason)
    return None
