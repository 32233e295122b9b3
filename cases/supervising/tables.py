"""Supervision as tables for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from cases.rates import StageRate
from cases.shown import Cell, Shown, table, texts
from cases.supervising.commending import Candidate
from cases.supervising.inspection import Line
from cases.supervising.sheets import PostSheet
from cases.supervising.times import Span, Times, ranked
from plan.calendar import Calendar
from plan.model import Plan
from storage.tables import InspectionSample


def times_table(plan: Plan, found: Sequence[Times], names: dict[str, str], area: str, span: Span, least: int) -> Shown:
    """The ranked first, by their place; then those who owed too little to be ranked. `names`: of units, by key."""
    calendar, places = Calendar(plan), ranked(found, least)
    order = sorted(found, key=lambda one: (places.get(one.key, len(found) + 1), -one.owed, one.key))
    rows: list[dict[str, Cell]] = [
        {
            **_numbers(one), "rank": places.get(one.key), "name": one.name or names.get(one.key, one.key),
            "roles": "、".join(plan.role_name(role) for role in one.roles), "share": one.share,
        }
        for one in order
    ]  # fmt: skip
    since, until = str(calendar.day_of(span.since)), str(calendar.day_of(span.until))
    return table("times", rows, area=area, since=since, until=until, least=str(least))


def _numbers(one: Times) -> dict[str, Any]:
    facts = asdict(one)
    return {name: value for name, value in facts.items() if name not in {"key", "name", "roles"}}


def rate_text(one: StageRate) -> str:
    """ "1/120 0.83%（低于1%）"; a dash where there is nobody to count."""
    if one.rate is None:
        return "—"
    target = f"（低于{one.stay_below:g}%）" if one.stay_below is not None else ""
    return f"{len(one.dropouts)}/{one.expected} {one.rate:.2f}%{target}"


def _stages(stages: Sequence[StageRate]) -> dict[str, Cell]:
    return {one.stage: rate_text(one) for one in stages}


def posts_table(plan: Plan, sheets: Sequence[PostSheet], area: str, year: int) -> Shown:
    """One line a post. The last column is what people have decided, in their words; empty until they have."""
    on = str(sheets[0].on) if sheets else str(year)
    return table("post_sheets", [_post(plan, sheet) for sheet in sheets], area=area, year=str(year), on=on)


def _post(plan: Plan, sheet: PostSheet) -> dict[str, Cell]:
    times, (answered, asked) = sheet.times, sheet.sheets
    return {
        "role": plan.role_name(sheet.post.role), "person": sheet.post.person, "place": sheet.post.place, **_stages(sheet.stages),
        "unmet": "；".join(f"{plan.task_name(kind).zh}{number}件" for kind, number in sheet.unmet.items()),
        "own_overdue": sheet.own_overdue, "owed": times.owed if times else 0, "share": times.share if times else None,
        "late": times.late if times else 0, "missed": times.missed if times else 0, "sheets": f"{answered}/{asked}",
        "reports": "/".join(str(number) for number in sheet.reports),
        "holes": sheet.holes, "differences": sheet.differences, "risks": "；".join(texts()["risks"][name] for name in sheet.risks),
        "decision": decision_text(sheet.decisions),
    }  # fmt: skip


def decision_text(decided: Sequence[tuple[str, str, date]]) -> str:
    """What people have decided, each with its author and day."""
    return "\n".join(f"{words}（{who} {day}）" for words, who, day in decided)


def sample_table(plan: Plan, sample: InspectionSample, lines: Sequence[Line], area: str, strata: Mapping[str, str]) -> Shown:
    """The places of a sample, with what was found. `strata`: what they are called."""
    calendar, outcomes = Calendar(plan), texts()["sample"]["outcomes"]
    rows: list[dict[str, Cell]] = [
        {
            "place": item.place, "stratum": strata.get(item.stratum, item.stratum), "school": school, "child": child, "number": number,
            "outcome": outcomes[item.outcome] if item.outcome else None, "note": item.note,
            "checked": calendar.day_of(item.checked_at) if item.checked_at else None,
        }
        for item, child, school, number in lines
    ]  # fmt: skip
    population = sum(stratum["of"] for stratum in sample.strata.values())
    facts = {"id": str(sample.id), "on": str(sample.on), "seed": sample.seed, "population": str(population), "drawn": str(len(lines))}
    return table("sample", rows, area=area, **facts)


def commend_table(found: Sequence[Candidate], area: str, year: int, on: str, least: int, *, everyone: bool = True) -> Shown:
    """Units with the facts of the criteria; those that meet all of them first. `everyone`: also units that miss one are listed."""
    view = texts()["commend"]["views"]["all" if everyone else "met"]
    order = sorted(found, key=lambda one: (len(one.misses) > 0, one.unit.area_code, one.unit.key))
    return table("commend", [_candidate(one) for one in order], area=area, view=view, year=str(year), on=on, least=str(least))


def _candidate(one: Candidate) -> dict[str, Cell]:
    return {
        "unit": one.unit.name, "children": one.children, **_stages(one.unit.stages), "owed": one.times.owed if one.times else 0,
        "share": one.times.share if one.times else None, "missed": one.times.missed if one.times else 0, "sheets": one.sheets_percent,
        "differences": one.differences, "misses": "；".join(texts()["commend"]["misses"][name] for name in one.misses),
    }  # fmt: skip
