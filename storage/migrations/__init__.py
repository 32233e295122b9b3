"""Alembic migrations, run by `storage.migrate` on start."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection


def run_script(connection: Connection, script: str | Path) -> None:
    """Runs many SQL statements as they stand: without parameters, a percent sign is only that."""
    text = script.read_text(encoding="utf-8") if isinstance(script, Path) else script
    driver = connection.connection.driver_connection
    if driver is None:
        raise ConnectionError("the connection is closed")
    driver.execute(text)
