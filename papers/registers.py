"""Registers as workbooks and a child's card as a PDF. Pure: facts in, bytes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from papers.typesetting import pdf, with_gaps
from papers.workbook import Cell, Column, Sheet, workbook
from plan.yaml_text import read_yaml

SHEET = (
    ("number", 6, "count"), ("name", 12, "text"), ("sex", 6, "text"), ("born", 12, "date"), ("school", 24, "text"),
    ("class_name", 10, "text"), ("home", 18, "text"), ("detail", 14, "text"), ("since", 12, "date"), ("until", 12, "date"),
    ("arrangement", 14, "text"), ("paired_with", 12, "text"), ("aid", 30, "text"),
)  # fmt: skip
LESSONS = (
    ("planned_on", 12, "date"), ("name", 12, "text"), ("teacher", 12, "text"), ("state", 10, "text"), ("said", 50, "text"),
    ("came", 20, "text"),
)  # fmt: skip


@cache
def words() -> Any:
    """What stands on the paper (templates/registers.yaml)."""
    return read_yaml(files("templates").joinpath("registers.yaml").read_text(encoding="utf-8"))


def register_workbook(category: str, rows: Sequence[Mapping[str, Any]], on: date) -> bytes:
    """A group's register. `rows` by the names of SHEET's columns, of which those about aid are left out where nobody had any;
    `category` in the reader's words.
    """
    said, columns = words(), [column for column in SHEET if column[0] != "aid" or any(row.get("aid") for row in rows)]
    shown = [[number, *(_cell(row, name) for name, _, _ in columns[1:])] for number, row in enumerate(rows, start=1)]
    note = said["note"].format(day=on.isoformat(), count=len(rows))
    title = said["sheet"].format(category=category)
    return workbook([Sheet(category, title, _columns(columns), shown, notes=[note])])


def lessons_workbook(rows: Sequence[Mapping[str, Any]], title: str) -> bytes:
    """The visits of teaching at home."""
    said = words()
    told = [{**row, "state": said["lesson_states"][row["state"]], "came": family_word(row)["family"]} for row in rows]
    shown = [[_cell(row, name) for name, _, _ in LESSONS] for row in told]
    return workbook([Sheet(title, title, _columns(LESSONS), shown)])


def _columns(columns: Sequence[tuple[str, int, Any]]) -> list[Column]:
    titles = words()["titles"]
    return [Column(titles[name], width, kind) for name, width, kind in columns]


def _cell(row: Mapping[str, Any], name: str) -> Cell:
    value: Cell = row.get(name)
    return words()["sexes"].get(value, "") if name == "sex" else value


def care_card(card: Mapping[str, Any], today: date) -> bytes:
    """A child's card, A4. `card`: the facts of `cases.care_cards.Card`; a sign that cannot be printed leaves a gap."""
    said = words()
    kin = [
        [said["relations"].get(one["relation"], said["relations"]["other"]), one["name"], one["phone"], "✓" if one["is_guardian"] else ""]
        for one in card["kin"]
    ]
    facts = {
        "words": {**said["titles"], **said["card"]}, "card": card, "sex": said["sexes"].get(card["sex"], ""),
        "kin": kin, "lessons": [_lesson(line) for line in card["lessons"]], "today": today,
    }  # fmt: skip
    return pdf("care_card", with_gaps(facts))


def _lesson(line: Mapping[str, Any]) -> dict[str, Any]:
    """What teacher and family say of a visit, side by side."""
    said = words()
    told = said["lesson_states"].get(line["state"], line["state"])
    return {"on": line["on"], "teacher": f"{told}：{line['said']}" if line["said"] else told, "who": line["who"], **family_word(line)}


def family_word(line: Mapping[str, Any]) -> dict[str, Any]:
    """The family's word on a visit, and that it is not the teacher's. `line`: with `came` and `contested`."""
    said = words()
    family = said["came"].get(line["came"], "")
    return {"family": f"{family}（{said['contested']}）" if line["contested"] else family, "contested": line["contested"]}
