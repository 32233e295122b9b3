"""Names, families and phone numbers that nobody has."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count
from random import Random

from cases.imports.numbers import check_character
from cases.imports.texts import table

FAMILY_SERIES, OFFICE_SERIES = 1_000_000, 8_000_000  # 1900 1000000 and on for families, 1900 8000000 and on for offices
FATHER_SHARES = 0.3  # the mother has no phone of her own
SIBLING = 0.35


@dataclass
class Human:
    """A name with a number, which may be somebody else's too."""

    name: str
    relation: str
    phone: str


@dataclass
class Family:
    """A household: its people, where it lives, and in which grades it has children."""

    group: str
    surname: str
    village: str
    address: str
    members: list[Human]
    away: bool  # the parents work elsewhere and a grandparent looks after the children
    grades: list[int] = field(default_factory=list)


class People:
    """Makes people; the same generator gives the same people."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._words = table("synthetic")
        self._family_phones = count(FAMILY_SERIES)
        self._office_phones = count(OFFICE_SERIES)
        self._born: Counter[tuple[str, date, str]] = Counter()

    def group(self, county: str) -> str:
        """An ethnic group, as frequent as it is in the county."""
        weights: dict[str, int] = self._words["groups"].get(county, self._words["groups"]["default"])
        return self._random.choices(list(weights), list(weights.values()))[0]

    def surname(self, group: str) -> str:
        names: list[str] = self._words["surnames"][group]
        return self._random.choice(names)

    def given(self, group: str, sex: str) -> str:
        names: list[str] = self._words["given"].get(group, self._words["given"]["muslim"])[sex]
        return self._random.choice(names)

    def anybody(self, county: str, sex: str = "") -> str:
        """A full name."""
        group = self.group(county)
        return self.surname(group) + self.given(group, sex or self._random.choice(["male", "male", "female"]))

    def office_phone(self) -> str:
        return f"1900{next(self._office_phones)}"

    def family(self, village: str, address: str) -> Family:
        """Parents, sometimes a grandparent who looks after the children."""
        group = self.group(village[:6])
        surname = self.surname(group)
        father = self._human(surname, group, "male", "father")
        mother = self._human(self.surname(group), group, "female", "mother")
        if self._random.random() < FATHER_SHARES:
            mother.phone = father.phone
        away = self._random.random() < 0.12
        members = [father, mother]
        if away:
            relation = self._random.choice(["grandfather", "grandmother"])
            sex = "male" if relation == "grandfather" else "female"
            members = [self._human(surname, group, sex, relation), self._random.choice(members)]
        return Family(group, surname, village, address, members, away)

    def _human(self, surname: str, group: str, sex: str, relation: str) -> Human:
        return Human(surname + self.given(group, sex), relation, f"1900{next(self._family_phones)}")

    def birthday(self, grade: int, year: int) -> date:
        """Of a child who is in this grade in the school year that began in `year`."""
        return date(year - grade - 6, 9, 1) + timedelta(days=self._random.randrange(365))

    def citizen_number(self, county: str, born: date, sex: str) -> str:
        """With a right check digit."""
        self._born[county, born, sex] += 1
        serial = self._born[county, born, sex] * 2 % 1000 + (sex == "male")  # odd for boys
        body = f"{county}{born:%Y%m%d}{serial:03d}"
        return body + check_character(body)
