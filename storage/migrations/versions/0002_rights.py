"""The queue, the functions that webhooks may call, and the rights of every role."""

from __future__ import annotations

from pathlib import Path

from alembic import op
from pgmq.install import get_embedded_install_sql

from storage import security
from storage.migrations import run_script

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    connection = op.get_bind()
    run_script(connection, get_embedded_install_sql())
    run_script(connection, Path(__file__).with_suffix(".sql"))
    security.apply(connection)
