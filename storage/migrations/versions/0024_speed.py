"""What a page asks of a whole prefecture: indexes, and counts that are made at night."""

from __future__ import annotations

from pathlib import Path

from alembic import op

from storage.migrations import run_script

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    run_script(op.get_bind(), Path(__file__).with_suffix(".sql"))
