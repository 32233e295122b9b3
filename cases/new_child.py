"""A child that no file has named, out of what is typed or sent: its numbers encrypted and found again by their index."""

from __future__ import annotations

import re
from datetime import date

from cases.enrolment_words import NotTaken
from cases.imports.intake import pinyin, student_key
from cases.imports.numbers import has_valid_check_digit, sex_in
from cases.school_roll import NewChild
from storage.crypto import Cipher

REGISTERED = re.compile(r"[A-Z]\d{17}[\dX]|\d{17}[\dX]")
BIRTHDAY = slice(6, 14)
"""Of an identity number."""


def new_child(cipher: Cipher, name: str, number: str, born: date | None) -> NewChild:
    """`number`: register number, or an identity number where there is none yet; sex and birthday are those within it.

    Raises NotTaken: number_missing, number_wrong for one of another form or with a wrong check digit, birth_differs.
    """
    plain = "".join(number.split()).upper()
    if not plain:
        raise NotTaken("number_missing")
    citizen = plain.removeprefix("G") if plain[0].isdigit() or plain.startswith("G") else None
    if REGISTERED.fullmatch(plain) is None or (citizen is not None and not has_valid_check_digit(citizen)):
        raise NotTaken("number_wrong")
    sex = sex_in(citizen) if citizen else None
    return NewChild(
        name, pinyin(name), _birthday(citizen, born), sex, student_key(cipher, plain), cipher.encrypt(plain),
        cipher.encrypt(citizen) if citizen else None, cipher.index(citizen) if citizen else None,
    )  # fmt: skip


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
