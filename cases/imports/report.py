"""What an import did, and what it could not take in."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from cases.imports.sheets import FileRefused
from cases.imports.texts import Cell, as_text, table

SHOWN = 24
LONG_NUMBER = re.compile(r"\d{7,}")


@dataclass(frozen=True, slots=True)
class Finding:
    """One cell, row or file that could not be taken in as it stands. `row` is the number that the spreadsheet shows."""

    code: str
    sheet: str | None = None
    row: int | None = None
    column: str | None = None
    value: str | None = None

    @property
    def reason(self) -> str:
        """What is wrong, Chinese first."""
        return self._both("zh", "en")

    @property
    def how(self) -> str:
        """How to mend it, Chinese first."""
        return self._both("mend_zh", "mend_en")

    def _both(self, chinese: str, english: str) -> str:
        texts: dict[str, str] = table("reasons")[self.code]
        return f"{texts[chinese]} / {texts[english]}"

    def as_json(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "sheet": self.sheet,
            "row": self.row,
            "column": self.column,
            "value": self.value,
            "reason": self.reason,
            "how": self.how,
        }


def shown(value: Cell) -> str | None:
    """A cell's value, short enough for a list; the middle of phone and identity numbers is hidden."""
    text = LONG_NUMBER.sub(lambda match: match[0][:3] + "*" * (len(match[0]) - 5) + match[0][-2:], as_text(value))
    return (text if len(text) <= SHOWN else text[: SHOWN - 1] + "…") or None


@dataclass(slots=True)
class ImportReport:
    """Counts are of areas, schools, responsibilities or children; `left` are children newly missing from the roster."""

    kind: str
    file: str
    dry_run: bool = False
    rows: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    left: int = 0
    errors: list[Finding] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    counters: Counter[str] = field(default_factory=Counter)
    is_refused: bool = False

    @property
    def exit_code(self) -> int:
        """1 when something was refused, else 0."""
        return 1 if self.errors else 0

    @property
    def changed_anything(self) -> bool:
        return bool(self.new or self.changed or self.left or self.counters["came_back"])

    def refuse_file(self, refusal: FileRefused) -> None:
        """The whole file was refused."""
        self.errors.append(Finding(refusal.code, value=refusal.value))
        self.is_refused = True

    def refuse_outside(self, area_code: str) -> None:
        """It would have changed something of another area: nothing of it was done."""
        self.errors.append(Finding("outside_area", value=area_code))
        self.is_refused = True

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "file": self.file,
            "dry_run": self.dry_run,
            "rows": self.rows,
            "new": self.new,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "left": self.left,
            "errors": [finding.as_json() for finding in self.errors],
            "warnings": [finding.as_json() for finding in self.warnings],
            "ignored": self.ignored,
            "counters": dict(self.counters),
        }
