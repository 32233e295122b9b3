"""The schools that are known, and their classes, which come into being when a file names them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from cases.imports.classes import STAGE_GRADES, ClassName
from cases.imports.lines import Line
from cases.imports.numbers import read_number
from cases.imports.texts import Unreadable, squeezed
from storage.tables import School, SchoolClass

BATCH = 5000  # a statement takes 65,535 values at most


@dataclass(frozen=True, slots=True)
class KnownSchool:
    """A school as the files refer to it."""

    id: int
    code: str
    name: str
    stage: str
    area_code: str

    def teaches(self, grade: int) -> bool:
        return grade == 0 or self.stage not in STAGE_GRADES or grade in STAGE_GRADES[self.stage]


class SchoolDirectory:
    """Schools by code and by name, classes by school and name."""

    def __init__(self, schools: list[KnownSchool], classes: dict[tuple[int, int, str], int]) -> None:
        self.by_code = {school.code: school for school in schools}
        self.by_id = {school.id: school for school in schools}
        self._by_name: defaultdict[str, list[KnownSchool]] = defaultdict(list)
        self._classes = classes
        for school in schools:
            self._by_name[squeezed(school.name)].append(school)

    def named(self, name: str) -> KnownSchool | None:
        """The only school of this name."""
        found = self._by_name.get(squeezed(name), [])
        return found[0] if len(found) == 1 else None

    def find(self, line: Line, code_column: str, name_column: str) -> KnownSchool:
        """The row's school, by code, else by name. Refuses the row: school_missing, school_unknown."""
        code, name = _code(line, code_column), line.text(name_column)
        if not code and not name:
            raise line.refuse("school_missing", code_column)
        if code in self.by_code:
            return self.by_code[code]
        school = self.named(name) or self.named(line.text(code_column))
        if school is None:
            raise line.refuse("school_unknown", code_column if line.text(code_column) else name_column)
        if code and code.isascii():  # a name in the code's column is meant as a name
            line.warn("school_by_name", code_column)
        return school

    def class_id(self, school: KnownSchool, name: ClassName) -> int | None:
        return self._classes.get((school.id, name.grade, name.number))

    async def add_classes(self, session: AsyncSession, wanted: set[tuple[int, ClassName]]) -> int:
        """Makes the classes that do not exist yet; gives how many."""
        missing = [pair for pair in wanted if (pair[0], pair[1].grade, pair[1].number) not in self._classes]
        if not missing:
            return 0
        rows = [
            {"school_id": school, "grade": name.grade, "number": name.number, "name": name.name, "area_code": self.by_id[school].area_code}
            for school, name in sorted(missing, key=lambda pair: (pair[0], pair[1].grade, pair[1].number))
        ]
        columns = (SchoolClass.id, SchoolClass.school_id, SchoolClass.grade, SchoolClass.number)
        for start in range(0, len(rows), BATCH):
            for found in await session.execute(insert(SchoolClass).values(rows[start : start + BATCH]).returning(*columns)):
                self._classes[found.school_id, found.grade, found.number] = found.id
        return len(rows)


def _code(line: Line, column: str) -> str:
    try:
        number = read_number(line.cell(column)) or ""
    except Unreadable:
        return ""
    return number.zfill(10) if number.isdigit() else number


async def load_directory(session: AsyncSession) -> SchoolDirectory:
    """As it stands in the database."""
    columns = (School.id, School.code, School.name, School.stage, School.area_code)
    schools = [KnownSchool(*row) for row in await session.execute(select(*columns))]
    classes = await session.execute(select(SchoolClass.school_id, SchoolClass.grade, SchoolClass.number, SchoolClass.id))
    return SchoolDirectory(schools, {(school, grade, number): id_ for school, grade, number, id_ in classes})
