"""Photographs of home visits: by Telegram and WeCom, kept encrypted, put to the right visit, across a restart."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import select

from bot.channels.base import Channel, Request
from bot.channels.registry import build_channel
from bot.channels.telegram import Telegram
from bot.channels.wecom import build as build_wecom
from bot.inbox.receive import store
from cases.linking import new_code
from storage.tables import Contact, Event, PersonContact, Photo
from storage.work import working
from tests.fakes.telegram import FakeTelegram
from tests.fakes.wecom import FakeWeCom
from tests.stories import county as counties
from tests.stories.county import PLAN, County

CHAT, MEMBER = "5000000001", "majianguo"
JPEG = b"\xff\xd8\xff" + b"photo" * 200
SMALL = PLAN.replace("photos: 6, photo_megabytes: 5", "photos: 2, photo_megabytes: 1")


class Village:
    """The village committee's member with Telegram and WeCom; a child of the village has been absent for two days."""

    def __init__(self, county: County, telegram: FakeTelegram, wecom: FakeWeCom, channels: dict[str, Any]) -> None:
        self.county, self.telegram, self.wecom, self.channels = county, telegram, wecom, channels

    async def brings(self, update: dict[str, Any]) -> None:
        await self._store("telegram", Request("", body=json.dumps(update).encode()))

    async def sends_by_wecom(self, content: bytes, number: int) -> None:
        query, body = self.wecom.photo(MEMBER, content, number)
        await self._store("wecom", Request("", query=query, body=body))

    async def _store(self, name: str, request: Request) -> None:
        channel = self.channels[name]
        heard = await channel.hear(request)
        await store(self.county.web, self.county.cipher, channel.capabilities, heard, await self.county.stage.now())
        await self.county.stage.settle()

    def said(self) -> list[str]:
        return self.telegram.sent_to(CHAT)

    async def photos(self) -> list[Photo]:
        async with self.county.database.session() as session:
            return list(await session.scalars(select(Photo).order_by(Photo.id)))


@pytest.fixture
async def village(county: County, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Village]:
    async with FakeTelegram() as telegram, FakeWeCom() as wecom:
        channels: dict[str, Any] = {"telegram": Telegram(telegram.token, telegram.base), "wecom": build_wecom(wecom.settings)}

        def build(name: str, *rest: Any) -> Channel:
            return channels[name] if name in channels else build_channel(name, *rest)

        monkeypatch.setattr(counties, "build_channel", build)
        await county.begin("2026-11-02 07:00", channels=("simulator", "telegram", "wecom"), plan=SMALL)
        await county.student("马小龙", guardians=["father"])
        await county.others(5)
        found = Village(county, telegram, wecom, channels)
        async with working(county.database, await county.stage.now()) as work:
            code = await new_code(work, county.people["village_committee"], county.cipher)
        await found.brings(telegram.text(CHAT, f"/start {code}"))
        await county.to("2026-11-02 08:31")
        await county.phones["class_teacher"].replies("1")
        await county.after_outage("2026-11-03 12:01")
        yield found
        for channel in channels.values():
            await channel.close()


async def test_a_photograph_without_words_goes_to_the_only_visit_and_is_kept_encrypted(village: Village) -> None:
    await village.brings(village.telegram.photo(CHAT, JPEG))
    assert "照片已存入" in village.said()[-1]
    (photo,) = await village.photos()
    assert (photo.state, photo.media_type, photo.size) == ("stored", "image/jpeg", len(JPEG))
    assert photo.content_encrypted is not None
    assert JPEG[:20] not in photo.content_encrypted
    assert village.county.cipher.decrypt_bytes(photo.content_encrypted) == JPEG
    async with village.county.database.session() as session:
        actions = set(await session.scalars(select(Event.action).where(Event.case_id == (await village.county.case("马小龙")).id)))
    assert {"photo_received", "photo_stored"} <= actions


