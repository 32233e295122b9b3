"""Whether an import reaches beyond the area of whoever hands it in: asked of the database, before anything is kept."""

from __future__ import annotations

from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

ITS_CHILD = """exists (
    select from student child where child.id = student_id
    and (starts_with(child.area_code, :within) or starts_with(child.school_area_code, :within))
)"""
HAS_POST_ELSEWHERE = """exists (
    select from responsibility post where post.person_id = person_contact.person_id and not starts_with(post.area_code, :within)
    and post.valid_from <= :today and coalesce(post.valid_until, :today) >= :today
)"""
"""By a number its owner acts, and enters the console: nobody elsewhere gets one from here."""
WHERE = {
    "area": "starts_with(code, :within)",
    "school": "starts_with(area_code, :within)",
    "school_class": "starts_with(area_code, :within)",
    "student": "starts_with(area_code, :within) or starts_with(school_area_code, :within)",
    "responsibility": "starts_with(area_code, :within)",
    "case_file": "starts_with(area_code, :within) or starts_with(school_area_code, :within)",
    **dict.fromkeys(("student_category", "arrangement", "care_card"), ITS_CHILD),  # of a list of changes nothing else is written
    "person_contact": f"not {HAS_POST_ELSEWHERE}",
}
"""Table → which rows lie within. A person belongs where their posts and children do."""
MINE = "xmin = pg_current_xact_id()::xid"
"""Rows that this very transaction wrote; imports use no savepoints."""


async def changed_outside(session: AsyncSession, within: str, today: date) -> bool:
    """Whether this transaction has written a row of another area, or a telephone of somebody who has a post there."""
    await session.flush()
    written = " union all ".join(f"select 1 from {table} where {MINE} and not ({inside})" for table, inside in WHERE.items())
    return await session.scalar(text(f"select exists ({written})"), {"within": within, "today": today}) is True
