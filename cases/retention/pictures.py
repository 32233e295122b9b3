"""Photographs of activities offline whose time is over. The activity, and that it had photographs, stay: both are counted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from plan.model import Plan
from storage.work import Work

RIPE = text(
    """
    select activity.id, activity.area_code, count(*) as pictures
    from activity join photo on photo.activity_id = activity.id and photo.state = 'stored'
    where activity.held_on <= cast(:day as date) - make_interval(years => :years)
    group by activity.id order by activity.id limit :most
    """
)
REMOVE = text(
    """
    with removed as (
        update photo set state = 'removed', content_encrypted = null where activity_id = any(:activities) and state = 'stored'
        returning inbound_id
    )
    update inbound set photo = null from removed where inbound.id = removed.inbound_id
    """
)
"""With the provider's id of it, by which a chat may still give the picture out."""


async def pictured_long_ago(session: AsyncSession, plan: Plan, day: date) -> Sequence[tuple[int, str, int]]:
    """(activity, its area, how many photographs) of those whose time is over on this day, so many as one night takes."""
    if (rules := plan.retention) is None:
        return []
    wanted = {"day": day, "years": rules.activity_photo_years, "most": rules.most_a_night}
    return [(row.id, row.area_code, row.pictures) for row in await session.execute(RIPE, wanted)]


async def remove_pictures(work: Work, activities: Sequence[tuple[int, str, int]]) -> None:
    """Removes what `pictured_long_ago` found."""
    if not activities:
        return
    await work.session.execute(REMOVE, {"activities": [activity_id for activity_id, _, _ in activities]})
    for activity_id, area_code, pictures in activities:
        work.record("activity_photos_removed", f"activity:{activity_id}", area_code=area_code, count=pictures)
