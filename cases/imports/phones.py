"""Phone numbers as people write them, to E.164."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers

from cases.imports.texts import Cell, meaningful

MOBILE = re.compile(r"^(?:\+?86|0086)?0?(1[3-9]\d{9})$")
TWO_MOBILES = re.compile(r"^(1[3-9]\d{9})(1[3-9]\d{9})$")
BETWEEN = re.compile(r"[/;,、|\\\n]|或者?|和")
NOISE = re.compile(r"[^\d+]")


@dataclass(frozen=True, slots=True)
class Phones:
    """The numbers of one cell in E.164, in order, and whether something in it was no valid number."""

    good: tuple[str, ...] = ()
    bad: bool = False


def read_phones(cell: Cell) -> Phones:
    """Every valid number in the cell: mobile or landline with its area code."""
    if isinstance(cell, float) and abs(cell) < 1e15:
        cell = int(cell)
    text = meaningful(cell)
    if re.match(r"^\d\.\d+E\+?\d+$", text, re.IGNORECASE):  # text that went through a spreadsheet's number format
        text = str(int(float(text)))
    if not text:
        return Phones()
    whole = _one(text)
    if whole:
        return Phones((whole,))
    return _several(text)


def _several(text: str) -> Phones:
    pair = TWO_MOBILES.match(NOISE.sub("", text))
    pieces = list(pair.groups()) if pair else [piece for piece in BETWEEN.split(text) if piece.strip()]
    if not pair and len(pieces) == 1:
        pieces = text.split()
    read = [_one(piece) for piece in pieces]
    good = tuple(dict.fromkeys(number for number in read if number))
    return Phones(good, bad=None in read)


def _one(text: str) -> str | None:
    digits = NOISE.sub("", text)
    if match := MOBILE.match(digits):
        number = match[1]
        return f"+86{number}" if _valid_series(number[:7]) else None
    return _landline(digits)


@lru_cache(maxsize=100_000)
def _valid_series(first_seven: str) -> bool:
    """Whether mobiles may begin so. The last four digits never matter, so one look serves ten thousand numbers."""
    return phonenumbers.is_valid_number(phonenumbers.parse(first_seven + "2468", "CN"))


def _landline(digits: str) -> str | None:
    if len(digits) < 10:  # without its area code it may be anyone's
        return None
    try:
        number = phonenumbers.parse(re.sub(r"^00", "+", digits), "CN")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def for_people(number: str) -> str:
    """An E.164 number as people dial it at home: 13893012345, 0930-7121234."""
    parsed = phonenumbers.parse(number, "CN")
    area_digits = phonenumbers.length_of_geographical_area_code(parsed)
    national = phonenumbers.national_significant_number(parsed)
    return f"0{national[:area_digits]}-{national[area_digits:]}" if area_digits else national
