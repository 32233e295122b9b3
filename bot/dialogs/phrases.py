"""Short pieces of text that answers are put together from (templates/phrases.yaml)."""

from __future__ import annotations

from datetime import date
from functools import cache
from importlib.resources import files

import yaml


@cache
def _phrases() -> dict[str, dict[str, str]]:
    loaded: dict[str, dict[str, str]] = yaml.safe_load(files("templates").joinpath("phrases.yaml").read_text(encoding="utf-8"))
    return loaded


def phrase(group: str, name: str, **words: str) -> str | None:
    """The piece, filled in; None where there is none, as for what is never repeated back."""
    text = _phrases()[group].get(name)
    return text.format(**words) if text is not None else None


def spoken_day(day: date) -> str:
    """A date as people say it."""
    return f"{day.month}月{day.day}日"
