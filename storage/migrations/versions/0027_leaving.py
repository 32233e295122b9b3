"""What leaves costs less: many entries off a queue in one look, and a message that moves on rewrites none of its indexes."""

from __future__ import annotations

from pathlib import Path

from alembic import op

from storage.migrations import run_script

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    run_script(op.get_bind(), Path(__file__).with_suffix(".sql"))
