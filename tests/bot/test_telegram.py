"""Telegram over real HTTP, against a fake of its Bot API: what is particular to it beyond the contract suite."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from bot.channels import telegram_polling
from bot.channels.base import Heard, Incoming, Outgoing, Polls, Request, Result, Trouble
from bot.channels.registry import build_channels, close_channels
from bot.channels.telegram import Telegram, build
from bot.inbox.receive import store
from console.webhooks import Hooks, routes
from fanxiao.engine import load_catalogue
from storage.database import Database
from storage.tables import Contact, Inbound, Person, PersonContact
from tests.bot.world import AREA, NOW, World
from tests.fakes.provider import Malformed
from tests.fakes.serving import serving
from tests.fakes.telegram import BLOCKED, FakeTelegram, Refuse

Told = list[tuple[str, Any]]
PARENT, OTHER, GROUP = "5000000001", "5000000002", "-4000000001"
HOOKS = "https://example.org/hooks/telegram/main"
OPTIONS = (("1", "1 生病请假"), ("2", "2 今天送来"))


@pytest.fixture
async def telegram() -> AsyncIterator[FakeTelegram]:
    async with FakeTelegram() as fake:
        yield fake


@pytest.fixture
async def channel(telegram: FakeTelegram) -> AsyncIterator[Telegram]:
    made = build({"TELEGRAM_BOT_TOKEN": telegram.token, "TELEGRAM_API_BASE": telegram.base})
    yield made
    await made.close()


@pytest.fixture
async def connected(world: World, telegram: FakeTelegram, web: Database) -> AsyncIterator[World]:
    """The county's only sender is a bot, and Telegram calls our webhook for it."""
    world.channels = build_channels({"TELEGRAM_BOT_TOKEN": telegram.token, "TELEGRAM_API_BASE": telegram.base})
    await world.sender("telegram", f"@{telegram.username}", rate=1000)
    app = FastAPI()
    async with serving(app) as base:
        world.hooks = Hooks(web, world.cipher, world.clock, world.channels, base)
        app.router.routes.extend(routes(world.hooks))
        world.public_url = base
        await _bot(world).connect(f"{base}/hooks/telegram/main")
        yield world
    await close_channels(world.channels)


def _bot(world: World) -> Telegram:
    bot = world.channels["telegram", "main"]
    assert isinstance(bot, Telegram)
    return bot


async def _person(world: World, *chats: str) -> int:
    """A person who is reached in these chats, the first first."""
    async with world.database.session() as session, session.begin():
        person = Person(name="马家长", name_pinyin="ma", area_code=AREA)
        session.add(person)
        await session.flush()
        for preference, chat in enumerate(chats, 1):
            contact = Contact(kind="telegram", address_encrypted=world.cipher.encrypt(chat), address_index=world.cipher.index(chat))
            session.add(contact)
            await session.flush()
            session.add(PersonContact(person_id=person.id, contact_id=contact.id, preference=preference))
        return person.id


def _outgoing(body: str = "小龙今天没到校", to: str = PARENT, **more: Any) -> Outgoing:
    return Outgoing(7, to, "@fanxiao_test_bot", body, **more)


async def _hear(channel: Telegram, update: dict[str, Any]) -> Heard:
    return await channel.hear(Request(f"{HOOKS}/inbound", body=json.dumps(update).encode()))


async def _one(channel: Telegram, update: dict[str, Any]) -> Incoming:
    (incoming,) = (await _hear(channel, update)).incoming
    return incoming


async def test_a_message_goes_to_the_chat(connected: World, telegram: FakeTelegram) -> None:
    await connected.say(await _person(connected, PARENT), facts={"say": "明天来吗"})
    await connected.worker().drain(NOW)
    (message,) = await connected.messages()
    assert telegram.sent_to(PARENT) == [message.body]
    assert (message.state, message.provider_id) == ("sent", f"7000000001:{PARENT}:{telegram.messages[0]['message_id']}")


async def test_who_blocks_the_bot_is_reached_elsewhere(connected: World, telegram: FakeTelegram, trouble: Told) -> None:
    telegram.by_chat[PARENT] = BLOCKED
    await connected.say(await _person(connected, PARENT, OTHER))
    await connected.worker().drain(NOW)
    assert [str(message["chat"]["id"]) for message in telegram.messages] == [OTHER]
    assert (await connected.contact(PARENT)).state == "blocked"
    assert [name for name, _ in trouble] == ["contact_failed"]


