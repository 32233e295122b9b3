"""Dates and names as they are written in messages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

DOUBLE_SURNAMES = frozenset({"欧阳", "司马", "上官", "诸葛", "东方", "皇甫", "尉迟", "公孙", "慕容", "令狐", "宇文", "司徒", "夏侯"})


def given_name(name: str, ethnicity: str | None) -> str:
    """What a family calls the child: without the surname, where there is one and at least two characters are left."""
    if ethnicity and ethnicity.startswith("藏"):
        return name
    first, dot, _ = name.partition("·")
    if dot:
        return first
    given = name[2:] if name[:2] in DOUBLE_SURNAMES else name[1:]
    return given if len(given) > 1 else name


def day(on: date) -> str:
    """11月24日"""
    return f"{on.month}月{on.day}日"


def moment(at: datetime, zone: ZoneInfo) -> str:
    """11月26日12:00, local."""
    local = at.astimezone(zone)
    return f"{day(local.date())}{local:%H:%M}"


def signature(signatures: Mapping[str, str], area_code: str) -> str:
    """Of the nearest area above that has one."""
    for length in range(len(area_code), -1, -1):
        if area_code[:length] in signatures:
            return signatures[area_code[:length]]
    raise LookupError("no signature for this area, and none for everywhere")