async def test_the_words_below_a_photograph_end_the_visit_and_a_late_one_still_belongs_to_it(village: Village) -> None:
    await village.brings(village.telegram.photo(CHAT, JPEG, "3 见到奶奶，娃在兰州打工"))
    assert "办好了" in village.said()[-1]
    visit = await village.county.task("home_visit")
    assert visit.state == "done"
    await village.brings(village.telegram.photo(CHAT, JPEG))
    await village.brings(village.telegram.photo(CHAT, JPEG))
    assert "已够2张" in village.said()[-1]
    assert [photo.task_id for photo in await village.photos()] == [visit.id, visit.id]


async def test_one_that_is_too_large_is_refused_and_its_sender_told(village: Village) -> None:
    await village.brings(village.telegram.photo(CHAT, JPEG + b"x" * (1024 * 1024)))
    await village.county.stage.advance(minutes=2)
    assert "太大" in village.said()[-1]
    (photo,) = await village.photos()
    assert (photo.state, photo.reason, photo.content_encrypted) == ("refused", "too_large", None)


async def test_one_that_cannot_be_fetched_now_is_fetched_after_a_restart(village: Village, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = Telegram(village.telegram.token, "http://127.0.0.1:9")
    telegram = village.channels["telegram"]
    monkeypatch.setattr(telegram, "picture", gone.picture)
    await village.brings(village.telegram.photo(CHAT, JPEG))
    assert [photo.state for photo in await village.photos()] == ["waiting"]
    monkeypatch.undo()
    await village.county.stage.advance(minutes=3)
    assert [photo.state for photo in await village.photos()] == ["stored"]
    await gone.close()


async def test_a_photograph_of_nothing_is_not_kept(village: Village) -> None:
    await village.brings(village.telegram.text(CHAT, "3 见到奶奶，说明天送来"))
    await village.county.after_outage("2026-11-04 13:30")  # longer ago than photographs are taken
    before = len(village.said())
    await village.brings(village.telegram.photo(CHAT, JPEG))
    assert "没有对应的家访" in "".join(village.said()[before:])
    assert await village.photos() == []


async def test_by_wecom_as_well(village: Village) -> None:
    cipher = village.county.cipher
    async with village.county.database.session() as session, session.begin():
        contact = Contact(kind="wecom", address_encrypted=cipher.encrypt(MEMBER), address_index=cipher.index(MEMBER))
        session.add(contact)
        await session.flush()
        session.add(PersonContact(person_id=village.county.people["village_committee"], contact_id=contact.id))
    await village.sends_by_wecom(JPEG, 1)
    await village.sends_by_wecom(JPEG, 1)  # WeCom calls again
    assert [(photo.state, photo.size) for photo in await village.photos()] == [("stored", len(JPEG))]
    assert "照片已存入" in village.wecom.sees(MEMBER)[-1]


async def test_a_pressed_button_answers_its_own_alert(village: Village) -> None:
    alert = next(message for message in village.telegram.messages if "家访" in message["text"])
    await village.brings(village.telegram.press(alert, "1"))
    assert (await village.county.task("home_visit")).state == "acknowledged"


async def test_a_photograph_proves_a_delivery_that_was_said_before(village: Village) -> None:
    county = village.county
    await county.after_outage("2026-11-05 12:01")
    await county.phones["township_officer"].replies(f"{(await county.task('issue_notice')).code} 3")
    await county.after_outage("2026-11-09 12:02")
    task = await county.task("deliver_notice")
    await village.brings(village.telegram.text(CHAT, f"{task.code} 3 当面送达"))
    assert "谁签收" in village.said()[-1]
    await village.brings(village.telegram.photo(CHAT, JPEG, task.code))
    assert "办好了" in village.said()[-1]
    (notice,) = await county.notices()
    assert str(notice.deadline_on) == "2026-11-16"
    assert [(photo.task_id, photo.state) for photo in await village.photos()] == [(task.id, "stored")]
