"""From a register's entries to the rows of the sheet that is printed."""

from __future__ import annotations

from cases.aid_received import aid_told
from cases.register_lists import Entry
from cases.registers import register_rules
from plan.model import Plan


def register_row(one: Entry, plan: Plan) -> dict[str, object]:
    """By the names of the sheet's columns (`papers.registers.SHEET`)."""
    arrangements = register_rules(plan).arrangements
    return {
        "name": one.student.name, "sex": one.student.sex, "born": one.student.birth_date, "school": one.school,
        "class_name": one.class_name, "home": one.home, "detail": one.detail, "since": one.since, "until": one.until,
        "paired_with": one.paired_with, "aid": aid_told(plan, one.aid),
        "arrangement": arrangements[one.arrangement].zh if one.arrangement in arrangements else None,
    }  # fmt: skip
