"""Fetches photographs that came by chat and keeps them encrypted. The provider is asked outside of any transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select, update

from bot.channels.base import Channel, Picture, PictureGone, PictureLater, Pictures, PictureTooLarge
from bot.channels.registry import Line
from cases.photographs import MEGABYTE
from cases.plans import plan_in_force
from cases.visits import photo_kept, photo_refused
from storage.crypto import Cipher
from storage.database import Database
from storage.tables import Inbound, Photo
from storage.work import working

log = structlog.get_logger("inbox")
AT_ONCE = 5
MOST_TRIES = 12
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=6)


async def fetch_photos(database: Database, now: datetime, channels: Mapping[Line, Channel], cipher: Cipher) -> int:
    """Fetches some of those that wait; gives how many were kept or given up."""
    async with database.session() as session, session.begin():
        waiting = (
            select(Photo.id, Inbound.channel, Inbound.to_address, Inbound.photo)
            .join(Inbound, Inbound.id == Photo.inbound_id)
            .where(Photo.state == "waiting", Photo.next_at <= now)
            .order_by(Photo.next_at, Photo.id)
            .limit(AT_ONCE)
            .with_for_update(of=Photo, skip_locked=True)
        )
        rows = (await session.execute(waiting)).all()
        if not rows:
            return 0
        most = (await plan_in_force(session))[1].visits.photo_megabytes * MEGABYTE
        taken = update(Photo).where(Photo.id.in_([row.id for row in rows]))
        await session.execute(taken.values(next_at=now + FIRST_PAUSE, tries=Photo.tries + 1))  # nobody else fetches it meanwhile
    return sum([await _fetch(database, now, channels, cipher, *row, most) for row in rows])


async def _fetch(
    database: Database, now: datetime, channels: Mapping[Line, Channel], cipher: Cipher, photo_id: int, channel: str, to: str,
    reference: str | None, most: int,
) -> bool:  # fmt: skip
    try:
        picture = await _picture(channels, channel, to, reference, most)
    except PictureTooLarge:
        return await _refuse(database, now, photo_id, "too_large")
    except PictureGone:
        return await _refuse(database, now, photo_id, "gone")
    except PictureLater:
        return await _later(database, now, photo_id)
    if not picture.media_type.startswith("image/"):
        return await _refuse(database, now, photo_id, "not_a_photo")
    async with working(database, now) as work:
        photo = await work.session.get_one(Photo, photo_id, with_for_update=True)
        if photo.state == "waiting":
            await photo_kept(work, photo, cipher.encrypt_bytes(picture.content), picture.media_type, len(picture.content))
    return True


async def _picture(channels: Mapping[Line, Channel], name: str, to: str, reference: str | None, most: int) -> Picture:
    if reference is None:
        raise PictureGone
    for (kind, _), channel in channels.items():
        if kind == name and isinstance(channel, Pictures) and channel.hears(to):
            return await channel.picture(reference, most)
    raise PictureLater


async def _refuse(database: Database, now: datetime, photo_id: int, reason: str) -> bool:
    async with working(database, now) as work:
        photo = await work.session.get_one(Photo, photo_id, with_for_update=True)
        if photo.state == "waiting":
            await photo_refused(work, photo, reason)
    return True


async def _later(database: Database, now: datetime, photo_id: int) -> bool:
    """Tried again, ever more rarely; in the end it is given up, and whoever sent it is told."""
    async with working(database, now) as work:
        photo = await work.session.get_one(Photo, photo_id, with_for_update=True)
        if photo.tries < MOST_TRIES:
            photo.next_at = now + min(FIRST_PAUSE * 2 ** (photo.tries - 1), LONGEST_PAUSE)
            log.warning("photograph not fetched", action="photo_later", photo_id=photo_id, tries=photo.tries)
            return False
    return await _refuse(database, now, photo_id, "gone")
