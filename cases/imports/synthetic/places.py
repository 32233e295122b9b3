"""Synthetic schools in real townships."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from cases.imports.area_tree import AreaTree, Place, tree_of
from cases.imports.classes import ClassName
from cases.imports.texts import table

GRADES = {"primary": range(1, 7), "junior": range(7, 10), "teaching_point": range(1, 4), "nine_year": range(1, 10), "special": range(1, 7)}


@dataclass(frozen=True)
class SyntheticSchool:
    """A school with its classes. `village` is None in a township without villages."""

    code: str
    name: str
    written: str
    stage: str
    boarding: str
    township: Place
    village: Place | None
    phone: str
    classes: tuple[ClassName, ...]


def read_areas(path: Path) -> AreaTree:
    """The tree of an area file."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return tree_of((row["code"], row["name"], row["level"]) for row in csv.DictReader(file))


def choose_townships(tree: AreaTree, schools: int, wanted: Sequence[str] | None) -> list[Place]:
    """Those that are asked for; else a few for few schools and all for many. Raises KeyError for a code that is not there."""
    words = table("synthetic")
    if wanted:
        return [tree.places[code] for code in wanted]
    every = [place for place in tree.places.values() if place.level == "township"]
    few = [tree.places[code] for code in words["default_townships"] if code in tree.places]
    return few if few and schools < words["spread_from"] else every


def make_schools(tree: AreaTree, townships: Sequence[Place], number: int, per_school: int, random: Random) -> list[SyntheticSchool]:
    """Dealt out to the townships in turn."""
    used: dict[str, int] = {}
    schools: list[SyntheticSchool] = []
    for index in range(number):
        township = townships[index % len(townships)]
        county = township.code[:6]
        used[county] = used.get(county, 0) + 1
        code = f"2{county}{used[county]:03d}"
        schools.append(_school(tree, township, index, index // len(townships), code, per_school, random))
    return schools


def _school(tree: AreaTree, township: Place, index: int, turn: int, code: str, per_school: int, random: Random) -> SyntheticSchool:
    words = table("synthetic")
    kinds: list[dict[str, Any]] = words["school_kinds"]
    special = index % words["special_every"] == words["special_every"] - 1
    kind = words["special_school"] if special else kinds[turn % len(kinds)]
    villages = tree.children[township.code]
    village = villages[turn % len(villages)] if villages else None
    stem = (village or township).spellings[-1] + (str(turn // len(villages) + 1) if villages and turn >= len(villages) else "")
    name = kind["name"].format(township=township.name, village=stem, county=tree.places[township.code[:6]].name)
    phone = f"0930-71{random.randrange(100_000):05d}"
    classes = _classes(kind["stage"], per_school)
    return SyntheticSchool(code, name, kind["written"], kind["stage"], kind["boarding"], township, village, phone, classes)


def _classes(stage: str, number: int) -> tuple[ClassName, ...]:
    """Spread over the stage's grades from below; a small school skips grades evenly."""
    grades = list(GRADES[stage])
    if stage == "teaching_point":
        number = min(number, len(grades))
    if number < len(grades):
        grades = [grades[index * len(grades) // number] for index in range(number)]
    return tuple(
        sorted((ClassName(grades[i % len(grades)], str(i // len(grades) + 1)) for i in range(number)), key=lambda c: (c.grade, c.number))
    )
