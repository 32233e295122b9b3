"""Days on a sheet: until when somebody is on leave, from which later day on, and which days make it another sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from bot.replies.kinds import Pupil
from bot.replies.sheet_tokens import Token

BETWEEN = frozenset({"list", "other"})
_DAYS = {"span": 1, "weeks": 7, "half_month": 15, "months": 30}
"""How many days each such word counts."""
_LONGEST_LEAVE = 60  # days; a longer leave is for the bureau, not for a sheet


@dataclass
class Line:
    """One pupil as far as the sheet has told."""

    reason: str | None = None
    since: date | None = None
    until: date | None = None
    arrived: bool = False
    today: bool = False
    unexcused: bool = False
    contradicted: bool = False


@dataclass
class Leaves:
    """What a sheet has told so far of each pupil, and how a day changes it. `group` and `last`: see `Roll`."""

    pupils: Sequence[Pupil]
    today: date
    lines: dict[int, Line] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    group: list[int] = field(default_factory=list)
    last: list[int] = field(default_factory=list)
    before: Token | None = None
    every: bool = False
    contrary: bool = False
    ahead: date | None = None  # a later day that stands before the one pupil whose leave begins then

    def _goes_on(self, token: Token) -> bool:
        """Behind "tomorrow" comes one pupil and then why; "5号" may be tomorrow's date itself."""
        if token.kind not in {"seat", "pupil"}:
            return token.kind in BETWEEN or bool(self.last)
        is_date = "号" in token.text and self.ahead is not None and token.value == self.ahead.day
        return not self.last and not is_date

    def _span(self, token: Token) -> None:
        """So many days of leave; behind "has not come", or without any reason, they may be over."""
        asks = "请" in token.text or "假" in token.text
        if not asks and self.last and any(self.lines[one].reason is None for one in self.last):
            if self._right_before("absent") or self._right_before("unexcused"):
                return
            self.unread.append(token.text)
        else:
            self._until(token)

    def _until(self, token: Token) -> None:
        ends = [self._end(self.lines[student_id].since or self.today, token) for student_id in self.last]
        if not ends or None in ends:
            self.unread.append(token.text)
            return
        for student_id, on in zip(self.last, ends, strict=True):
            line = self.lines[student_id]
            line.until, line.reason = on, line.reason or (None if line.since and "假" not in token.text else "leave")
        self.group = []

    def _end(self, first: date, token: Token) -> date | None:
        """The last day of a leave; "next Monday to Wednesday" is the Wednesday after that Monday."""
        if token.kind in _DAYS:
            days = (1 if token.value is None else token.value) * _DAYS[token.kind]
            return first + timedelta(days=days - 1) if 0 < days <= _LONGEST_LEAVE else None
        on = token.on
        while on is not None and self.today <= on < first:
            on += timedelta(days=7)
        return on if on is not None and on >= first else None

    def _day(self, token: Token) -> None:
        """Today goes without saying; a later one begins somebody's leave; any other day makes it another sheet."""
        if token.on == self.today:
            for student_id in self.last:
                self.lines[student_id].today = True
        elif token.on is not None and not self.lines and not self.group and self.ahead is None and self._is_ahead(token.on):
            self.ahead = token.on
        elif not self._begins_leave(token.on):
            self.contrary = True

    def _begins_leave(self, on: date | None) -> bool:
        """Of the pupil named right before, or of all where that is said; a second day right after the first prolongs it."""
        whom = self.group if self.every else self.last
        lines = [self.lines[student_id] for student_id in whom]
        if on is None or not lines or not (self.every or len(self.group) <= 1) or not self._is_ahead(on):
            return False
        if any(line.reason or line.arrived or not self._is_next(line, on) for line in lines):
            return False
        for line in lines:
            line.since, line.until = line.since or (None if line.today else on), on
        self.last = list(whom)
        return True

    def _is_next(self, line: Line, on: date) -> bool:
        """Days that are named one after the other make one leave; with a gap between them they make none."""
        before = line.until or (self.today if line.today else None)
        return before is None or on - before == timedelta(days=1)

    def _is_ahead(self, on: date) -> bool:
        return self.today < on <= self.today + timedelta(days=_LONGEST_LEAVE)

    def _right_before(self, kind: str) -> bool:
        return self.before is not None and self.before.kind == kind
