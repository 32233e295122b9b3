"""Whoever rings back hears what they are about to be called for again, and nothing of what a number's former owner was asked."""

from __future__ import annotations

from pathlib import Path

from alembic import op

from storage.migrations import run_script

revision = "0038"
down_revision = "0037"


def upgrade() -> None:
    run_script(op.get_bind(), Path(__file__).with_suffix(".sql"))
