"""Short pieces of text that answers are put together from (templates/phrases.yaml)."""

from __future__ import annotations

from datetime import date
from functools import cache
from importlib.resources import as_file, files

from bot.rendering import Catalogue
from bot.rendering.law import LawBook


@cache
def _catalogue() -> Catalogue:
    with as_file(files("templates")) as folder:
        return Catalogue.load(folder)


def phrase(key: str, **words: str) -> str:
    """The piece, filled in. Raises RenderingError where there is none."""
    return _catalogue().phrase(key, words)


def law_book() -> LawBook:
    """What messages may quote and must never say."""
    return _catalogue().law


def may_be_repeated(intent: str) -> bool:
    """Whether there are words for it: what could hurt a child on a shared phone has none."""
    return f"understood.{intent}" in _catalogue().phrases


def spoken_day(day: date) -> str:
    """A date as people say it."""
    return f"{day.month}月{day.day}日"
