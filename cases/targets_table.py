"""The plan's targets (art. 1) as a table: each unit and stage with numerator, denominator and target; and the children behind."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import func, select

from cases.figures import figure_for, figures_of_year
from cases.history.rolls import school_year
from cases.rates import Child, Count, UnitRates
from cases.shown import Cell, Shown, said, table, texts, word
from plan.model import Plan
from plan.targets import rate
from storage.tables import CaseFile, OfficialFigure, School
from storage.work import Work


async def targets_table(work: Work, plan: Plan, units: Sequence[UnitRates], area: str, on: date) -> Shown:
    """One line for each unit and stage."""
    figures = await figures_of_year(work, school_year(on))
    rows = [line_of(unit, index, figures) for unit in units for index in range(len(unit.stages))]
    lists = plan.lists
    return table(
        "targets", (_worded(row) for row in rows), area=area, on=str(on), dropout=str(lists.dropout_after_school_days),
        suspected=str(lists.suspected_after_school_days),
    )  # fmt: skip


def line_of(unit: UnitRates, index: int, figures: Sequence[OfficialFigure]) -> dict[str, Any]:
    """The numbers of one unit and stage; a share is None where its denominator is not known."""
    one = unit.stages[index]
    children = None if unit.unit == "school" else figure_for(figures, "children_of_age", one.stage, unit.key)
    average = figure_for(figures, "provincial_average", one.stage, unit.area_code)
    net = rate(one.of_age, int(children)) if children else None
    return {
        "unit": unit.name, "code": unit.key, "focus": unit.is_focus, "stage": one.stage, "dropouts": len(one.dropouts),
        "expected": one.expected, "off_rolls": len(one.off_rolls), "rate": one.rate, "below": one.stay_below, "at_risk": one.at_risk,
        "suspected": len(one.suspected), "of_age": one.of_age, "children": int(children) if children else None, "net": net,
        "average": float(average) if average is not None else None,
        "net_behind": net is not None and average is not None and net < float(average),
    }  # fmt: skip


def _worded(row: dict[str, Any]) -> dict[str, Cell]:
    risks = [texts()["targets"]["risks"][name] for name in ("at_risk", "net_behind") if row[name]]
    return {**row, "focus": said("yes") if row["focus"] else "", "stage": word("stages", row["stage"]), "risk": "；".join(risks)}


async def children_table(work: Work, counted: Count, area: str) -> Shown:
    """Every child that is suspected or a dropout, those away longest first."""
    listed = sorted((one for one in counted.children if one.listed != "none"), key=lambda one: (-one.days, one.away.student_id))
    schools = await _schools(work, {one.away.school_id for one in listed if one.away.school_id})
    numbers = await _numbers(work, [one.away.case_id for one in listed])
    rows: Iterable[dict[str, Cell]] = (_child(one, schools, numbers) for one in listed)
    return table("targets_children", rows, area=area, on=str(counted.when.on))


def _child(one: Child, schools: dict[int, str], numbers: dict[int, str]) -> dict[str, Cell]:
    return {
        "stage": word("stages", one.stage), "school": schools.get(one.away.school_id or 0), "child": one.away.name,
        "list": texts()["targets_children"]["lists"][one.listed], "days": one.days, "since": one.away.since,
        "number": numbers.get(one.away.case_id), "off_roll": "" if one.away.on_roll else said("yes"),
    }  # fmt: skip


async def _schools(work: Work, ids: set[int]) -> dict[int, str]:
    rows = await work.session.execute(select(School.id, School.name).where(School.id.in_(ids)))
    return dict(rows.all())


async def _numbers(work: Work, ids: Sequence[int]) -> dict[int, str]:
    rows = await work.session.execute(select(CaseFile.id, CaseFile.number).where(CaseFile.id == func.any(ids)))
    return dict(rows.all())