@pytest.mark.parametrize(
    ("status", "description", "result"),
    [
        (403, "Forbidden: user is deactivated", Result.BLOCKED),
        (403, "Forbidden: bot was kicked from the group chat", Result.BLOCKED),
        (403, "Forbidden: bot can't initiate conversation with a user", Result.BLOCKED),
        (403, "Forbidden: bot can't send messages to bots", Result.BAD_CONTACT),
        (400, "Bad Request: PEER_ID_INVALID", Result.BAD_CONTACT),
        (400, "Bad Request: not enough rights to send text messages to the chat", Result.BLOCKED),
        (400, "Bad Request: something new", Result.RETRY),
        (404, "Not Found", Result.OUR_FAULT),
        (502, "Bad Gateway", Result.RETRY),
        (503, "Service Unavailable", Result.RETRY),
    ],
)
async def test_refusals(channel: Telegram, telegram: FakeTelegram, status: int, description: str, result: Result) -> None:
    telegram.next.append(Refuse(status, description))
    assert (await channel.send(_outgoing())).result is result


async def test_a_group_that_moved_is_written_to_at_its_new_address(channel: Telegram, telegram: FakeTelegram) -> None:
    telegram.next.append(Refuse(400, "Bad Request: group chat was upgraded to a supergroup chat", {"migrate_to_chat_id": -1004000000001}))
    outcome = await channel.send(_outgoing(to=GROUP))
    assert (outcome.result, outcome.moved_to) == (Result.RETRY, "-1004000000001")


@pytest.mark.parametrize("text", ["{}", '{"ok": true, "result": {}}', '{"ok": true, "result": true}', "[]", ""])
async def test_an_answer_that_names_no_message_is_doubt(telegram: FakeTelegram, channel: Telegram, text: str) -> None:
    telegram.next.append(Malformed(text))
    assert (await channel.send(_outgoing())).result is Result.UNKNOWN


async def test_no_call_waits_longer_for_its_turn_than_the_engine_allows(telegram: FakeTelegram) -> None:
    channel = Telegram(telegram.token, telegram.base, patience=0.2)
    sent = [await channel.send(_outgoing(to=GROUP)) for _ in range(21)]
    await channel.close()
    assert [outcome.result for outcome in sent] == [Result.ACCEPTED] * 20 + [Result.RETRY]
    assert (sent[-1].code, len(telegram.messages)) == ("no_turn", 20)


async def test_options_are_buttons(channel: Telegram, telegram: FakeTelegram) -> None:
    await channel.send(_outgoing(options=(*OPTIONS, ("长" * 22, "answer longer than Telegram takes"))))
    (message,) = telegram.messages
    assert [[button["text"] for button in row] for row in message["reply_markup"]["inline_keyboard"]] == [["1 生病请假"], ["2 今天送来"]]


async def test_a_pressed_button_is_an_answer_and_cannot_be_pressed_twice(connected: World, telegram: FakeTelegram) -> None:
    hook = telegram.webhook["url"]
    sent = await _bot(connected).send(_outgoing(options=OPTIONS))
    (message,) = telegram.messages
    update = telegram.press(message, "2")
    for _ in range(2):
        assert await telegram.post(hook, update) == 200
    await connected.hooks.finish()
    assert await connected.worker().drain(NOW) == 1
    (inbound,) = await connected.all(select(Inbound))
    assert (inbound.body, inbound.reply_to) == ("2", sent.provider_id)
    assert telegram.open_queries == set()
    assert (message["text"], "reply_markup" in message) == ("小龙今天没到校\n✓ 2 今天送来", False)


