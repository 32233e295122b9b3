"""The nightly reconciliation (逐一对账, art. 3.2): which differences there are, who owes an answer to each, and by when."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from plan.parts import Duration, Label, LocalTime, Part

DifferenceKind = Literal[
    "absent_without_case", "back_but_absent", "closed_but_absent", "attending_with_case", "case_off_rolls", "case_other_school",
    "struck_off_on_rolls", "report_child_missing", "report_child_added", "report_number",
]  # fmt: skip
REPORT_KINDS: tuple[DifferenceKind, ...] = ("report_child_missing", "report_child_added", "report_number")


class Difference(Label):
    """One kind of difference: what it says, who owes an answer and by when."""

    role: str
    due: Duration


class Reconciliation(Part):
    """When the ledger is compared, and with what limits. A kind that is not among `differences` is not looked for.

    `absent_days`: so many answered sheets in a row name a child that has no case; `attended_days`: so many in a row do not name one
    whose case says that it is away; `look_back_days`: older sheets are not looked at; `most_a_night`: more differences than this
    become tasks on the nights that follow.
    """

    at: LocalTime
    absent_days: int = Field(default=3, ge=1)
    attended_days: int = Field(default=3, ge=1)
    look_back_days: int = Field(default=45, ge=7)
    most_a_night: int = Field(default=300, ge=1)
    differences: dict[DifferenceKind, Difference] = Field(min_length=1)
