"""One difference, as the comparison finds it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from plan.reconciling import DifferenceKind


@dataclass(frozen=True)
class Found:
    """`area_code`: of the school, where there is one; `facts`: ids, numbers and days of ours."""

    kind: DifferenceKind
    area_code: str
    school_id: int | None
    student_id: int | None = None
    case_id: int | None = None
    report_id: int | None = None
    facts: dict[str, Any] = field(default_factory=dict, hash=False, compare=False)

    @property
    def key(self) -> str:
        """The same key is the same difference, however many nights it lasts."""
        about = (("report", self.report_id), ("case", self.case_id), ("student", self.student_id))
        return ":".join([self.kind, *(f"{name}:{number}" for name, number in about if number is not None)])
