"""The words of the pages, by language; they are data in templates/."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any, Protocol

from plan.yaml_text import read_yaml

LANGUAGES = ("zh", "en")


class Named(Protocol):
    """Something with a name in both languages."""

    @property
    def zh(self) -> str: ...

    @property
    def en(self) -> str: ...


@cache
def page_data(name: str) -> dict[str, Any]:
    """templates/NAME.yaml, read once."""
    data: dict[str, Any] = read_yaml(files("templates").joinpath(f"{name}.yaml").read_text(encoding="utf-8"))
    return data


@dataclass(frozen=True)
class Words:
    """One language's words; an unknown language is Chinese."""

    language: str

    @classmethod
    def of(cls, language: str | None) -> Words:
        return cls(language if language in LANGUAGES else LANGUAGES[0])

    @property
    def other(self) -> str:
        return "zh" if self.language == "en" else "en"

    def ui(self, key: str, **filled: object) -> str:
        """A piece of the demo page. Raises KeyError for one that is not there."""
        return str(page_data("demo")["ui"][key][self.language]).format(**filled)

    def said(self, label: Named) -> str:
        return label.en if self.language == "en" else label.zh

    def pick(self, both: Mapping[str, Any], **filled: object) -> str:
        """This language's side of a {zh, en} entry."""
        return str(both[self.language]).format(**filled)

    def moment(self, local: datetime) -> str:
        """A local time with its day of the week."""
        weekday = page_data("demo")["weekdays"][self.language][local.weekday()]
        day = f"{local.day} {local:%b}" if self.language == "en" else f"{local.month}月{local.day}日"
        return f"{weekday} {day} {local:%H:%M}" if self.language == "en" else f"{day} {weekday} {local:%H:%M}"
