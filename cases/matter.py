"""One reading of a family's reply, and what its effect works on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from cases.desk import Desk
from plan.answers import Answer
from storage.tables import CaseFile, GuardianAnswer, Student
from storage.work import Work

NO_ANSWER = ("wrong_number", "opt_out", "question", "unknown", "abusive")
"""Replies after which the family still has not said why the child is away."""
STARTS = "since"
"""Among an answer's effects: the first day of a leave that begins later, and says nothing of today."""

BEGAN_WITH = "effects"
"""Among the facts of a task that a teacher's word began: all that it set going."""


@dataclass(frozen=True)
class Said:
    """One reading of one reply about one child. `accuses_school`: what is said against it does not go to it."""

    student_id: int
    person_id: int | None
    intent: str
    on: date | None = None
    inbound_id: int | None = None
    question_id: int | None = None
    contact_id: int | None = None
    accuses_school: bool = False
    since: date | None = None  # first day of a leave that begins later than today
    notice_id: int | None = None  # the notice whose number stood in the text


@dataclass
class Matter:
    """What an effect works on."""

    work: Work
    desk: Desk
    student: Student
    case: CaseFile | None
    said: Said
    rule: Answer
    effects: dict[str, Any] = field(default_factory=dict)
    today: list[GuardianAnswer] | None = None  # as `cases/standing.py` has read them

    @property
    def about(self) -> dict[str, int | None]:
        case = None if self.is_apart else self.case
        return {"case_id": case.id if case else None, "student_id": self.student.id, "inbound_id": self.said.inbound_id}

    @property
    def is_apart(self) -> bool:
        """Nothing of it is to be found under the case, which the school may see."""
        return self.rule.task is not None and self.desk.plan.tasks[self.rule.task].apart
