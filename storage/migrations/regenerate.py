"""Writes the first migration's SQL anew from the tables: `python -m storage.migrations.regenerate`.

Only while nothing is released; afterwards every change of a table is a migration of its own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import create_mock_engine
from sqlalchemy.schema import CreateTable

from storage.tables import Base

DIALECT = create_mock_engine("postgresql+psycopg://", print).dialect
FILE = Path(__file__).parent / "versions" / "0001_tables.sql"


def tables_sql() -> str:
    """`create table` for every table as foreign keys allow, then the rest by alphabet (the library's order is random)."""
    tables: list[str] = []
    rest: list[str] = []

    def collect(statement: Any, *_: Any, **__: Any) -> None:
        lines = str(statement.compile(dialect=DIALECT)).strip().splitlines()
        (tables if isinstance(statement, CreateTable) else rest).append("\n".join(line.rstrip() for line in lines))

    Base.metadata.create_all(create_mock_engine("postgresql+psycopg://", collect), checkfirst=False)
    return ";\n\n".join(tables) + ";\n\n" + ";\n".join(sorted(rest)) + ";\n"


if __name__ == "__main__":
    FILE.write_text(tables_sql(), encoding="utf-8")
