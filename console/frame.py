"""How a page is made: its template in templates/pages, its words beside it, and what every page has around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

import templates
from bot.replies.feasts import lunar_of
from console.sending import static
from console.words import Named, page_data
from plan.calendar import Calendar

FRAME = "frame"


@cache
def environment() -> Environment:
    """All templates of pages; everything that is filled in is escaped."""
    folder = Path(str(templates.__file__)).parent / "pages"
    made = Environment(
        loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        auto_reload=False,
    )  # fmt: skip
    made.globals["static"] = static
    return made


@dataclass(frozen=True)
class Speech:
    """The words of one page in one language; what the page's own file lacks is the frame's."""

    language: str
    page: str

    @property
    def other(self) -> str:
        return "zh" if self.language == "en" else "en"

    def __call__(self, key: str, **filled: object) -> str:
        """Raises KeyError for a word that neither file has."""
        both = _words(self.page).get(key) or _words(FRAME)[key]
        return str(both[self.language]).format(**filled)

    def frame(self, key: str, **filled: object) -> str:
        """A word of the frame, also where the page calls something of its own by that key. Raises KeyError."""
        return str(_words(FRAME)[key][self.language]).format(**filled)

    def of(self, group: str, key: str | None) -> str:
        """A word of a group (states, levels …); a key that is not there is shown as it is."""
        both = (_words(self.page).get(group) or _words(FRAME).get(group) or {}).get(key)
        return str(both[self.language]) if both else key or ""

    def knows(self, group: str, key: str) -> bool:
        """Whether a word came from us: an address may ask for any."""
        return any(key in (_words(page).get(group) or {}) for page in (self.page, FRAME))

    def said(self, label: Named | None) -> str:
        """The name of something that the plan names."""
        if label is None:
            return ""
        return label.en if self.language == "en" else label.zh

    def in_dict(self, labels: Mapping[str, Named], key: str | None) -> str:
        """The name of a key of the plan; one that it no longer has goes by its key."""
        return self.said(labels[key]) if key is not None and key in labels else key or ""


def _words(page: str) -> dict[str, Any]:
    return page_data(f"pages/{page}")


@dataclass(frozen=True)
class Hour:
    """Times as people say them, in the plan's zone. `now`: when the page is made."""

    calendar: Calendar
    now: datetime
    language: str

    def day(self, at: datetime) -> str:
        """11月24日, 24 Nov."""
        local = self.calendar.local(at)
        return f"{local.day} {local:%b}" if self.language == "en" else f"{local.month}月{local.day}日"

    def moment(self, at: datetime) -> str:
        """With the time; today's without the day."""
        local = self.calendar.local(at)
        same = local.date() == self.calendar.day_of(self.now)
        return f"{local:%H:%M}" if same else f"{self.day(at)} {local:%H:%M}"

    def due(self, at: datetime) -> str:
        """A time by which something is owed: 11月27日 周五 12:00."""
        local = self.calendar.local(at)
        same = local.date() == self.calendar.day_of(self.now)
        return f"{local:%H:%M}" if same else f"{self.day(at)} {self.weekday(local.date())} {local:%H:%M}"

    def dated(self, on: date) -> str:
        """2026-11-27 周五."""
        return f"{on.isoformat()} {self.weekday(on)}"

    def lunar(self, on: date) -> str:
        """As families in the villages count: 农历腊月廿三."""
        found = lunar_of(on)
        if self.language != "en":
            return f"农历{found.zh}"
        return f"lunar {found.month}{' (leap)' if found.is_leap else ''}-{found.day}"

    def weekday(self, on: date) -> str:
        """周六, Sat."""
        return str(page_data("demo")["weekdays"]["en" if self.language == "en" else "zh"][on.weekday()])

    def full(self, at: datetime) -> str:
        """To the minute, for reading out and sorting."""
        return f"{self.calendar.local(at):%Y-%m-%d %H:%M}"

    def is_over(self, at: datetime | None) -> bool:
        return at is not None and at < self.now
