"""Coded words: yes and no, sex, ethnic group, relation, special groups."""

from __future__ import annotations

import re
from functools import cache

from cases.imports.texts import Cell, Unreadable, as_text, meaningful, squeezed, table


@cache
def _meanings(kind: str) -> dict[str, str]:
    """Each written form (lower case) to the meaning that it has."""
    return {str(form).lower(): str(meaning) for meaning, forms in table("words")[kind].items() for form in (meaning, *forms)}


def _word(kind: str, cell: Cell, code: str) -> str | None:
    text = squeezed(meaningful(cell)).lower()
    if not text:
        return None
    meaning = _meanings(kind).get(text) or _meanings(kind).get(re.sub(r"^0+(?=\d)", "", text))
    if meaning is None:
        raise Unreadable(code)
    return meaning


def read_yes(cell: Cell) -> bool | None:
    """True, False, or None for an empty cell. Raises Unreadable("yes_no_unreadable")."""
    text = squeezed(as_text(cell)).lower()
    if not text or text in {"-", "/"}:
        return None
    meaning = _meanings("yes_no").get(text)
    if meaning is None:
        raise Unreadable("yes_no_unreadable")
    return meaning == "yes"


def read_sex(cell: Cell) -> str | None:
    """male, female or None. Raises Unreadable("sex_unreadable")."""
    return _word("sex", cell, "sex_unreadable")


def read_relation(cell: Cell) -> str:
    """father, mother, grandfather …; other for what is not listed."""
    text = squeezed(meaningful(cell))
    return _meanings("relation").get(text, "other")


def read_boarding(cell: Cell) -> bool | None:
    """Whether the child boards; None when not said. Raises Unreadable("yes_no_unreadable")."""
    text = squeezed(as_text(cell))
    meaning = _meanings("boarding").get(text)
    return meaning == "yes" if meaning else read_yes(cell)


def read_stage(cell: Cell) -> str | None:
    """primary, junior, nine_year, teaching_point, special or None. Raises Unreadable("stage_unknown")."""
    return _word("stage", cell, "stage_unknown")


def read_ethnicity(cell: Cell) -> str | None:
    """东乡族 for 东乡族, 东乡 or its code 26. Raises Unreadable("ethnicity_unknown")."""
    text = squeezed(meaningful(cell))
    if not text:
        return None
    groups: list[str] = table("words")["ethnic_groups"]
    if text.isdigit() and 1 <= int(text) <= len(groups):
        return _full_name(groups[int(text) - 1])
    stem = text.removesuffix("族")
    if stem in groups:
        return _full_name(stem)
    raise Unreadable("ethnicity_unknown")


def _full_name(stem: str) -> str:
    return f"{stem}族"


def read_arrangement(cell: Cell) -> str | None:
    """How a disabled child is taught, by its key in the plan; None where the cell says nothing of it, or that it is not so."""
    text = squeezed(as_text(cell))
    if text.startswith(("非", "无", "不", "未")) and not text.startswith("无学习"):
        return None
    return next((key for key, said in table("words")["arrangements"].items() if any(word in text for word in said)), None)


def read_group(category: str, cell: Cell) -> tuple[bool, str | None] | None:
    """Whether the child is in this special group and of which kind ("单亲留守儿童"); None when nothing is said.

    Raises Unreadable("yes_no_unreadable").
    """
    text = squeezed(as_text(cell))
    if not text or text in {"-", "/"}:
        return None
    meaning = _meanings("yes_no").get(text.lower())
    if meaning:
        return meaning == "yes", None
    if text.startswith(("非", "无", "不", "未", "健康")):
        return False, None
    if not any(sign in text for sign in table("words")["group_signs"][category]):
        raise Unreadable("yes_no_unreadable")
    return True, text[:30]
