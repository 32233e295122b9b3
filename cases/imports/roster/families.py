"""The family members of a row and their numbers."""

from __future__ import annotations

from cases.imports.lines import Line
from cases.imports.numbers import has_valid_check_digit
from cases.imports.phones import read_phones
from cases.imports.roster.child import Member
from cases.imports.roster.columns import MemberColumns
from cases.imports.words import read_relation, read_yes

FAMILY_PHONE = "联系电话"
NO_NAME = "家长"  # 马小龙家长, until somebody says the name


def read_family(line: Line, columns: list[MemberColumns], child: str) -> tuple[list[Member], bool]:
    """The members, those who are guardians first, and whether a guardian's number was bad."""
    found = [_member(line, column, child) for column in columns]
    members = [member for member, _ in found if member is not None]
    bad = any(wrong and (member is None or member.is_guardian) for member, wrong in found)
    members.sort(key=lambda member: not member.is_guardian)
    bad = _add_family_phone(line, members, child) or bad
    if not any(member.phones for member in members) and not bad:
        line.warn("phone_missing", next((column.phone for column in columns if column.phone), FAMILY_PHONE))
    return members, bad


def _member(line: Line, columns: MemberColumns, child: str) -> tuple[Member | None, bool]:
    phones = read_phones(line.cell(columns.phone)) if columns.phone else read_phones(None)
    if phones.bad:
        line.warn("phone_wrong", columns.phone)
    name = line.text(columns.name) if columns.name else ""
    if name == child:
        line.warn("own_relation", columns.name)
        name = ""
    if not name and not phones.good:
        return None, phones.bad
    if not name:
        line.warn("guardian_name_missing", columns.name or columns.phone)
        name = child + NO_NAME
    return Member(name, _relation(line, columns), _is_guardian(line, columns), list(phones.good), _id_number(line, columns)), phones.bad


def _relation(line: Line, columns: MemberColumns) -> str:
    written = line.text(columns.relation) if columns.relation else ""
    return read_relation(written or columns.relation_said)


def _is_guardian(line: Line, columns: MemberColumns) -> bool:
    said = line.read(columns.is_guardian, read_yes) if columns.is_guardian else None
    return True if said is None else said


def _id_number(line: Line, columns: MemberColumns) -> str | None:
    number = line.text(columns.id_number).upper() if columns.id_number else ""
    return number if has_valid_check_digit(number) else None


def _add_family_phone(line: Line, members: list[Member], child: str) -> bool:
    """The family's own number helps out the first guardian; says whether it was bad and nobody has another."""
    phones = read_phones(line.cell(FAMILY_PHONE))
    known = {phone for member in members for phone in member.phones}
    if phones.bad:
        line.warn("phone_wrong", FAMILY_PHONE)
    fresh = [phone for phone in phones.good if phone not in known]
    if fresh and members:
        members[0].phones.extend(fresh)
    elif fresh:
        members.append(Member(child + NO_NAME, "other", True, fresh))
    return phones.bad and not known and not fresh
