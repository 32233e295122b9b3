"""A table of replies: tab-separated, with a header. What is wrong in it is said by row and column."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

NEEDED = ("id", "question", "reply")
_BETWEEN = re.compile(r"[|、,，;；/+]")
_MOST_PROBLEMS = 20
Problem = tuple[str, str]


@dataclass(frozen=True)
class Row:
    """A reply with what is known around it."""

    id: str
    question: str
    reply: str
    children: tuple[str, ...]
    today: date


@dataclass
class BadRows(Exception):
    """The table cannot be read: sentences in Chinese and English that name row, field and reason."""

    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class _Usual:
    """What holds where a row says nothing else."""

    questions: Sequence[str]
    children: tuple[str, ...]
    today: date


def read_rows(path: Path, *, questions: Sequence[str], children: tuple[str, ...], today: date) -> list[Row]:
    """The rows of a file in UTF-8. `children` and `today` hold where the file has no such column or leaves it empty.

    Raises BadRows; then nothing of the table is used.
    """
    head, *lines = _cells(_text(path)) or [[]]
    columns = [name.strip().lower() for name in head]
    missing = [name for name in NEEDED if name not in columns]
    if missing:
        names = ", ".join(missing)
        raise BadRows(((f"第1行: 缺少列 {names}", f"row 1: without the columns {names}"),))
    usual, rows, problems = _Usual(questions, children, today), list[Row](), list[Problem]()
    for number, line in enumerate(lines, start=2):
        if not any(line):
            continue
        found = list(_wrong(line, columns, usual))
        problems += [(f"第{number}行 {field}: {zh}", f"row {number}, {field}: {en}") for field, zh, en in found]
        if not found:
            rows.append(_row(dict(zip(columns, line, strict=True)), usual))
    if problems:
        raise BadRows(tuple(problems[:_MOST_PROBLEMS]))
    return rows


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise BadRows((("文件打不开", f"cannot be read ({error.strerror})"),)) from error
    except UnicodeDecodeError as error:
        raise BadRows((("文件不是 UTF-8 编码", "not encoded in UTF-8"),)) from error


def _cells(text: str) -> list[list[str]]:
    """With quoted fields where the quotes are sound; else a quote is a character like another, as people type it."""
    quoted = _parsed(text, csv.QUOTE_MINIMAL)
    if quoted and all(len(line) == len(quoted[0]) for line in quoted if line):
        return quoted
    return [line.rstrip("\r").split("\t") if line.strip("\r") else [] for line in text.split("\n")]


def _parsed(text: str, quoting: int) -> list[list[str]] | None:
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter="\t", quoting=quoting, strict=True))  # type: ignore[arg-type]
    except csv.Error:
        return None


def _wrong(line: Sequence[str], columns: Sequence[str], usual: _Usual) -> Iterator[tuple[str, str, str]]:
    if len(line) != len(columns):
        yield "-", f"应有{len(columns)}列，却有{len(line)}列", f"{len(columns)} columns are needed, it has {len(line)}"
        return
    row = dict(zip(columns, line, strict=True))
    if not row["id"].strip():
        yield "id", "不能为空", "must not be empty"
    if row["question"].strip() not in {*usual.questions, ""}:
        said, known = row["question"].strip(), ", ".join(usual.questions)
        yield "question", f"“{said}”不认识，可用：{known}", f"{said!r} is unknown; there are {known}"
    if row.get("today", "").strip() and _day(row["today"]) is None:
        yield "today", f"“{row['today'].strip()}”不是日期，应为 2026-11-24 的形式", "is no day; write it like 2026-11-24"


def _row(row: dict[str, str], usual: _Usual) -> Row:
    names = tuple(name.strip() for name in _BETWEEN.split(row.get("children", "")) if name.strip())
    day = _day(row["today"]) if row.get("today", "").strip() else usual.today
    return Row(row["id"].strip(), row["question"].strip() or "none", row["reply"], names or usual.children, day or usual.today)


def _day(said: str) -> date | None:
    try:
        return date.fromisoformat(said.strip())
    except ValueError:
        return None