async def test_telegram_has_its_answer_before_the_button_stops_turning(
    connected: World, telegram: FakeTelegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    going, told = asyncio.Event(), []

    async def slow(*_: object) -> None:
        await going.wait()
        told.append(True)

    monkeypatch.setattr("bot.channels.telegram.acknowledge", slow)
    await _bot(connected).send(_outgoing(options=OPTIONS))
    async with connected.hooks.running():
        assert await telegram.post(telegram.webhook["url"], telegram.press(telegram.messages[0], "2")) == 200
        assert (len(await connected.all(select(Inbound))), told) == (1, [])
        going.set()
    assert told == [True]  # the process waits for it when it ends


async def test_buttons_vanish_also_where_the_text_is_full(channel: Telegram, telegram: FakeTelegram) -> None:
    await channel.send(_outgoing("长" * 4090, options=OPTIONS))
    (message,) = telegram.messages
    heard = await _hear(channel, telegram.press(message, "1"))
    assert heard.after is not None
    await heard.after()
    assert (len(message["text"]), "reply_markup" in message) == (4090, False)


async def test_a_button_pressed_too_late_still_counts(channel: Telegram, telegram: FakeTelegram) -> None:
    """Telegram no longer takes our word that it was heard."""
    await channel.send(_outgoing(options=OPTIONS))
    heard = await _hear(channel, telegram.press(telegram.messages[0], "1"))
    telegram.open_queries.clear()
    assert heard.after is not None
    await heard.after()
    assert telegram.messages[0]["text"].endswith("✓ 1 生病请假")


async def test_a_button_of_a_message_that_telegram_has_forgotten(channel: Telegram, telegram: FakeTelegram) -> None:
    old = {"chat": {"id": int(PARENT), "type": "private"}, "message_id": 3, "date": 0}
    heard = await _hear(channel, telegram.press(old, "1"))
    assert heard.after is not None
    await heard.after()
    assert (heard.incoming[0].sender, heard.incoming[0].reply_to) == (PARENT, f"7000000001:{PARENT}:3")
    assert telegram.calls == ["answerCallbackQuery"]


async def test_the_button_that_shares_a_number(channel: Telegram, telegram: FakeTelegram) -> None:
    outcome = await channel.send(_outgoing(options=(("share_phone", "发送我的手机号"),)))
    (message,) = telegram.messages
    (row,) = message["reply_markup"]["keyboard"]
    assert outcome.result is Result.ACCEPTED
    assert row == [{"text": "发送我的手机号", "request_contact": True}]


@pytest.mark.parametrize("number", ["8613800000001", "+8613800000001"])
async def test_ones_own_number_is_proven(channel: Telegram, telegram: FakeTelegram, number: str) -> None:
    shared = {"phone_number": number, "first_name": "家长", "user_id": int(PARENT)}
    text = await _one(channel, telegram.without_text(PARENT, contact=shared))
    assert (text.phone, text.body) == ("+8613800000001", "")


@pytest.mark.parametrize("owner", [{"user_id": int(OTHER)}, {}])
async def test_somebody_elses_number_proves_nothing(channel: Telegram, telegram: FakeTelegram, owner: dict[str, int]) -> None:
    text = await _one(channel, telegram.without_text(PARENT, contact={"phone_number": "8613800000001", "first_name": "家长"} | owner))
    assert text.phone is None


async def test_captions_photos_and_quotations(channel: Telegram, telegram: FakeTelegram) -> None:
    photo = [{"file_id": "a", "file_unique_id": "b", "width": 90, "height": 90}]
    quoted = telegram.text(PARENT, "小龙今天没到校", 55)["message"]
    assert (await _one(channel, telegram.without_text(PARENT, photo=photo, caption="病历"))).body == "病历"
    assert (await _one(channel, telegram.without_text(PARENT, photo=photo))).body == ""
    answer = await _one(channel, telegram.text(PARENT, "1", reply_to_message=quoted))
    assert answer.reply_to == f"7000000001:{PARENT}:55"


async def test_what_nobody_wrote_to_us_is_passed_over(connected: World, telegram: FakeTelegram) -> None:
    message = telegram.text(PARENT, "钉住的话")["message"]
    group = telegram.text(GROUP, "大家好")
    group["message"]["chat"] = {"id": int(GROUP), "type": "group", "title": "三(2)班"}
    moved = {"message": group["message"] | {"migrate_to_chat_id": -1004000000001}, "update_id": 5}
    pinned = telegram.without_text(PARENT, pinned_message=message)
    place = telegram.without_text(PARENT, location={"latitude": 35.6, "longitude": 103.2, "live_period": 60})["message"]
    walking, in_group = ({"update_id": 3, "edited_message": one | {"edit_date": 1}} for one in (place, group["message"]))
    for update in (walking, in_group, group, moved, pinned, {"update_id": 4, "novelty": {}}):
        assert await telegram.post(telegram.webhook["url"], update) == 200
    assert await connected.all(select(Inbound)) == []


async def test_a_text_that_is_corrected_in_its_place_is_heard_anew(connected: World, telegram: FakeTelegram) -> None:
    message = telegram.text(PARENT, "明天送来")["message"]
    edits = [message | {"text": words, "edit_date": at} for words, at in (("后天送来", 7), ("后天送来", 7), ("大后天送来", 9))]
    for update in ({"update_id": 1, "message": message}, *({"update_id": 2, "edited_message": edit} for edit in edits)):
        assert await telegram.post(telegram.webhook["url"], update) == 200
    assert [row.body for row in await connected.all(select(Inbound).order_by(Inbound.id))] == ["明天送来", "后天送来", "大后天送来"]


@pytest.mark.parametrize(("status", "choice"), [("kicked", "out"), ("member", "in")])
async def test_blocking_and_coming_back_is_told(channel: Telegram, telegram: FakeTelegram, status: str, choice: str) -> None:
    first, again = [await _one(channel, telegram.membership(PARENT, status)) for _ in range(2)]
    assert (first.choice, first.sender, first.body) == (choice, PARENT, "")
    assert first.provider_id == again.provider_id
    assert (await _one(channel, telegram.membership(PARENT, status, at=1795500100))).provider_id != first.provider_id


async def test_two_bots_do_not_take_each_others_messages_for_their_own(channel: Telegram, telegram: FakeTelegram) -> None:
    """Each bot counts the messages of its chats by itself, and a person has the same chat id with all of them."""
    second = build({"TELEGRAM_BOT_TOKEN": "7000000002:" + "B" * 35})
    update = telegram.text(PARENT, "1", 55)
    assert (await _one(channel, update)).provider_id != (await _one(second, update)).provider_id
    await second.close()


async def test_webhook_forged_malformed_oversized(connected: World, telegram: FakeTelegram) -> None:
    hook, update = telegram.webhook["url"], telegram.text(PARENT, "1")
    assert await telegram.post(hook, update, secret="forged") == 403
    assert await telegram.post(hook, update, secret="") == 403
    assert await telegram.post(hook, {"update_id": 1, "message": {"text": "1"}}) == 400
    assert await telegram.post(hook, telegram.text(PARENT, "x" * 256 * 1024)) == 413
    assert await connected.all(select(Inbound)) == []
    assert await telegram.post(hook, update) == 200
    assert [row.body for row in await connected.all(select(Inbound))] == ["1"]


async def test_the_secret_is_not_the_token(channel: Telegram, telegram: FakeTelegram) -> None:
    await channel.connect(HOOKS)
    assert telegram.webhook["url"] == f"{HOOKS}/inbound"
    assert set(telegram.webhook["allowed_updates"]) == {"message", "edited_message", "callback_query", "my_chat_member"}
    assert len(telegram.secret) == 64
    assert telegram.secret not in telegram.token
    await channel.connect(None)
    assert telegram.webhook["url"] == ""


@pytest.mark.parametrize(
    ("webhook", "hooks", "kinds"),
    [
        ({"url": ""}, HOOKS, ["webhook_missing"]),
        ({"url": "https://elsewhere.example/"}, HOOKS, ["webhook_elsewhere"]),
        ({"url": f"{HOOKS}/inbound"}, HOOKS, []),
        ({"url": f"{HOOKS}/inbound", "allowed_updates": ["message"]}, HOOKS, ["webhook_partial"]),
        ({"url": f"{HOOKS}/inbound", "last_error_date": 1, "last_error_message": "Wrong response: 403 Forbidden"}, HOOKS, []),
        (
            {"url": f"{HOOKS}/inbound", "last_error_date": 1, "last_error_message": "Connection refused", "pending_update_count": 3},
            HOOKS,
            ["webhook_failing"],
        ),
        ({"url": f"{HOOKS}/inbound"}, None, ["webhook_in_the_way"]),
        ({"url": ""}, None, []),
    ],
)
async def test_check_of_the_webhook(
    channel: Telegram, telegram: FakeTelegram, webhook: dict[str, Any], hooks: str | None, kinds: list[str]
) -> None:
    telegram.webhook |= webhook
    found = await channel.check(f"@{telegram.username}", hooks)
    assert [trouble.kind for trouble in found] == kinds
    assert all(_sentence(trouble) for trouble in found)


@pytest.mark.parametrize("address", ["@fanxiao_test_bot", "Fanxiao_Test_Bot", "7000000001"])
async def test_check_knows_the_bot_by_name_and_number(channel: Telegram, address: str) -> None:
    assert await channel.check(address, None) == []


async def test_check_of_another_bot_and_of_a_refused_token(channel: Telegram, telegram: FakeTelegram) -> None:
    (other,) = await channel.check("@another_bot", None)
    assert other == Trouble("bot_differs", "@fanxiao_test_bot")
    refused = Telegram("7000000001:" + "C" * 35, telegram.base)
    (trouble,) = await refused.check("@fanxiao_test_bot", None)
    await refused.close()
    assert trouble.kind == "account_refused"
    assert "C" * 35 not in trouble.detail
    assert all(_sentence(found) for found in (other, trouble))


def _sentence(trouble: Trouble) -> str:
    return load_catalogue().phrase(f"check.{trouble.kind}", {"detail": trouble.detail})


@asynccontextmanager
async def _listening(channel: Telegram, keep: Callable[[Heard], Awaitable[None]]) -> AsyncIterator[None]:
    assert isinstance(channel, Polls)
    task = asyncio.create_task(channel.listen(keep))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


class Kept:
    """A store that can fail, and says when it has so many texts."""

    def __init__(self, *, failing: int = 0) -> None:
        self.bodies: list[str] = []
        self._failing = failing
        self._more = asyncio.Condition()

    async def __call__(self, heard: Heard) -> None:
        async with self._more:
            if self._failing:
                self._failing -= 1
                raise ConnectionError
            self.bodies += [incoming.body for incoming in heard.incoming]
            self._more.notify_all()

    async def reaches(self, number: int) -> None:
        async with self._more, asyncio.timeout(5):
            await self._more.wait_for(lambda: len(self.bodies) >= number)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telegram_polling, "FIRST_PAUSE", 0.01)


