"""The columns of the national enrolment system's export and what else schools call them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from cases.imports.headers import Header, Vocabulary, comparable, vocabulary
from cases.imports.numerals import read_numeral
from cases.imports.texts import DATA, pattern, table

NEEDED = (("姓名",), ("学校标识码", "学校名称"), ("班级", "年级"))
MEMBER = pattern("columns", "member")
MEMBER_LAST = pattern("columns", "member_last")
NAMED_MEMBER = pattern("columns", "named_member")
MEMBER_KEY = pattern("columns", "member_key")


class RosterVocabulary(Vocabulary):
    """Knows any number of family members besides the listed columns."""

    def candidates(self, text: str) -> Iterator[str]:
        yield from super().candidates(text)
        if match := MEMBER.match(text):
            yield from _member(str(read_numeral(match[1]) or match[1]), match[2])
        elif match := NAMED_MEMBER.match(text):
            # Mostly the father is the first member; where both stand in the file they stay apart.
            yield from _member(table("columns")["member_slots"][match[1]], match[2])
            yield from _member(match[1], match[2])
        elif match := MEMBER_LAST.match(text):
            yield from _member(str(read_numeral(match[2]) or match[2]), match[1])


def _member(slot: str, attribute: str) -> Iterator[str]:
    name = _attributes().get(attribute)
    if name:
        yield f"成员{slot}{name}"


@cache
def _attributes() -> dict[str, str]:
    known: dict[str, list[str]] = table("columns")["member_attributes"]
    return {comparable(form): name for name, forms in known.items() for form in (name, *forms)}


@cache
def roster_vocabulary() -> RosterVocabulary:
    """Columns and aliases of roster_columns.csv, and those that schools add."""
    with (DATA / "roster_columns.csv").open(encoding="utf-8", newline="") as file:
        columns: dict[str, list[str]] = {row["header"]: row["aliases"].split("|") for row in csv.DictReader(file)}
    listed = vocabulary(columns | table("columns")["roster"], NEEDED)
    return RosterVocabulary({name: column for name, column in listed.names.items() if name}, listed.needed)


@dataclass(frozen=True, slots=True)
class MemberColumns:
    """The columns of one family member; empty where the file has none. `relation_said` by the heading (父亲电话)."""

    name: str
    relation: str
    phone: str
    is_guardian: str
    id_number: str
    relation_said: str


def member_columns(header: Header) -> list[MemberColumns]:
    """The family members of this file: numbered ones first, then by their place."""
    slots: dict[str, dict[str, str]] = {}
    for column in header.columns:
        if match := MEMBER_KEY.match(column):
            slots.setdefault(match[1], {})[match[2]] = column
    ordered = sorted(slots.items(), key=lambda slot: (not slot[0].isdigit(), int(slot[0]) if slot[0].isdigit() else 0))
    return [_columns_of(slot, found, header) for slot, found in ordered]


def _columns_of(slot: str, found: dict[str, str], header: Header) -> MemberColumns:
    titles = [header.titles[column] for column in found.values()]
    said = next((word for word in ("父亲", "母亲", "爷爷", "奶奶", "祖父", "祖母") if any(word in title for title in (slot, *titles))), "")
    name, relation, phone, is_guardian, id_number = (
        found.get(word, "") for word in ("姓名", "关系", "联系电话", "是否监护人", "身份证件号")
    )
    return MemberColumns(name, relation, phone, is_guardian, id_number, relation_said=said)
