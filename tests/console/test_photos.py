"""Photographs of a visit from a browser: kept encrypted, for whoever owes the visit; looked at by those who see it, on record."""

from __future__ import annotations

from collections.abc import Sequence

import httpx
import pytest
from sqlalchemy import select

from storage.tables import Area, Event, Photo, Responsibility
from tests.console.conftest import county
from tests.console.officers import Officer, console_of
from tests.stories.county import PLAN, County

__all__ = ["county"]
JPEG, PNG = b"\xff\xd8\xff" + b"photo" * 200, b"\x89PNG\r\n\x1a\n" + b"photo" * 200
SMALL = PLAN.replace("photos: 6, photo_megabytes: 5", "photos: 2, photo_megabytes: 1")


@pytest.fixture
async def village(county: County) -> Officer:
    """Whoever owes the home visit of a child that has been away for two days."""
    await county.begin("2026-11-02 07:00", plan=SMALL)
    await county.student("马小龙", guardians=["father"])
    await county.others(5)
    await county.to("2026-11-02 08:31")
    await county.phones["class_teacher"].replies("1")
    await county.after_outage("2026-11-03 12:01")
    return await Officer(county, console_of(county)).enters("village_committee")


async def hands_in(officer: Officer, contents: Sequence[bytes], back: str = "") -> httpx.Response:
    task = await officer.county.task("home_visit")
    files = [("photos", (f"{number}.jpg", content, "image/jpeg")) for number, content in enumerate(contents)]
    return await officer.http.post(f"/tasks/{task.id}/photos", data={"csrf": officer.token, "back": back}, files=files)


async def kept(county: County) -> list[Photo]:
    async with county.database.session() as session:
        return list(await session.scalars(select(Photo).order_by(Photo.id)))


async def test_it_is_kept_encrypted_and_opened_by_those_who_see_the_visit(village: Officer) -> None:
    county = village.county
    at = f"/cases/{(await county.case('马小龙')).id}"
    assert (await hands_in(village, [JPEG, PNG], at)).headers["location"] == f"{at}?said=photos_kept"
    first, second = await kept(county)
    assert (first.media_type, second.media_type, first.size) == ("image/jpeg", "image/png", len(JPEG))
    assert JPEG[:20] not in (first.content_encrypted or b"")
    assert "照片2" in await village.sees(at)
    township = await Officer(county, village.app).enters("township_officer")
    assert f"/photos/{first.id}" in await township.sees(at)
    shown = await township.http.get(f"/photos/{first.id}")
    assert (shown.content, shown.headers["content-type"], shown.headers["cache-control"]) == (JPEG, "image/jpeg", "no-store")
    async with county.database.session() as session, session.begin():
        session.add(Area(code="622926105", name="达板镇", level="township", parent_code="622926"))
        await session.flush()
        post = (await session.scalars(select(Responsibility).where(Responsibility.role == "township_head"))).one()
        post.area_code = "622926105"
        events = (await session.scalars(select(Event).where(Event.action.in_(("photo_stored", "photo_opened"))).order_by(Event.id))).all()
        assert [event.action for event in events] == ["photo_stored", "photo_stored", "photo_opened"]
    elsewhere = await Officer(county, village.app).enters("township_head")
    assert (await elsewhere.http.get(f"/photos/{first.id}")).status_code == 404


async def test_all_or_none_is_kept(village: Officer) -> None:
    at = f"/cases/{(await village.county.case('马小龙')).id}"
    for contents, refused in (
        ([JPEG, b"GIF89a no photo"], "not_a_photo"), ([JPEG + b"x" * 1024 * 1024], "photo_too_large"), ([JPEG] * 3, "photos_enough"),
    ):  # fmt: skip
        assert (await hands_in(village, contents, at)).headers["location"] == f"{at}?refused={refused}"
    assert "一张也没有存" in await village.sees(f"{at}?refused=not_a_photo")
    assert (await hands_in(village, [JPEG + b"x" * 3 * 1024 * 1024])).status_code == 413
    assert await kept(village.county) == []


async def test_only_whoever_owes_it_and_still_for_a_day_after_it_is_done(village: Officer) -> None:
    county, task = village.county, await village.county.task("home_visit")
    for role in ("class_teacher", "township_officer"):  # both see the visit
        other = await Officer(county, village.app).enters(role)
        assert "no_photo_task" in (await hands_in(other, [JPEG])).headers["location"]
    await village.does(f"/tasks/{task.id}/done", said="见到奶奶，娃在兰州打工")
    assert (await county.task("home_visit")).state == "done"
    assert "photos_kept" in (await hands_in(village, [JPEG])).headers["location"]
    await county.stage.advance(hours=25)
    village = await Officer(county, village.app).enters("village_committee")  # twelve hours are a session
    assert "no_photo_task" in (await hands_in(village, [JPEG])).headers["location"]
    assert len(await kept(county)) == 1
