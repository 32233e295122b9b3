"""A child that no file has named, out of what is typed or sent: its numbers encrypted and found again by their index."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ColumnElement, select

from cases.enrolment_words import NotTaken
from cases.imports.intake import pinyin, student_key
from cases.imports.numbers import has_valid_check_digit, read_number
from cases.imports.texts import Unreadable
from cases.said import Said
from cases.school_roll import NewChild, enter, enter_new
from storage.crypto import Cipher
from storage.tables import SchoolClass, Student
from storage.work import Work

CITIZEN_DIGITS = 18


def new_child(cipher: Cipher, name: str, number: str, born: date | None) -> NewChild:
    """`number`: register number, or an identity number where there is none yet."""
    plain = number.strip().upper()
    citizen = plain.removeprefix("G") if plain.startswith("G") or len(plain) == 18 else None
    return NewChild(
        name, pinyin(name), born, None, student_key(cipher, plain), cipher.encrypt(plain),
        cipher.encrypt(citizen) if citizen else None, cipher.index(citizen) if citizen else None,
    )  # fmt: skip


def has_number(cipher: Cipher, number: str) -> ColumnElement[bool]:
    """The condition for the child with this register number; an identity number finds it, too."""
    plain = _read(number)
    citizen = cipher.index(plain.removeprefix("G"))
    return (Student.register_index == student_key(cipher, plain)) | (Student.id_number_index == citizen)


def _read(number: str) -> str:
    try:
        return read_number(number) or ""
    except Unreadable:
        return ""


async def enter_by_number(
    work: Work, cipher: Cipher, said: Said, number: str, room: SchoolClass, *, name: str | None, born: date | None
) -> Student:
    """A child takes its place in a class: the one with this number, or a new one of this name. Raises NotTaken."""
    known = await work.session.scalar(select(Student).where(has_number(cipher, number)).with_for_update())
    if known is not None:
        await enter(work, said, known, room)
        return known
    _must_be_possible(number)
    if not name:
        raise NotTaken("name_needed")
    return await enter_new(work, said, new_child(cipher, name, number, born), room)


def _must_be_possible(number: str) -> None:
    """Raises NotTaken: number_missing, number_wrong (an identity number whose last sign does not fit the others)."""
    plain = _read(number).removeprefix("G")
    if not plain:
        raise NotTaken("number_missing")
    if len(plain) == CITIZEN_DIGITS and not has_valid_check_digit(plain):
        raise NotTaken("number_wrong")
