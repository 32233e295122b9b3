"""A child that no file has named, out of what is typed or sent: its numbers encrypted and found again by their index."""

from __future__ import annotations

from datetime import date

from cases.imports.intake import pinyin, student_key
from cases.school_roll import NewChild
from storage.crypto import Cipher


def new_child(cipher: Cipher, name: str, number: str, born: date | None) -> NewChild:
    """`number`: register number, or an identity number where there is none yet."""
    plain = number.strip().upper()
    citizen = plain.removeprefix("G") if plain.startswith("G") or len(plain) == 18 else None
    return NewChild(
        name, pinyin(name), born, None, student_key(cipher, plain), cipher.encrypt(plain),
        cipher.encrypt(citizen) if citizen else None, cipher.index(citizen) if citizen else None,
    )  # fmt: skip
