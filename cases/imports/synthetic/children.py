"""Rows of a synthetic roster, with the faults that real ones have."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from cases.imports.area_tree import AreaTree, Place
from cases.imports.classes import ClassName
from cases.imports.numerals import write_digit
from cases.imports.synthetic.people import SIBLING, Family, Human, People
from cases.imports.synthetic.places import SyntheticSchool
from cases.imports.texts import table

JUNIOR = 6


class Children:
    """Makes the children of all schools; families have children in several classes and schools of their township."""

    def __init__(self, tree: AreaTree, people: People, random: Random, year: int) -> None:
        self._tree = tree
        self._people = people
        self._random = random
        self._year = year
        self._words = table("synthetic")
        self._said = self._words["words"]
        self._families: dict[str, list[Family]] = {}

    def rows(self, school: SyntheticSchool, style: int, size: int) -> Iterator[list[Any]]:
        """The school's children; `style` is how it writes its classes."""
        for class_name in school.classes:
            for seat in range(1, max(2, round(size * self._random.uniform(0.85, 1.15))) + 1):
                yield self._child(school, class_name, style, seat)

    def _child(self, school: SyntheticSchool, class_name: ClassName, style: int, seat: int) -> list[Any]:
        family = self._family(school.township, class_name.grade)
        sex = self._random.choice(["male", "female"])
        name = family.surname + self._people.given(family.group, sex)
        born = self._people.birthday(class_name.grade, self._year)
        number = self._people.citizen_number(school.township.code[:6], born, sex)
        register, shown = self._numbers(number)
        grade, written = self._class(class_name, style)
        boards = self._said["boards" if school.boarding == self._said["yes"] else "day"]
        own = [
            school.code, school.name, register, name, self._said[sex], f"{born:%Y%m%d}", family.group + "族", self._said["card"], shown,
            grade, written, seat, self._home(family), family.address, boards,
        ]  # fmt: skip
        return own + self._groups(family, school) + self._members(family, name)

    def _family(self, township: Place, grade: int) -> Family:
        families = self._families.setdefault(township.code, [])
        brothers = [family for family in families[-200:] if grade not in family.grades and len(family.grades) < 3]
        if brothers and self._random.random() < SIBLING:
            family = self._random.choice(brothers)
        else:
            family = self._people.family(*self._address(township))
            families.append(family)
        family.grades.append(grade)
        return family

    def _address(self, township: Place) -> tuple[str, str]:
        """(area code, address as a register writes it)."""
        villages = self._tree.children[township.code]
        if not villages:
            return township.code, township.name
        village = self._random.choice(villages)
        group = write_digit(self._random.randint(1, 8)) + self._said["group"]
        return village.code, f"{township.name}{village.spellings[-1]}村{group}"

    def _home(self, family: Family) -> str:
        """Registers give the township or the county; the village stands in the address."""
        return family.village[:9] if self._random.random() < 0.8 else family.village[:6]

    def _numbers(self, number: str) -> tuple[str, str]:
        """(register number, identity number), some of them missing or mistyped."""
        chance = self._random.random()
        if chance < 0.01:
            return "L" + number, ""
        if chance < 0.015:
            return "G" + number, number[:17] + ("1" if number[17] != "1" else "2")
        return "G" + number, number

    def _class(self, name: ClassName, style: int) -> tuple[str, str]:
        digit, junior = write_digit(name.grade), name.grade > JUNIOR
        stage, first = ("初中", self._year - (name.grade - JUNIOR - 1)) if junior else ("小学", self._year - (name.grade - 1))
        spoken = f"初{write_digit(name.grade - JUNIOR)}" if junior else f"{digit}年级"
        styles = (
            (f"{digit}年级", f"{name.number}班"),
            (f"{stage}{first}级", name.number),
            ("", f"{digit}年级{write_digit(int(name.number))}班"),
            ("", f"{name.grade}.{name.number}班"),
            (spoken, f"{spoken if junior else digit}({name.number})班"),
        )
        return styles[style % len(styles)]

    def _groups(self, family: Family, school: SyntheticSchool) -> list[Any]:
        say, random = self._said, self._random
        left = say["left_behind"] if family.away else say["single_left_behind"] if random.random() < 0.05 else say["not_left_behind"]
        migrant, orphan = random.random() < 0.03, random.random() < 0.004
        disabled = school.stage == "special" or random.random() < 0.008
        kind = random.choice(self._words["disabilities"]) if disabled else say["healthy"]
        mainstream = say["mainstream"] if disabled and school.stage != "special" else say["not_mainstream"]
        yes_no = {True: say["yes"], False: say["no"]}
        return [left, yes_no[migrant], yes_no[orphan], kind, mainstream, yes_no[random.random() < 0.2]]

    def _members(self, family: Family, child: str) -> list[Any]:
        cells: list[Any] = []
        for place, human in enumerate(family.members):
            guardian = self._said["no"] if family.away and place == 1 else self._said["yes"]
            name = human.name if human.name != child else human.name + "子"
            cells += [name, self._words["members"][human.relation], self._phone(human), guardian]
        return cells

    def _phone(self, human: Human) -> Any:
        """As somebody types it: mostly plain, now and then with spaces, as a number, wrong or not at all."""
        chance, phone = self._random.random(), human.phone
        if chance < 0.01:
            return phone[:-1]
        if chance < 0.02:
            return ""
        if chance < 0.05:
            return f"{phone[:3]} {phone[3:7]} {phone[7:]}"
        if chance < 0.07:
            return f"+86{phone}"
        return int(phone) if chance < 0.2 else phone
