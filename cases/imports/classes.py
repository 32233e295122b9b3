"""Grades and classes in their many spellings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime

from cases.imports.numerals import read_numeral, write_digit
from cases.imports.texts import Cell, Unreadable, meaningful, pattern, squeezed

SCHOOL_YEAR_BEGINS = 8  # month: new classes are formed in late August
JUNIOR_OFFSET = 6
STAGE_GRADES = {"primary": range(1, 7), "teaching_point": range(1, 7), "junior": range(7, 10)}
ENROLLED = re.compile(r"^(小学|初中|初)?(20\d\d|[1-4]\d)级")
JUNIOR = pattern("classes", "junior")
NAMED_GRADE = pattern("classes", "named_grade")
SHORT_PRIMARY = pattern("classes", "short_primary")
MARKED = pattern("classes", "marked")
DIGITS_301 = re.compile(r"^([1-9])(\d\d)班?$")
DIGITS_2401 = re.compile(r"^(?:20)?([1-4]\d)(?:(\d\d)|\((\d\d?)\))班?$")
TWO_NUMERALS = pattern("classes", "two_numerals")
MIXED = pattern("classes", "mixed")
BARE_YEAR = re.compile(r"^(20[1-4]\d)年?$")
BARE_GRADE = pattern("classes", "bare_grade")
NUMBER = pattern("classes", "number")
LETTER = pattern("classes", "letter")
NAMED = re.compile(r"^\(?([^\W\d_]{1,8}?)\)?班$")


@dataclass(frozen=True, slots=True)
class ClassName:
    """A class of this school year. `grade` 1–9, 0 for an ungraded special class; `number` "2", "甲" or "启智"."""

    grade: int
    number: str

    @property
    def name(self) -> str:
        """三(2)班; 启智班 for a class without a grade."""
        return f"{write_digit(self.grade)}({self.number})班" if self.grade else f"{self.number}班"


@dataclass(frozen=True, slots=True)
class _Parts:
    grade: int | None = None
    enrolled: int | None = None  # year in which the stage was entered
    junior: bool | None = None  # the enrolment year counts from grade 7
    number: str | None = None


def school_year(today: date) -> int:
    """The year in which today's school year began."""
    return today.year if today.month >= SCHOOL_YEAR_BEGINS else today.year - 1


def read_class(grade_cell: Cell, class_cell: Cell, *, stage: str | None, year: int) -> tuple[ClassName, bool]:
    """The class, and whether grade and class columns agree (where they do not, the grade column counts).

    `stage` is the school's, `year` the school year. Raises Unreadable: class_missing, class_unreadable, grade_missing,
    grade_out_of_range.
    """
    return _read_class(_plain(grade_cell), _plain(class_cell), stage, year)


def _read_class(grade_text: str, class_text: str, stage: str | None, year: int) -> tuple[ClassName, bool]:
    by_grade = _grade_of(_split(grade_text, bare=True), stage, year)
    parts = _split(class_text, bare=by_grade is None)
    number = parts.number or (_split(grade_text, bare=True).number if not class_text else None)
    if number is None:
        raise Unreadable("class_unreadable" if class_text and parts == _Parts() else "class_missing")
    by_class = _grade_of(parts, stage, year)
    grade = by_grade if by_grade is not None else by_class
    if grade is None:
        grade = _without_grade(number)
    return ClassName(grade, number), by_class is None or by_class == grade


def _without_grade(number: str) -> int:
    if number.isdigit() or len(number) == 1:
        raise Unreadable("grade_missing")
    return 0


def _plain(cell: Cell) -> str:
    if isinstance(cell, datetime | date):  # a spreadsheet took 3-2 for the second of March
        return f"{cell.month}.{cell.day}"
    text = squeezed(meaningful(cell)).replace("[", "(").replace("]", ")").replace("【", "(").replace("】", ")")
    return re.sub(r"^[(]?初中部|^[(]?小学部", "", text)


def _split(text: str, *, bare: bool) -> _Parts:
    """Takes the text apart; `bare` allows a lone number to be a grade rather than a class."""
    if not text:
        return _Parts()
    if bare and (match := BARE_YEAR.match(text)):
        return _Parts(enrolled=int(match[1]))
    for reader in (_enrolled, _junior, _graded, _coded):
        parts = reader(text)
        if parts is not None:
            return parts
    if bare and (match := BARE_GRADE.match(text)) and not text.endswith("班"):
        return _Parts(grade=read_numeral(match[1]))
    return _Parts(number=_number(text))


def _enrolled(text: str) -> _Parts | None:
    match = ENROLLED.match(text)
    if not match:
        return None
    year = int(match[2]) if len(match[2]) == 4 else 2000 + int(match[2])
    junior = None if match[1] is None else match[1] != "小学"
    return _Parts(enrolled=year, junior=junior, number=_number(text[match.end() :]))


def _junior(text: str) -> _Parts | None:
    match = JUNIOR.match(text)
    return _Parts(grade=JUNIOR_OFFSET + (read_numeral(match[1]) or 0), number=_after(text, match)) if match else None


def _graded(text: str) -> _Parts | None:
    match = NAMED_GRADE.match(text) or SHORT_PRIMARY.match(text)
    return _Parts(grade=read_numeral(match[1]), number=_after(text, match)) if match else None


def _after(text: str, match: re.Match[str]) -> str | None:
    return _number(text[match.end() :].lstrip(".-_·・、,/~:—–"))


def _coded(text: str) -> _Parts | None:
    if match := MARKED.match(text):
        number = _number(match[2])
        return _Parts(grade=read_numeral(match[1]), number=number) if number else None
    if match := DIGITS_301.match(text) or TWO_NUMERALS.match(text) or MIXED.match(text):
        return _Parts(grade=read_numeral(match[1]), number=_number(match[2]))
    if match := DIGITS_2401.match(text):
        return _Parts(enrolled=2000 + int(match[1]), number=_number(match[2] or match[3]))
    return None


def _number(text: str) -> str | None:
    if match := NUMBER.match(text):
        value = read_numeral(match[1])
        return str(value) if value else None
    if match := LETTER.match(text):
        return match[1].upper()
    match = NAMED.match(text)
    return match[1] if match else None


def _grade_of(parts: _Parts, stage: str | None, year: int) -> int | None:
    if parts.enrolled is None:
        return parts.grade
    junior = parts.junior if parts.junior is not None else _counts_from_junior(stage)
    grade = year - parts.enrolled + 1 + (JUNIOR_OFFSET if junior else 0)
    if grade not in (range(7, 10) if junior else range(1, 7)):
        raise Unreadable("grade_out_of_range")
    return grade


def _counts_from_junior(stage: str | None) -> bool:
    if stage not in STAGE_GRADES:
        raise Unreadable("grade_ambiguous")
    return stage == "junior"
