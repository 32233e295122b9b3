"""Somebody for every post that the chain needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from cases.imports.area_tree import AreaTree, Place
from cases.imports.synthetic.people import People
from cases.imports.synthetic.places import SyntheticSchool
from cases.imports.texts import table

OF_SCHOOL = ("attendance_officer", "principal")
OF_TOWNSHIP = ("township_officer", "township_head")
OF_COUNTY = ("county_officer", "education_head", "leading_group", "county_head", "enrolment_manager")
WITH_SUBSTITUTE = {"principal", "township_officer", "county_officer"}
SINCE = "2026-09-01"


class Offices:
    """Rows of people.xlsx for the schools and the areas above them."""

    def __init__(self, tree: AreaTree, people: People) -> None:
        self._tree = tree
        self._people = people
        self._titles: dict[str, list[str]] = table("roles")

    def rows(self, schools: Sequence[SyntheticSchool]) -> Iterator[list[Any]]:
        """Schools first, then villages, townships, counties and the prefecture."""
        for school in schools:
            yield from self._of_school(school)
        townships = {school.township.code: school.township for school in schools}
        for township in townships.values():
            for village in self._tree.children[township.code]:
                yield self._row("village_committee", village, self._path(village))
            for role in OF_TOWNSHIP:
                yield self._row(role, township, self._path(township))
        for code in dict.fromkeys(code[:6] for code in townships):
            yield from self._of_county(self._tree.places[code])
        for code in dict.fromkeys(code[:4] for code in townships):
            yield self._row("prefecture_officer", self._tree.places[code], code)

    def _of_school(self, school: SyntheticSchool) -> Iterator[list[Any]]:
        for class_name in school.classes:
            yield self._row("class_teacher", school.township, "", school=school.code, class_name=class_name.name)
        for role in OF_SCHOOL:
            yield self._row(role, school.township, "", school=school.code)

    def _of_county(self, county: Place) -> Iterator[list[Any]]:
        for role in OF_COUNTY:
            yield self._row(role, county, county.name)
        for names in table("departments").values():
            yield self._row("department_liaison", county, county.code, department=names[1])

    def _path(self, place: Place) -> Any:
        """Codes for villages, whose names repeat; names for townships, as people write them."""
        return place.code if place.level == "village" else self._tree.places[place.code[:6]].name + place.name

    def _row(self, role: str, near: Place, area: str, *, school: str = "", class_name: str = "", department: str = "") -> list[Any]:
        county, people = near.code[:6], self._people
        deputy = [people.anybody(county), people.office_phone()] if role in WITH_SUBSTITUTE else ["", ""]
        post = [people.anybody(county), self._titles[role][0], area, school, class_name, department, people.office_phone()]
        return [*post, *deputy, SINCE]
