"""What a prefecture has lived through by a Tuesday in November: sheets, absences, cases with all that hangs on them, messages, reports.

Everything is written in the database itself by insert…select (`data/past.sql`), from the people of `bench._prefecture`; synthetic, and each
time the same.
"""

from __future__ import annotations

from pathlib import Path

from bench._county import County

PAST = Path(__file__).parent / "data" / "past.sql"


def live_through(county: County) -> None:
    """Fills a prefecture that has its people and its plan (version 1), and nothing else yet."""
    with county.server.direct() as connection:
        connection.execute("set synchronous_commit = off")
        connection.execute("select setseed(0.5)")
        connection.execute(PAST.read_text(encoding="utf-8").encode())
        connection.execute("vacuum analyze")
