"""What a person was told of late is found without reading all that they were ever told."""

from __future__ import annotations

from pathlib import Path

from alembic import op

from storage.migrations import run_script

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    run_script(op.get_bind(), Path(__file__).with_suffix(".sql"))
