"""Numbers of identity, enrolment and schools."""

from __future__ import annotations

import re

from cases.imports.texts import Cell, Unreadable, meaningful, pattern, squeezed

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK = "10X98765432"
CITIZEN = re.compile(r"^[1-9]\d{5}(?:19|20)\d{9}[\dX]$")
CITIZENS_PAPER = pattern("numbers", "citizens_paper")
EXACT_DIGITS = 15  # spreadsheets round longer numbers
SCHOOL_CODE_DIGITS = 10
SEATS = range(1, 1000)


def has_valid_check_digit(number: str) -> bool:
    """Whether an 18-character citizen number ends in the check character that its digits give."""
    if not CITIZEN.match(number):
        return False
    return CHECK[sum(weight * int(digit) for weight, digit in zip(WEIGHTS, number, strict=False)) % 11] == number[17]


def sex_in(number: str) -> str:
    """What an 18-character citizen number says: its 17th digit is odd for a man."""
    return "male" if int(number[16]) % 2 else "female"


def check_character(body: str) -> str:
    """The last character for the first 17 digits of a citizen number."""
    return CHECK[sum(weight * int(digit) for weight, digit in zip(WEIGHTS, body, strict=True)) % 11]


def read_number(cell: Cell) -> str | None:
    """A register number: upper case, without spaces or an Excel text mark. Raises Unreadable("number_rounded")."""
    if isinstance(cell, float) and abs(cell) >= 10**EXACT_DIGITS:
        raise Unreadable("number_rounded")
    text = squeezed(meaningful(cell)).strip("'`’‘\"").upper()
    if re.match(r"^\d(?:\.\d+)?E\+?\d+$", text):
        raise Unreadable("number_rounded")
    return re.sub(r"^(\d+)\.0+$", r"\1", text) or None


def read_citizen_number(cell: Cell, document: str) -> str | None:
    """The number of an identity document. Other documents than the citizen's card (`document`) are taken as they stand.

    Raises Unreadable: number_rounded, id_number_wrong.
    """
    number = read_number(cell)
    if number is None or not CITIZENS_PAPER.match(document):
        return number
    if not has_valid_check_digit(number):
        raise Unreadable("id_number_wrong")
    return number


def read_school_code(cell: Cell) -> str | None:
    """The national school code: ten digits, leading zeros restored."""
    number = read_number(cell)
    return number.zfill(SCHOOL_CODE_DIGITS) if number and number.isdigit() else number


def read_seat(cell: Cell) -> int | None:
    """The number within the class: 1–999. Raises Unreadable("seat_unreadable")."""
    text = squeezed(meaningful(cell)).removesuffix("号")
    text = re.sub(r"\.0+$", "", text)
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and int(text) in SEATS):
        raise Unreadable("seat_unreadable")
    return int(text)
