"""What may be played by itself for one child: who is away how long, and what everybody answers (templates/demo.yaml, `scripts`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from console.words import page_data
from plan.calendar import Calendar


@dataclass(frozen=True)
class Script:
    """One story. `away`: school days without the child, from the first; `family`: by kind of question; `staff`: whether tasks are done."""

    key: str
    label: Mapping[str, str]
    away: int
    family: Mapping[str, str]
    staff: bool
    since: date | None = None

    def is_away(self, calendar: Calendar, day: date) -> bool:
        """Whether the child is missing that day."""
        return self.since is not None and self.since <= day < calendar.nth_school_day(self.since, self.away + 1)


@cache
def scripts() -> dict[str, Script]:
    """All that come along, by key."""
    return {key: _script(key, entry) for key, entry in page_data("demo")["scripts"].items()}


def _script(key: str, entry: dict[str, Any]) -> Script:
    family = {kind: str(text) for kind, text in entry.get("family", {}).items()}
    return Script(key, {"zh": entry["zh"], "en": entry["en"]}, entry["away"], family, entry.get("staff", False))