async def test_polling_brings_texts_in_order_and_once(channel: Telegram, telegram: FakeTelegram) -> None:
    kept = Kept()
    async with _listening(channel, kept):
        await telegram.queue(telegram.text(PARENT, "一"), telegram.text(OTHER, "二"))
        await kept.reaches(2)
        await telegram.queue(telegram.text(PARENT, "三"))
        await kept.reaches(3)
    assert kept.bodies == ["一", "二", "三"]


async def test_polling_answers_a_pressed_button(channel: Telegram, telegram: FakeTelegram) -> None:
    await channel.send(_outgoing(options=OPTIONS))
    kept = Kept()
    async with _listening(channel, kept):
        await telegram.queue(telegram.press(telegram.messages[0], "1"), telegram.text(PARENT, "好了"))
        await kept.reaches(2)
    assert kept.bodies == ["1", "好了"]
    assert telegram.messages[0]["text"].endswith("✓ 1 生病请假")


@pytest.mark.usefixtures("impatient")
async def test_what_could_not_be_stored_is_fetched_again(channel: Telegram, telegram: FakeTelegram) -> None:
    kept = Kept(failing=2)
    await telegram.queue(telegram.text(PARENT, "一"), telegram.text(PARENT, "二"))
    async with _listening(channel, kept):
        await kept.reaches(2)
    assert kept.bodies == ["一", "二"]


