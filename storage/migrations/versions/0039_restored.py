"""After a restore providers are asked what left after the backup."""

from __future__ import annotations

from pathlib import Path

from alembic import op

from storage.migrations import run_script

revision = "0039"
down_revision = "0038"


def upgrade() -> None:
    run_script(op.get_bind(), Path(__file__).with_suffix(".sql"))
