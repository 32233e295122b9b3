"""Buttons stand below a message only while what it asks may be answered. Told over a fake of Telegram."""

from __future__ import annotations

import copy

import pytest
from sqlalchemy import select

from storage.tables import GuardianAnswer, Inbound
from tests.stories.test_linking import FATHER, Chat, Telling, telling

__all__ = ["telling"]


@pytest.fixture
async def father(telling: Telling) -> Chat:
    """Ma Xiaolong is missing, and his father has been asked in his chat."""
    chat = telling.chat(FATHER)
    await chat.writes(await telling.code("father"))
    await telling.county.to("2026-11-02 08:31")
    await telling.county.phones["class_teacher"].replies("1")
    await telling.county.stage.advance(minutes=4)
    return chat


async def _answers(telling: Telling) -> list[str]:
    async with telling.county.database.session() as session:
        return list(await session.scalars(select(GuardianAnswer.intent).order_by(GuardianAnswer.id)))


async def _outcome(telling: Telling) -> str | None:
    async with telling.county.database.session() as session:
        return await session.scalar(select(Inbound.outcome).order_by(Inbound.id.desc()).limit(1))


async def test_a_written_answer_takes_the_buttons_away(telling: Telling, father: Chat) -> None:
    (asked,) = copy.deepcopy(father.shows())
    await father.writes("生病了")
    (further,) = father.shows()  # until when: that may still be answered
    assert (asked["message_id"] != further["message_id"], await _answers(telling)) == (True, ["sick"])


async def test_what_is_no_longer_asked_cannot_be_pressed(telling: Telling, father: Chat) -> None:
    await telling.county.phones["class_teacher"].replies("1到了")
    assert father.shows() == []


async def test_a_reminder_takes_the_first_question_s_buttons(telling: Telling, father: Chat) -> None:
    (first,) = copy.deepcopy(father.shows())
    await telling.county.to("2026-11-02 13:02")
    (second,) = copy.deepcopy(father.shows())
    assert first["message_id"] != second["message_id"]
    await father.presses(first, "1")
    assert await _answers(telling) == ["sick"]
    for message in (second, first):
        await father.presses(message, "4")
        assert (await _outcome(telling), await _answers(telling)) == ("answered_before", ["sick"])
    await telling.county.phones["class_teacher"].new()
    assert {message["message_id"] for message in father.shows()} & {first["message_id"], second["message_id"]} == set()


async def test_where_telegram_does_not_answer_nothing_is_held_up(telling: Telling, father: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> None:
        raise TimeoutError

    monkeypatch.setattr("bot.channels.telegram.Telegram.clear", fail)
    await father.writes("1")
    assert (len(father.shows()), await _answers(telling)) == (2, ["sick"])  # what was asked, and what is asked further
