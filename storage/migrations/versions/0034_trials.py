"""A sender that its account's error has stopped is tried again by itself: when, and how often it has been."""

from __future__ import annotations

from pathlib import Path

from alembic import op

from storage.migrations import run_script

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    run_script(op.get_bind(), Path(__file__).with_suffix(".sql"))
