"""Cell values as comparable text, and the tables of words beside this module."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from plan.yaml_text import read_yaml

Cell = str | int | float | bool | date | datetime | time | timedelta | None
"""What a spreadsheet or CSV cell can hold."""

DATA = Path(__file__).parent / "data"
EMPTY_WORDS = frozenset({"", "-", "--", "—", "/", "\\", "无", "没有", "暂无", "不详", "未知", "空", "null", "none", "nan", "n/a"})


class Unreadable(ValueError):
    """A cell that cannot be understood; `code` names the reason in data/reasons.yaml."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@cache
def table(name: str) -> Any:
    """The YAML table `name` of this package's data."""
    return read_yaml((DATA / f"{name}.yaml").read_text(encoding="utf-8"))


def pattern(module: str, name: str) -> re.Pattern[str]:
    """A regular expression of data/patterns.yaml."""
    return re.compile(table("patterns")[module][name])


def as_text(value: Cell) -> str:
    """The cell as a person reads it: full width folded, no stray spaces, whole numbers without a decimal point."""
    if value is None or (isinstance(value, str) and value.startswith("#")):
        return ""  # spreadsheet errors such as #N/A and #REF! say nothing
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, datetime):
        return value.date().isoformat()
    return " ".join(unicodedata.normalize("NFKC", str(value)).replace("\u200b", "").replace("\ufeff", "").split())


def meaningful(value: Cell) -> str:
    """Like `as_text`, but the many ways to write "nothing" give the empty text."""
    text = as_text(value)
    return "" if text.lower() in EMPTY_WORDS else text


def squeezed(text: str) -> str:
    """Without any spaces: for Chinese names and headings, where spaces are only decoration."""
    return re.sub(r"\s+", "", text)


def is_blank(row: list[Cell]) -> bool:
    """Nothing is written in this row."""
    return not any(as_text(value) for value in row)
