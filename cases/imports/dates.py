"""Dates in text, number and date cells."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from cases.imports.texts import Cell, Unreadable, meaningful

SERIAL_ORIGIN = date(1899, 12, 30)  # day 0 of spreadsheets
SERIALS = range(30_000, 80_000)  # 1982–2119: no eight-digit date and no year falls in here
COMPACT = re.compile(r"^((?:19|20)\d\d)(\d\d)(\d\d)$")
SPOKEN = re.compile(r"^((?:19|20)\d\d)\s?[-./年]\s?(\d{1,2})\s?[-./月]\s?(\d{1,2})日?(?:[ T].*)?$")


def read_date(cell: Cell) -> date | None:
    """The date, None for an empty cell. Raises Unreadable("date_unreadable")."""
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    text = meaningful(cell)
    if not text:
        return None
    found = _from_text(text)
    if found is None:
        raise Unreadable("date_unreadable")
    return found


def read_birth_date(cell: Cell, today: date) -> date | None:
    """Like `read_date`, but the child must be 3 to 25 years old. Raises Unreadable("birth_date_implausible") too."""
    found = read_date(cell)
    if found is not None and not 3 * 365 <= (today - found).days <= 25 * 366:
        raise Unreadable("birth_date_implausible")
    return found


def _from_text(text: str) -> date | None:
    match = COMPACT.match(text) or SPOKEN.match(text)
    if match:
        return _checked(int(match[1]), int(match[2]), int(match[3]))
    serial = text.partition(".")[0]
    if serial.isdigit() and int(serial) in SERIALS:
        return SERIAL_ORIGIN + timedelta(days=int(serial))
    return None


def _checked(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:  # the thirtieth of February: a typing error, told as unreadable
        return None
