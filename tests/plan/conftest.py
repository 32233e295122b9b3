"""The prefecture's own plan, read once."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

import plan as plan_room
from plan.calendar import Calendar
from plan.check import read_plan
from plan.model import Plan

LINXIA = (Path(plan_room.__file__).parent / "linxia.yaml").read_text(encoding="utf-8")


def local(text: str) -> datetime:
    """ "09-21 13:00" in Shanghai, 2026."""
    return datetime.fromisoformat(f"2026-{text}:00+08:00").astimezone(UTC)


@pytest.fixture(scope="session")
def linxia() -> Plan:
    return read_plan(LINXIA)


@pytest.fixture(scope="session")
def calendar(linxia: Plan) -> Calendar:
    return Calendar(linxia)
