"""Temporary tables in which a roster waits to be merged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from cases.imports.directory import SchoolDirectory
from cases.imports.intake import person_key, phone_key, pinyin, student_key
from cases.imports.loading import copy_rows, make_table
from cases.imports.roster.child import Child, Member
from storage.crypto import Cipher

TABLES = {
    "incoming": (
        "line int primary key, student_id bigint, is_new boolean not null default false, key bytea, keys bytea[], by_place boolean, "
        "number_encrypted bytea, id_encrypted bytea, id_index bytea, name text, pinyin text, sex text, birth_date date, ethnicity text, "
        "seat int, school_id bigint, class_id bigint, address_encrypted bytea, boarder boolean, aided boolean, area_code text, "
        "school_area_code text, digest bytea, needs_contact boolean"
    ),
    "incoming_group": "line int, category text, present boolean, detail text",
    "incoming_member": (
        "line int, rank int, name text, pinyin text, relation text, is_guardian boolean, key bytea, has_phone boolean, person_id bigint"
    ),
    "incoming_phone": "line int, rank int, preference int, key bytea, encrypted bytea",
    "present": "student_id bigint primary key",
}
COLUMNS = {
    "incoming": (
        "line", "key", "keys", "by_place", "number_encrypted", "id_encrypted", "id_index", "name", "pinyin", "sex", "birth_date",
        "ethnicity", "seat", "school_id", "class_id", "address_encrypted", "boarder", "aided", "area_code", "school_area_code",
        "digest", "needs_contact",
    ),
    "incoming_group": ("line", "category", "present", "detail"),
    "incoming_member": ("line", "rank", "name", "pinyin", "relation", "is_guardian", "key", "has_phone"),
    "incoming_phone": ("line", "rank", "preference", "key", "encrypted"),
}  # fmt: skip


async def make_tables(session: AsyncSession) -> None:
    """Empty ones, gone with the transaction."""
    for name, columns in TABLES.items():
        await make_table(session, f"{name} ({columns})")


class Stager:
    """Turns children into rows of the temporary tables. `line` numbers run through all sheets of the file."""

    def __init__(self, cipher: Cipher, directory: SchoolDirectory) -> None:
        self._cipher = cipher
        self._directory = directory
        self._pinyin = lru_cache(maxsize=200_000)(pinyin)
        self._sealed = lru_cache(maxsize=20_000)(cipher.encrypt)  # families share phones

    def number_key(self, number: str) -> bytes:
        """Blind index of a register or identity number as an identity."""
        return student_key(self._cipher, number)

    def keys(self, child: Child) -> list[bytes]:
        """By what the child may already be known, best first; the first becomes its identity."""
        numbers = [*child.numbers, *([child.id_number] if child.id_number else [])]
        return [*map(self.number_key, numbers), self._cipher.index(f"place:{child.place}")]

    def digest(self, child: Child) -> bytes:
        """Tells a changed row from an unchanged one."""
        return self._cipher.index(f"row:{child.content()}")

    async def copy(self, session: AsyncSession, children: Sequence[tuple[int, Child]]) -> None:
        """Into the temporary tables."""
        await copy_rows(session, "incoming", COLUMNS["incoming"], (self._child(line, child) for line, child in children))
        for name, rows in (("incoming_group", self._groups), ("incoming_member", self._members), ("incoming_phone", self._phones)):
            await copy_rows(session, name, COLUMNS[name], (row for line, child in children for row in rows(line, child)))

    def _child(self, line: int, child: Child) -> tuple[Any, ...]:
        keys, encrypt = self.keys(child), self._cipher.encrypt
        by_place = not child.numbers and not child.id_number
        number = child.numbers[0] if child.numbers else child.id_number or ""
        id_number = child.id_number
        return (
            line, keys[0], keys, by_place, encrypt(number), encrypt(id_number) if id_number else None,
            self._cipher.index(id_number) if id_number else None, child.name, self._pinyin(child.name), child.sex, child.birth_date,
            child.ethnicity, child.seat, child.school.id, self._directory.class_id(child.school, child.class_name),
            encrypt(child.address) if child.address else None, child.boarder, child.aided, child.area_code, child.school.area_code,
            self.digest(child), child.needs_contact,
        )  # fmt: skip

    def _groups(self, line: int, child: Child) -> Iterator[tuple[Any, ...]]:
        for category, (present, detail) in child.groups.items():
            yield line, category, present, detail

    def _members(self, line: int, child: Child) -> Iterator[tuple[Any, ...]]:
        for rank, member in enumerate(child.members, 1):
            key = self._member_key(child, member)
            yield line, rank, member.name, self._pinyin(member.name), member.relation, member.is_guardian, key, bool(member.phones)

    def _member_key(self, child: Child, member: Member) -> bytes:
        own = member.phones[0] if member.phones else member.id_number
        return person_key(self._cipher, member.name, own or f"child:{self.keys(child)[0].hex()}")

    def _phones(self, line: int, child: Child) -> Iterator[tuple[Any, ...]]:
        for rank, member in enumerate(child.members, 1):
            for preference, phone in enumerate(member.phones, 1):
                yield line, rank, preference, phone_key(self._cipher, phone), self._sealed(phone)
