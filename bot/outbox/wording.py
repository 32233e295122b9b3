"""Dates and names as they are written in messages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.rendering import Catalogue
from cases.responsible import CODE_LENGTH
from storage.tables import Area


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


async def county_signatures(session: AsyncSession, catalogue: Catalogue) -> dict[str, str]:
    """Who signs, by area code: each county's education bureau, above it the prefecture's."""
    found = await session.execute(select(Area.code, Area.name).where(Area.level.in_(("prefecture", "county"))).order_by(Area.code))
    signed = {code: catalogue.phrase("signature.area", {"area": name}) for code, name in found}
    prefectures = [name for code, name in signed.items() if len(code) == CODE_LENGTH["prefecture"]]
    return {**signed, "": prefectures[0] if len(prefectures) == 1 else catalogue.phrase("signature.elsewhere")}
