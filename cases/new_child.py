"""A child that no file has named, out of what is typed or sent: its numbers encrypted and found again by their index."""

from __future__ import annotations

import re
from datetime import date

from sqlalchemy import ColumnElement, select

from cases.enrolment_words import NotTaken
from cases.imports.intake import pinyin, student_key
from cases.imports.numbers import has_valid_check_digit, read_number, sex_in
from cases.imports.texts import Unreadable
from cases.said import Said
from cases.school_roll import NewChild, enter, enter_new
from storage.crypto import Cipher
from storage.tables import SchoolClass, Student
from storage.work import Work

REGISTERED = re.compile(r"[A-Z]\d{17}[\dX]|\d{17}[\dX]")
BIRTHDAY = slice(6, 14)
"""Of an identity number."""


def new_child(cipher: Cipher, name: str, number: str, born: date | None) -> NewChild:
    """`number`: register number, or an identity number where there is none yet; sex and birthday are those within it.

    Raises NotTaken: number_missing, number_wrong for one of another form or with a wrong check digit, birth_differs.
    """
    plain, citizen = _checked(number)
    sex = sex_in(citizen) if citizen else None
    return NewChild(
        name, pinyin(name), _birthday(citizen, born), sex, student_key(cipher, plain), cipher.encrypt(plain),
        cipher.encrypt(citizen) if citizen else None, cipher.index(citizen) if citizen else None,
    )  # fmt: skip


async def enter_by_number(
    work: Work, cipher: Cipher, said: Said, number: str, room: SchoolClass, *, name: str | None, born: date | None
) -> Student:
    """A child takes its place in a class: the one with this number, or a new one of this name. Raises NotTaken, as `new_child`."""
    known = await work.session.scalar(select(Student).where(has_number(cipher, number)).with_for_update())
    if known is not None:
        await enter(work, said, known, room)
        return known
    _checked(number)
    if not name:
        raise NotTaken("name_needed")
    return await enter_new(work, said, new_child(cipher, name, number, born), room)


def has_number(cipher: Cipher, number: str) -> ColumnElement[bool]:
    """The condition for the child with this register number; an identity number finds it, too."""
    register, citizen = number_indexes(cipher, number)
    return (Student.register_index == register) | (Student.id_number_index == citizen)


def number_indexes(cipher: Cipher, number: str) -> tuple[bytes, bytes]:
    """How a child's register number and its identity number are found again, where `number` is one of them."""
    plain = _read(number)
    return student_key(cipher, plain), cipher.index(plain.removeprefix("G"))


def _read(number: str) -> str:
    try:
        return read_number(number) or ""
    except Unreadable:
        return ""


def _checked(number: str) -> tuple[str, str | None]:
    """The register number, and the identity number that it is or holds."""
    plain = "".join(number.split()).upper()
    if not plain:
        raise NotTaken("number_missing")
    citizen = plain.removeprefix("G") if plain[0].isdigit() or plain.startswith("G") else None
    if REGISTERED.fullmatch(plain) is None or (citizen is not None and not has_valid_check_digit(citizen)):
        raise NotTaken("number_wrong")
    return plain, citizen


def _birthday(citizen: str | None, born: date | None) -> date | None:
    if citizen is None:
        return born
    try:
        within = date.fromisoformat(citizen[BIRTHDAY])
    except ValueError as error:
        raise NotTaken("number_wrong") from error
    if born is not None and born != within:
        raise NotTaken("birth_differs", born=within.isoformat())
    return within
