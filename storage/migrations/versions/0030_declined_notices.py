"""A drafted notice that its officer does not issue: when, and by whom; the reason is in the task that asked for it."""

from __future__ import annotations

from pathlib import Path

from alembic import op

from storage.migrations import run_script

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    run_script(op.get_bind(), Path(__file__).with_suffix(".sql"))
