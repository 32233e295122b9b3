"""One row of the register as a child with a family."""

from __future__ import annotations

from dataclasses import astuple, dataclass, field
from datetime import date

from cases.imports.classes import ClassName
from cases.imports.directory import KnownSchool


@dataclass(slots=True)
class Member:
    """Somebody of the family. `phones` in E.164, best first."""

    name: str
    relation: str
    is_guardian: bool
    phones: list[str]
    id_number: str | None = None


@dataclass(slots=True)
class Child:
    """What a row says. Empty where it says nothing or nothing readable."""

    line: int
    numbers: list[str]  # register numbers, the best first
    name: str
    school: KnownSchool
    class_name: ClassName
    area_code: str
    sex: str | None = None
    birth_date: date | None = None
    ethnicity: str | None = None
    id_number: str | None = None
    seat: int | None = None
    address: str | None = None
    boarder: bool | None = None
    aided: bool | None = None
    groups: dict[str, tuple[bool, str | None]] = field(default_factory=dict)
    arrangement: str | None = None  # how a disabled child is taught
    members: list[Member] = field(default_factory=list)
    bad_phone: bool = False

    @property
    def place(self) -> str:
        """Tells children without a number apart."""
        return f"{self.school.code}|{self.class_name.grade}|{self.class_name.number}|{self.name}|{self.birth_date or ''}"

    @property
    def needs_contact(self) -> bool:
        """A guardian's number is bad, or there is none at all."""
        return self.bad_phone or not any(member.phones for member in self.members)

    def content(self) -> str:
        """Everything the row says, for telling a changed row from an unchanged one."""
        family = [astuple(member) for member in self.members]
        own = (self.numbers, self.name, self.school.code, self.school.area_code, self.class_name.name, self.area_code, self.sex)
        more = (self.birth_date, self.ethnicity, self.id_number, self.seat, self.address, self.boarder, self.aided)
        taught = (self.arrangement,) if self.arrangement else ()
        return repr((own, more, sorted(self.groups.items()), family, self.bad_phone, *taught))
