"""Whoever has a number now that was a family's hears nothing of its child when they ring back."""

from __future__ import annotations

from pathlib import Path

from alembic import op

from storage.migrations import run_script

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    run_script(op.get_bind(), Path(__file__).with_suffix(".sql"))
