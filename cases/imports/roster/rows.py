"""Reading a row of the register. Only a child that cannot be identified or placed is refused."""

from __future__ import annotations

from datetime import date

from cases.imports.classes import ClassName, read_class
from cases.imports.dates import read_birth_date
from cases.imports.directory import KnownSchool, SchoolDirectory
from cases.imports.lines import Line
from cases.imports.numbers import read_citizen_number, read_number, read_seat
from cases.imports.roster.child import Child
from cases.imports.roster.columns import MemberColumns
from cases.imports.roster.families import read_family
from cases.imports.roster.home import HomeFinder
from cases.imports.texts import Unreadable, meaningful, squeezed
from cases.imports.words import read_arrangement, read_boarding, read_ethnicity, read_group, read_sex, read_yes

GROUPS = {
    "left_behind": ("是否留守儿童",),
    "migrant": ("是否进城务工人员随迁子女",),
    "orphan": ("是否孤儿",),
    "disabled": ("残疾人类型", "随班就读"),
    "single_parent": ("是否单亲家庭",),
    "poor": ("是否困难家庭",),
}
MAINSTREAM = "mainstream"


class RowReader:
    """Reads rows of one file; remembers which numbers it has met."""

    def __init__(self, directory: SchoolDirectory, homes: HomeFinder, today: date, year: int) -> None:
        self._directory = directory
        self._homes = homes
        self._today = today
        self._year = year
        self._used: set[str] = set()
        self._seats: set[tuple[int, ClassName, int]] = set()

    def numbers(self, line: Line) -> tuple[list[str], str | None]:
        """Register numbers and identity number, also of a row that is refused afterwards."""
        found = [line.read(column, read_number) for column in ("学籍号", "学籍辅号")]
        id_number = line.read("身份证件号", lambda cell: read_citizen_number(cell, line.text("身份证件类型")))
        return [number for number in found if number], id_number

    def read(self, line: Line, numbers: list[str], id_number: str | None, members: list[MemberColumns]) -> Child:
        """The child. Raises RowRefused after writing the error."""
        name = squeezed(meaningful(line.cell("姓名")))
        if not name:
            raise line.refuse("name_missing", "姓名")
        if any(letter.isdigit() for letter in name):
            line.warn("name_odd", "姓名")
        school = self._directory.find(line, "学校标识码", "学校名称")
        class_name = self._class(line, school)
        child = Child(line.number, numbers, name, school, class_name, self._home(line, school), id_number=id_number)
        self._fill(line, child)
        self._identify(line, child)
        child.members, child.bad_phone = read_family(line, members, name)
        return child

    def _class(self, line: Line, school: KnownSchool) -> ClassName:
        column = "班级" if line.text("班级") else "年级"
        try:
            name, agree = read_class(line.cell("年级"), line.cell("班级"), stage=school.stage, year=self._year)
        except Unreadable as error:
            raise line.refuse(error.code, column) from error
        if not agree:
            line.warn("grade_differs", "班级")
        elif not school.teaches(name.grade):
            line.warn("grade_not_of_stage", column)
        return name

    def _home(self, line: Line, school: KnownSchool) -> str:
        code, understood = self._homes.find(line.text("户口所在地行政区划"), _address(line), school.area_code)
        if not understood:
            line.warn("home_unknown", "户口所在地行政区划")
        return code

    def _fill(self, line: Line, child: Child) -> None:
        child.sex = line.read("性别", read_sex)
        child.birth_date = line.read("出生日期", lambda cell: read_birth_date(cell, self._today))
        child.ethnicity = line.read("民族", read_ethnicity)
        child.address = _address(line) or None
        child.boarder = line.read("就读方式", read_boarding)
        child.aided = line.read("是否享受一补", read_yes)
        child.groups = {group: state for group, columns in GROUPS.items() if (state := _group(line, group, columns)) is not None}
        child.arrangement = _arrangement(line) if child.groups.get("disabled", (False,))[0] else None
        child.seat = self._seat(line, child)
        born = child.id_number[6:14] if child.id_number and len(child.id_number) == 18 else ""
        if born and child.birth_date and born.isdigit() and born != f"{child.birth_date:%Y%m%d}":
            line.warn("birth_date_differs", "出生日期")

    def _seat(self, line: Line, child: Child) -> int | None:
        seat = line.read("班内学号", read_seat)
        if seat is None:
            return None
        key = (child.school.id, child.class_name, seat)
        if key in self._seats:
            line.warn("seat_used", "班内学号")
            return None
        self._seats.add(key)
        return seat

    def _identify(self, line: Line, child: Child) -> None:
        """Refuses a child that another row of the file already is."""
        main = "学籍号" if line.text("学籍号") else "学籍辅号"
        if child.numbers and child.numbers[0] in self._used:
            raise line.refuse("number_used", main)
        if any(number in self._used for number in child.numbers):
            line.warn("second_number_used", "学籍辅号")
            child.numbers = child.numbers[:1]
        if child.id_number and child.id_number in self._used:
            if not child.numbers:
                raise line.refuse("number_used", "身份证件号")
            line.warn("id_number_used", "身份证件号")
            child.id_number = None
        names = {*child.numbers, child.id_number} - {None} or {child.place}
        if child.place in self._used and child.place in names:
            raise line.refuse("twice_in_file", "姓名")
        self._used.update(name for name in names if name)


def _address(line: Line) -> str:
    return next((text for column in ("现住址", "家庭地址", "通信地址") if (text := squeezed(meaningful(line.cell(column))))), "")


def _group(line: Line, group: str, columns: tuple[str, ...]) -> tuple[bool, str | None] | None:
    """One yes among the columns is yes; what none of them says stays unknown."""
    found = [line.read(column, lambda cell: read_group(group, cell)) for column in columns]
    said = [(state[0], None if read_arrangement(state[1]) else state[1]) for state in found if state is not None]
    return max(said, key=lambda state: (state[0], state[1] or ""), default=None)


def _arrangement(line: Line) -> str | None:
    """A plain yes under 随班就读 says that, and nothing but that."""
    for column in GROUPS["disabled"]:
        if (named := read_arrangement(line.cell(column))) is not None:
            return named
    return MAINSTREAM if line.read("随班就读", lambda cell: read_group("disabled", cell)) == (True, None) else None
