"""Tables as officers read them: rows from the code, titles and words from templates/tables.yaml."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from plan.yaml_text import read_yaml

Kind = Literal["text", "date", "moment", "count", "percent"]
Cell = str | int | float | Decimal | date | datetime | None


@dataclass(frozen=True)
class ShownColumn:
    """A column. `key`: under which a row gives its cell; `width`: characters in a workbook."""

    key: str
    title: str
    width: float
    kind: Kind


@dataclass(frozen=True)
class Shown:
    """One table, to be printed by `papers/tables.py` or listed on a screen."""

    name: str
    title: str
    columns: Sequence[ShownColumn]
    rows: Sequence[Sequence[Cell]]
    notes: Sequence[str] = ()


def table(name: str, rows: Iterable[Mapping[str, Cell]], *, notes: Sequence[str] = (), **facts: str) -> Shown:
    """The table of this name in the file, with these rows; `facts` fill its title and its notes. Raises KeyError for an unknown one."""
    entry = texts()[name]
    columns = [ShownColumn(key, c["zh"], c.get("width", 12), c.get("kind", "text")) for key, c in entry["columns"].items()]
    title = entry["title"].format(**facts)
    said = [note.format(**facts) for note in entry.get("notes", ())]
    return Shown(
        entry.get("sheet", title.split("（")[0]), title, columns, [[row.get(column.key) for column in columns] for row in rows],
        [*said, *notes],
    )  # fmt: skip


def word(group: str, key: str | None) -> str:
    """A word of ours in Chinese; the key itself where the file has none."""
    return str(texts()["words"][group].get(key, key or ""))


def said(name: str) -> str:
    """A single word of ours."""
    return str(texts()["words"][name])


@cache
def texts() -> dict[str, Any]:
    """The file as it stands."""
    loaded: dict[str, Any] = read_yaml(files("templates").joinpath("tables.yaml").read_text(encoding="utf-8"))
    return loaded
