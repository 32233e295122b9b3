"""A school's people see their school's reports, a village the notices of its children: the policies are set anew."""

from __future__ import annotations

from alembic import op

from storage import security

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    security.apply(op.get_bind())
