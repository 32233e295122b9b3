"""Reading a row about a responsible person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from cases.imports.area_tree import AreaTree
from cases.imports.classes import ClassName, read_class, school_year
from cases.imports.dates import read_date
from cases.imports.directory import KnownSchool, SchoolDirectory
from cases.imports.headers import comparable
from cases.imports.intake import Intake
from cases.imports.lines import Line
from cases.imports.phones import read_phones
from cases.imports.texts import Unreadable, table

AREA_SCOPES = ("village", "township", "county", "prefecture")


@dataclass(frozen=True, slots=True)
class Named:
    """A person as a row names them."""

    name: str
    phones: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Post:
    """One responsibility as a row gives it. `area_code` is the area itself, or the school's."""

    holder: Named
    role: str
    area_code: str
    school: KnownSchool | None
    class_name: ClassName | None
    department: str | None
    substitute: Named | None
    valid_from: date | None
    valid_until: date | None

    @property
    def place(self) -> tuple[str, str, str | None, str | None, str | None]:
        """What the person answers for; together with the person, it is the responsibility's identity."""
        school, name = self.school.code if self.school else None, self.class_name.name if self.class_name else None
        return self.role, self.area_code, school, name, self.department


class PostReader:
    """Reads rows of one file."""

    def __init__(self, intake: Intake, tree: AreaTree, directory: SchoolDirectory) -> None:
        self._plan = intake.plan
        self._tree = tree
        self._directory = directory
        self._year = school_year(intake.today)
        self._named = lru_cache(maxsize=10_000)(lambda text, levels: tree.by_names(text, levels=levels))
        self._seen: set[tuple[object, ...]] = set()
        self._roles = _forms(table("roles"), {role: [entry.zh] for role, entry in intake.plan.roles.items()})
        self._departments = _forms(table("departments"), {name: [label.zh] for name, label in intake.plan.departments.items()})

    def read(self, line: Line) -> Post:
        """The responsibility. Raises RowRefused after writing the error."""
        name = line.text("姓名")
        if not name:
            raise line.refuse("name_missing", "姓名")
        role = self._role(line)
        area_code, school, class_name = self._place(line, role)
        since, until = self._validity(line)
        holder = Named(name, _phones(line, "手机", "officer_phone_wrong", "officer_phone_missing"))
        post = Post(holder, role, area_code, school, class_name, self._department(line, role), _substitute(line), since, until)
        if (key := (*post.place, holder.name, holder.phones)) in self._seen:
            raise line.refuse("person_twice", "姓名")
        self._seen.add(key)
        return post

    def _role(self, line: Line) -> str:
        text = comparable(line.text("岗位"))
        if not text:
            raise line.refuse("role_missing", "岗位")
        if text not in self._roles:
            raise line.refuse("role_unknown", "岗位")
        return self._roles[text]

    def _department(self, line: Line, role: str) -> str | None:
        text = comparable(line.text("部门"))
        if role != "department_liaison":
            return None
        if not text:
            raise line.refuse("department_missing", "部门")
        if text not in self._departments:
            raise line.refuse("department_unknown", "部门")
        return self._departments[text]

    def _place(self, line: Line, role: str) -> tuple[str, KnownSchool | None, ClassName | None]:
        scope: list[str] = list(self._plan.roles[role].scope)
        levels = [level for level in scope if level in AREA_SCOPES]
        if "class" in scope or ("school" in scope and (line.text("学校") or not levels)):
            school = self._directory.find(line, "学校", "学校")
            return school.area_code, school, self._class(line, school) if "class" in scope else None
        return self._area(line, levels), None, None

    def _class(self, line: Line, school: KnownSchool) -> ClassName:
        try:
            return read_class(line.cell("年级"), line.cell("班级"), stage=school.stage, year=self._year)[0]
        except Unreadable as error:
            raise line.refuse(error.code, "班级") from error

    def _area(self, line: Line, levels: list[str]) -> str:
        text = line.text("责任区域")
        if not text:
            raise line.refuse("area_missing", "责任区域")
        try:
            place = self._tree.by_code(text) or self._named(text, tuple(levels))
        except Unreadable as error:
            raise line.refuse(self._why_not(text, levels, error.code), "责任区域") from error
        if place.level not in levels:
            raise line.refuse("area_level_of_role", "责任区域")
        return place.code

    def _why_not(self, text: str, levels: list[str], code: str) -> str:
        """A known area of another level is another mistake than an unknown area."""
        if code == "area_ambiguous":
            return code
        try:
            found = self._tree.by_names(text)
        except Unreadable as error:
            return error.code
        return code if found.level in levels else "area_level_of_role"

    def _validity(self, line: Line) -> tuple[date | None, date | None]:
        since, until = line.read("起始日期", read_date), line.read("截止日期", read_date)
        if since and until and until < since:
            line.warn("dates_crossed", "截止日期")
            return since, None
        return since, until


def _phones(line: Line, column: str, wrong: str, missing: str | None) -> tuple[str, ...]:
    phones = read_phones(line.cell(column))
    if phones.bad:
        line.warn(wrong, column)
    elif not phones.good and missing:
        line.warn(missing, column)
    return phones.good


def _substitute(line: Line) -> Named | None:
    name = line.text("代理人")
    return Named(name, _phones(line, "代理人手机", "substitute_phone_wrong", "substitute_phone_wrong")) if name else None


def _forms(aliases: dict[str, list[str]], known: dict[str, list[str]]) -> dict[str, str]:
    """Every way to write it to the plan's word; words that the plan does not have are left out."""
    return {comparable(form): name for name, forms in known.items() for form in (*aliases.get(name, []), *forms, name)}