async def test_killed_between_storing_and_telling_telegram_it_is_fetched_again_and_stored_once(
    world: World, web: Database, channel: Telegram, telegram: FakeTelegram
) -> None:
    stored = asyncio.Event()

    async def keep(heard: Heard) -> None:
        await store(web, world.cipher, channel.capabilities, heard, NOW)
        stored.set()

    async def keep_and_hang(heard: Heard) -> None:
        await keep(heard)
        await asyncio.Event().wait()

    await telegram.queue(telegram.text(PARENT, "来了"))
    async with _listening(channel, keep_and_hang):
        await stored.wait()
    assert len(telegram.updates) == 1
    stored.clear()
    restarted = Telegram(telegram.token, telegram.base)
    async with _listening(restarted, keep):
        await stored.wait()
    await restarted.close()
    assert [row.body for row in await world.all(select(Inbound))] == ["来了"]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("fault", [Refuse(502, "Bad Gateway"), Refuse(409, "Conflict: terminated by other getUpdates request")])
async def test_polling_outlives_trouble(channel: Telegram, telegram: FakeTelegram, fault: Refuse) -> None:
    telegram.fetch_fault = fault
    await telegram.queue(telegram.text(PARENT, "一"))
    kept = Kept()
    async with _listening(channel, kept):
        await kept.reaches(1)
    assert kept.bodies == ["一"]


async def test_an_update_that_cannot_be_read_holds_up_no_other(channel: Telegram, telegram: FakeTelegram) -> None:
    odd = telegram.text(PARENT, "一")
    del odd["message"]["chat"]
    await telegram.queue(odd, telegram.text(PARENT, "二"))
    kept = Kept()
    async with _listening(channel, kept):
        await kept.reaches(1)
        await telegram.queue(telegram.text(PARENT, "三"))
        await kept.reaches(2)
    assert kept.bodies == ["二", "三"]


async def test_it_says_that_it_can_be_asked_about_nothing(channel: Telegram) -> None:
    assert await channel.find(replace(_outgoing(), message_id=9), NOW) == []
    assert not channel.capabilities.can_be_asked
