"""What every importer needs while a file goes in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from pypinyin import lazy_pinyin

from cases.imports.lines import Progress
from cases.imports.report import ImportReport
from plan.model import Plan
from storage.crypto import Cipher
from storage.work import Work


@dataclass(frozen=True)
class Intake:
    """One file on its way in. `today` is the local date."""

    work: Work
    cipher: Cipher
    plan: Plan
    today: date
    report: ImportReport
    progress: Progress | None = None


def pinyin(name: str) -> str:
    """The reading without tones, by which names are searched and sorted."""
    return "".join(lazy_pinyin(name)).lower()


def student_key(cipher: Cipher, number: str) -> bytes:
    """Blind index of a child's register or identity number, as `student.register_index` holds it."""
    return cipher.index(f"student:{number}")


def person_key(cipher: Cipher, name: str, number: str) -> bytes:
    """Blind index of a person: the same name with the same number is the same human in every file."""
    return cipher.index(f"person:{name}|{number}")


def phone_key(cipher: Cipher, number: str) -> bytes:
    """Blind index of a phone (E.164), as `contact.address_index` holds it."""
    return cipher.index(number)


def common_area(codes: Sequence[str]) -> str:
    """The smallest area that contains all these codes; empty when they share none."""
    if not codes:
        return ""
    low, high = min(codes), max(codes)
    return next((low[:length] for length in (12, 9, 6, 4) if low[:length] == high[:length]), "")
