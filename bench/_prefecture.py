"""A whole prefecture by COPY: areas, schools, classes, everybody responsible, children and a parent for each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from bench._county import FAMILY, GIVEN, County, phone
from storage.crypto import Cipher

Copy = Callable[[str, str, Iterable[Sequence[Any]]], None]
"""Fills columns of a table with rows."""

TOWNSHIPS, OF_COUNTY, VILLAGES = 128, 16, 9  # townships of a prefecture of full size, of a county at most; villages of a township
FULL = 350_000  # children
CLASS, SCHOOL = 30, 12  # children in a class, classes in a school
SINCE = date(2026, 8, 1)
ROOT = "6229"
STAFF = {
    "county": ("county_officer", "education_head", "leading_group", "county_head", "department_liaison", "enrolment_manager"),
    "township": ("township_officer", "township_head"),
    "village": ("village_committee",),
    "prefecture": ("prefecture_officer",),
}
LEVELS = {4: "prefecture", 6: "county", 9: "township", 12: "village"}


@dataclass(frozen=True)
class Office:
    """A post that somebody holds."""

    role: str
    area: str
    school: int | None = None
    room: int | None = None


@dataclass(frozen=True)
class Prefecture:
    """Everything that is to be stored. Surrogate keys count from 1, so that rows can name each other before they are stored."""

    areas: Sequence[str]
    schools: Sequence[tuple[int, str]]  # key, village
    rooms: Sequence[tuple[int, int, str]]  # key, school, village
    offices: Sequence[Office]
    children: Sequence[tuple[int, tuple[int, int, str], str]]  # key, class, home

    @classmethod
    def of(cls, students: int) -> Prefecture:
        """A smaller one has fewer areas, too."""
        classes = max(1, students // CLASS)
        areas = list(_areas(max(1, round(TOWNSHIPS * students / FULL))))
        villages = [code for code in areas if len(code) == 12]
        schools = [(number + 1, villages[number % len(villages)]) for number in range(-(-classes // SCHOOL))]
        rooms = [(number + 1, *schools[number // SCHOOL]) for number in range(classes)]
        children = [(number + 1, rooms[number % classes], villages[number % len(villages)]) for number in range(students)]
        return cls(areas, schools, rooms, list(_offices(areas, schools, rooms)), children)

    @property
    def first_parent(self) -> int:
        """The parents' keys follow those who hold an office."""
        return len(self.offices) + 1


def people_prefecture(county: County, students: int) -> None:
    """Fills an empty installation."""
    made = Prefecture.of(students)
    with county.server.direct() as connection, connection.cursor() as cursor:

        def copy(table: str, columns: str, rows: Iterable[Sequence[Any]]) -> None:
            with cursor.copy(f"copy {table} ({columns}) from stdin".encode()) as into:
                for row in rows:
                    into.write_row(row)

        _copy_places(copy, made)
        _copy_people(copy, made, county.cipher)
        _copy_children(copy, made)
        for table in ("school", "school_class", "person", "contact", "student"):
            cursor.execute(f"select setval(pg_get_serial_sequence('{table}', 'id'), (select max(id) from {table}))".encode())
        cursor.execute(b"analyze")


def _copy_places(copy: Copy, made: Prefecture) -> None:
    copy("area", "code, name, level, parent_code", ((code, code, LEVELS[len(code)], _parent(code)) for code in made.areas))
    schools = ((key, f"21629{key:05}", f"{key}小", "primary", at[:9]) for key, at in made.schools)
    copy("school", "id, code, name, stage, area_code", schools)
    rooms = ((key, school, key % 6 + 1, str(key), f"{key}班", at[:9]) for key, school, at in made.rooms)
    copy("school_class", "id, school_id, grade, number, name, area_code", rooms)


def _copy_people(copy: Copy, made: Prefecture, cipher: Cipher) -> None:
    """Whoever holds an office, and a parent for each child; everybody has a telephone."""
    first = made.first_parent
    copy("person", "id, name, name_pinyin, area_code", ((key, _name(key), "ma", office.area) for key, office in enumerate(made.offices, 1)))
    copy("person", "id, name, name_pinyin, area_code", ((first + key - 1, _name(key), "ma", home) for key, _, home in made.children))
    people = range(1, first + len(made.children))
    contacts = ((key, "phone", cipher.encrypt(phone(key)), cipher.index(phone(key)), "usable") for key in people)
    copy("contact", "id, kind, address_encrypted, address_index, state", contacts)
    copy("person_contact", "person_id, contact_id", ((key, key) for key in people))
    posts = ((key, office.role, office.area, office.school, office.room, SINCE) for key, office in enumerate(made.offices, 1))
    copy("responsibility", "person_id, role, area_code, school_id, class_id, valid_from", posts)


def _copy_children(copy: Copy, made: Prefecture) -> None:
    pupils = (
        (
            key, str(key).encode(), b"-", _name(key), "ma", date(2017, 9, 1), key // len(made.rooms) + 1, room[1], room[0], home,
            room[2][:9], "enrolled",
        )
        for key, room, home in made.children
    )  # fmt: skip
    copy(
        "student",
        "id, register_index, register_number_encrypted, name, name_pinyin, birth_date, seat_number, school_id, class_id, area_code,"
        " school_area_code, status",
        pupils,
    )
    copy("guardianship", "student_id, person_id, relation", ((key, made.first_parent + key - 1, "father") for key, _, _ in made.children))


def _areas(townships: int) -> Iterator[str]:
    yield ROOT
    for number in range(townships):
        county = f"{ROOT}{number // OF_COUNTY + 1:02}"
        if number % OF_COUNTY == 0:
            yield county
        yield (township := f"{county}{number % OF_COUNTY + 1:03}")
        yield from (f"{township}{village:03}" for village in range(1, VILLAGES + 1))


def _parent(code: str) -> str | None:
    return {4: None, 6: code[:4], 9: code[:6], 12: code[:9]}[len(code)]


def _offices(areas: Sequence[str], schools: Sequence[tuple[int, str]], rooms: Sequence[tuple[int, int, str]]) -> Iterator[Office]:
    for code in areas:
        yield from (Office(role, code) for role in STAFF[LEVELS[len(code)]])
    for school, at in schools:
        yield from (Office(role, at[:9], school) for role in ("attendance_officer", "principal", "enrolment_manager"))
    for room, school, at in rooms:
        yield Office("class_teacher", at[:9], school, room)


def _name(number: int) -> str:
    return FAMILY[number % 8] + GIVEN[number // 8 % 8] + GIVEN[number // 64 % 8]
