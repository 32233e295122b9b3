"""The operator's view of channels: senders made and changed, providers asked, a test message sent, the days counted."""

from __future__ import annotations

import ast
import asyncio
import csv
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from sqlalchemy import select, text
from typer.testing import CliRunner

from bot.channels.base import Trouble
from bot.channels.registry import PROVIDERS
from bot.channels.twilio_sms import TwilioSms
from cases.linking import link_by_code
from fanxiao.cli import app
from fanxiao.commands import channels_check
from fanxiao.engine import load_catalogue
from storage.clock import SteppedClock
from storage.crypto import Cipher
from storage.database import Database
from storage.tables import Contact, Event, Message, Person, Recording, Sender
from storage.work import working
from tests.brought import bring
from tests.fakes.provider import Drop
from tests.fakes.twilio import FakeTwilio, Fault, Refuse
from tests.fanxiao.conftest import Terminal
from tests.stories.county import County

ROOT = Path(__file__).resolve().parents[2]
NOON = datetime(2026, 11, 24, 4, tzinfo=UTC)  # in Linxia
OURS = "+15005550006"
PHONE = "+8613800000001"
PUBLIC = "https://school.example.cn"
Typed = Callable[..., Awaitable[Result]]


async def reached(_hooks: str) -> list[Trouble]:
    return []


@pytest.fixture
async def channels(terminal: Terminal, database: Database, monkeypatch: pytest.MonkeyPatch) -> Typed:
    """The command group, at noon, with no provider's settings in the environment; our own address is well wherever it is."""
    monkeypatch.setattr(channels_check, "reach_troubles", reached)
    await SteppedClock(database).set(NOON)
    for name in list(os.environ):
        if name.startswith(("FANXIAO", *(need for provider in PROVIDERS.values() for need in provider.needs))):
            monkeypatch.delenv(name)

    async def typed(*words: str, answer: str = "") -> Result:
        return await asyncio.to_thread(CliRunner().invoke, app, ["channels", *words], input=answer)

    return typed


@pytest.fixture
async def twilio(monkeypatch: pytest.MonkeyPatch, channels: Typed) -> AsyncIterator[FakeTwilio]:
    async with FakeTwilio() as fake:
        monkeypatch.setenv("TWILIO_ACCOUNT_SID", fake.account)
        monkeypatch.setenv("TWILIO_AUTH_TOKEN", fake.token)
        monkeypatch.setenv("TWILIO_API_BASE", fake.base)
        monkeypatch.setenv("FANXIAO_PUBLIC_URL", PUBLIC)
        yield fake


@pytest.fixture
async def sender(twilio: FakeTwilio, channels: Typed, database: Database) -> str:
    """A Twilio number that is set up as it should be, and from which a worker sends; gives its id."""
    twilio.holdings.number(OURS, sms_url=f"{PUBLIC}/hooks/twilio_sms/main/inbound")
    assert (await channels("add", "twilio_sms", OURS, "--rate", "2", "--cap", "10", "--price", "0.05")).exit_code == 0
    await held_until(database, "2100-01-01")
    return str((await listed(channels))[0]["id"])


async def held_until(database: Database, end: str) -> None:
    async with database.session() as session, session.begin():
        await session.execute(text("update sender set lease_until = :end"), {"end": end})


async def listed(channels: Typed) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((await channels("list", "--json")).stdout)
    return found


async def only(channels: Typed) -> dict[str, Any]:
    (found,) = await listed(channels)
    return found


async def events(database: Database) -> list[tuple[str, str]]:
    async with database.session() as session:
        rows = await session.execute(select(Event.action, Event.actor).order_by(Event.id))
        return [(action, actor) for action, actor in rows]


async def queues(database: Database) -> list[str]:
    async with database.session() as session:
        return list(await session.scalars(text("select queue_name from pgmq.meta order by queue_name")))


def expects_refusal(result: Result, chinese: str, english: str) -> None:
    assert result.exit_code == 1, result.output
    first, second = result.stderr.strip().splitlines()
    assert (chinese in first, english in second) == (True, True), result.stderr


async def test_a_number_is_added_with_its_queues(
    channels: Typed, twilio: FakeTwilio, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await channels(
        "add", "twilio_sms", "+1 (500) 555-0006", "--rate", "0.5", "--cap", "200", "--hours", "8:00-21:30", "--price", "0.045"
    )
    assert (made.exit_code, "channels check" in made.stdout) == (0, True)
    found = await only(channels)
    assert found.pop("id")
    assert found == {
        "channel": "twilio_sms", "account": "main", "address": OURS, "state": "open", "stopped_reason": None, "rate_per_second": 0.5,
        "daily_cap": 200, "used": 0, "hours": "08:00-21:30", "price": "0.0450", "waiting": {"safety": 0, "duty": 0, "bulk": 0},
        "is_held": False, "try_at": None,
    }  # fmt: skip
    assert [name.split("_")[-1] for name in await queues(database)] == ["inbound", "bulk", "duty", "safety"]
    assert await events(database) == [("sender_added", "operator")]
    monkeypatch.setenv("COLUMNS", "40")  # a narrow terminal cuts nothing off
    printed = (await channels("list")).stdout
    assert all(word in printed for word in (OURS, "启用 on", "0/200", "08:00-21:30", "0.045"))


async def test_the_same_number_again_changes_nothing(channels: Typed, sender: str, database: Database) -> None:
    before = await only(channels)
    expects_refusal(await channels("add", "twilio_sms", "+1-500-555-0006", "--rate", "9"), "已经有了", f"channels set {sender}")
    assert await only(channels) == before
    assert await events(database) == [("sender_added", "operator")]


async def test_another_account_has_settings_of_its_own(channels: Typed, twilio: FakeTwilio, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("add", "twilio_sms", OURS, "--rate", "1", "--account", "County")
    expects_refusal(await channels(*words), "TWILIO_ACCOUNT_SID__COUNTY, TWILIO_AUTH_TOKEN__COUNTY", "lacks in the environment")
    monkeypatch.setenv("TWILIO_ACCOUNT_SID__COUNTY", twilio.account)
    expects_refusal(await channels(*words), "环境变量：TWILIO_AUTH_TOKEN__COUNTY", "environment: TWILIO_AUTH_TOKEN__COUNTY")
    monkeypatch.setenv("TWILIO_AUTH_TOKEN__COUNTY", twilio.token)
    assert (await channels(*words)).exit_code == 0
    assert (await only(channels))["account"] == "county"


@pytest.mark.parametrize(
    ("words", "chinese", "english"),
    [
        (("pigeon", OURS, "--rate", "1"), "没有通道", "There are: simulator"),
        (("wecom", "1000002", "--rate", "1"), "WECOM_CORP_ID", "WECOM_AES_KEY"),
        (("twilio_sms", "+1500", "--rate", "1"), "不是电话号码", "no phone number"),
        (("twilio_sms", " ", "--rate", "1"), "不是电话号码", "no phone number"),
        (("twilio_sms", "JIAOYUJU", "--rate", "1"), "家长无法回复", "sender_not_a_number"),
        (("twilio_sms", "MG123", "--rate", "1"), "以MG开头", "sender_not_a_number"),
        (("twilio_sms", "12345", "--rate", "1"), "以+开头", "sender_not_a_number"),
        (("twilio_voice", "MG" + "0" * 32, "--rate", "1"), "不是以+开头的号码", "address_not_a_number"),
        (("twilio_sms", OURS, "--rate", "0"), "--rate 不对", "above 0"),
        (("twilio_sms", OURS, "--rate", "nan"), "--rate 不对", "--rate nan"),
        (("twilio_sms", OURS, "--rate", "none"), "速率不能不设", "none without a rate"),
        (("twilio_sms", OURS, "--rate", "1", "--cap", "0"), "--cap 不对", "--cap 0"),
        (("twilio_sms", OURS, "--rate", "1", "--cap", "1.5"), "--cap 不对", "whole number"),
        (("twilio_sms", OURS, "--rate", "1", "--hours", "21:00-21:00"), "--hours 不对", "over midnight"),
        (("twilio_sms", OURS, "--rate", "1", "--hours", "08:00-25:00"), "--hours 不对", "08:00-21:00"),
        (("twilio_sms", OURS, "--rate", "1", "--price", "0.00001"), "--price 不对", "four decimals"),
        (("twilio_sms", OURS, "--rate", "1", "--price", "free"), "--price 不对", "--price free"),
        (("twilio_sms", OURS, "--rate", "1", "--account", "a__b"), "--account 不对", "single underscores"),
    ],
)
async def test_what_cannot_be_added(
    words: tuple[str, ...], chinese: str, english: str, channels: Typed, twilio: FakeTwilio, database: Database
) -> None:
    expects_refusal(await channels("add", *words), chinese, english)
    assert (await listed(channels), await events(database), await queues(database)) == ([], [], ["inbound"])


async def test_settings_that_cannot_be_used_are_said_in_a_sentence(channels: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROVIDERS["wecom"].needs:
        monkeypatch.setenv(name, "x")
    expects_refusal(await channels("add", "wecom", "1000002", "--rate", "1"), "设置有误", "cannot be used")


async def test_terms_are_changed_and_cleared(channels: Typed, sender: str, database: Database) -> None:
    done = await channels("set", sender, "--rate", "3", "--hours", "07:00-20:00", "--cap", "none", "--price", "none")
    assert (done.exit_code, "rate 3" in done.stdout, "cap none" in done.stdout) == (0, True, True)
    found = await only(channels)
    assert (found["rate_per_second"], found["daily_cap"], found["hours"], found["price"]) == (3, None, "07:00-20:00", None)
    assert (await channels("set", sender, "--hours", "none")).exit_code == 0
    assert (await only(channels))["hours"] is None
    assert (await channels("set", sender, "--rate", "3.0")).exit_code == 0  # the same again is no event
    assert [action for action, _ in await events(database)] == ["sender_added", "sender_changed", "sender_changed"]
    expects_refusal(await channels("set", sender), "请写明要改什么", "Say what to change")
    expects_refusal(await channels("set", sender, "--cap", "many"), "--cap 不对", "--cap many")
    expects_refusal(await channels("set", "999", "--cap", "1"), "没有编号为 999", "no sender 999")


async def test_a_sender_is_paused_drained_and_resumed(channels: Typed, sender: str, database: Database) -> None:
    for command, state in (("pause", "paused"), ("drain", "draining"), ("pause", "paused"), ("resume", "open")):
        for _ in range(2):
            assert (await channels(command, sender)).exit_code == 0
        assert (await only(channels))["state"] == state
    actions = [action for action, _ in await events(database)]
    assert actions == ["sender_added", "sender_paused", "sender_draining", "sender_paused", "sender_resumed"]
    for command in ("pause", "drain", "resume", "remove"):
        expects_refusal(await channels(command, "999"), "没有编号为 999", "no sender 999")
    assert (await channels("pause", "9" * 20)).exit_code == 2


async def test_a_stopped_sender_is_resumed_and_why_is_forgotten(channels: Typed, sender: str, database: Database) -> None:
    async with database.session() as session, session.begin():
        stopped = await session.get_one(Sender, int(sender))
        stopped.state, stopped.stopped_reason = "stopped", "20003"
    assert "20003" in (await channels("list")).stdout
    expects_refusal(await channels("drain", sender), "先运行 fanxiao channels resume", "Mend it")
    assert (await channels("resume", sender)).exit_code == 0
    found = await only(channels)
    assert (found["state"], found["stopped_reason"]) == ("open", None)


async def message(database: Database, sender_id: str, state: str, **more: Any) -> None:
    """A message of that sender, as delivery leaves it behind."""
    async with database.session() as session, session.begin():
        contact = await session.scalar(select(Contact))
        if contact is None:
            contact = Contact(kind="phone", address_encrypted=b"x", address_index=b"x")
            session.add(contact)
            await session.flush()
        row: dict[str, Any] = {
            "channel": "twilio_sms", "area_code": "622926", "urgency": "duty", "template": "absence_question", "body": "早上好",
            "parts": 1, "queued_at": NOON, "expires_at": NOON + timedelta(hours=1),
        }  # fmt: skip
        session.add(Message(sender_id=int(sender_id), contact_id=contact.id, state=state, **(row | more)))


async def test_a_sender_that_was_never_used_is_removed_with_its_queues(channels: Typed, sender: str, database: Database) -> None:
    async with database.session() as session, session.begin():
        session.add(Contact(kind="phone", address_encrypted=b"x", address_index=b"x", sender_id=int(sender)))  # it has written to us
    assert (await channels("remove", sender)).exit_code == 0
    assert (await listed(channels), await queues(database)) == ([], ["inbound"])
    assert (await events(database))[-1] == ("sender_removed", "operator")
    assert "channels add" in (await channels("list")).stdout


@pytest.mark.parametrize("state", ["queued", "sent"])
async def test_a_sender_with_messages_stays(state: str, channels: Typed, sender: str, database: Database) -> None:
    await message(database, sender, state)
    expects_refusal(await channels("remove", sender), "channels drain", "channels pause")
    assert len(await queues(database)) == 4


async def test_what_waits_and_what_is_used_up_today(channels: Typed, sender: str, database: Database) -> None:
    for urgency, state in (("safety", "sending"), ("duty", "queued"), ("duty", "queued"), ("duty", "sent")):
        await message(database, sender, state, urgency=urgency)
    async with database.session() as session, session.begin():
        used = await session.get_one(Sender, int(sender))
        used.used, used.used_on = 7, (NOON + timedelta(hours=8)).date()
    found = await only(channels)
    assert (found["used"], found["waiting"]) == (7, {"safety": 1, "duty": 2, "bulk": 0})
    printed = (await channels("list")).stdout
    assert printed.split()[-5:] == ["7/10", "0.05", "1", "2", "0"]
    await SteppedClock(database).set(datetime(2026, 11, 24, 16, 1, tzinfo=UTC))  # after midnight in Linxia
    assert (await only(channels))["used"] == 0


async def test_the_check_finds_nothing_wrong(channels: Typed, sender: str) -> None:
    done = await channels("check")
    assert done.exit_code == 0, done.output
    assert all(word in done.stdout for word in ("TWILIO_AUTH_TOKEN", f"{PUBLIC}/hooks/twilio_sms/main", "nothing is wrong", "1 checked, 0"))


async def test_the_check_finds_that_no_worker_sends(channels: Typed, sender: str, database: Database) -> None:
    """None runs, or it was started before the account's settings were there: everything else looks well, and nothing leaves."""
    await held_until(database, "2000-01-01")
    done = await channels("check")
    assert (done.exit_code, "[unheld: twilio_sms/main]" in done.stdout, "fanxiao worker" in done.stdout) == (1, True, True)
    assert await only(channels) | {"is_held": False} == await only(channels)


async def test_the_check_says_what_the_provider_says(channels: Typed, sender: str, twilio: FakeTwilio) -> None:
    twilio.holdings.numbers[0]["sms_url"] = "https://elsewhere.example"
    done = await channels("check", sender)
    assert (done.exit_code, "收信地址指向别处" in done.stdout, "[webhook_elsewhere" in done.stdout) == (1, True, True)
    twilio.holdings.numbers.clear()
    assert "没有号码 +15005550006" in (await channels("check", sender)).stdout
    twilio.token = "another"
    assert "account_refused" in (await channels("check", sender)).stdout


async def test_one_trouble_stops_no_other_check(
    channels: Typed, sender: str, twilio: FakeTwilio, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sender whose settings are gone, one that nobody answers for, one of a channel that is no more: the last is checked."""
    monkeypatch.setenv("TWILIO_ACCOUNT_SID__EAST", twilio.account)
    async with database.session() as session, session.begin():
        for channel, account, address in (("wecom", "main", "1"), ("twilio_sms", "east", OURS), ("pigeon", "main", "2")):
            session.add(Sender(channel=channel, account=account, address=address, rate_per_second=1))
        session.add(Sender(channel="simulator", account="main", address="1069", rate_per_second=1))  # left from training
    done = await channels("check")
    said = done.stdout
    assert (done.exit_code, "5 checked, 3 with troubles" in said, "nothing is wrong" in said) == (1, True, True)
    assert all(word in said for word in ("缺少环境变量：WECOM_CORP_ID", "TWILIO_AUTH_TOKEN__EAST", "[channel_unknown: pigeon]", "idle now"))


async def test_all_are_built_before_any_is_asked(channels: Typed, sender: str, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Importing one provider's client takes seconds, in which another's call would time out and be told as out of reach."""
    async with database.session() as session, session.begin():
        session.add(Sender(channel="twilio_voice", account="main", address=OURS, rate_per_second=1))
    await held_until(database, "2100-01-01")
    order, build = [], channels_check.build_channel

    def built(channel: str, *more: Any) -> Any:
        order.append("built")
        return build(channel, *more)

    async def asked(*_: object) -> list[Trouble]:
        order.append("asked")
        return []

    monkeypatch.setattr(channels_check, "build_channel", built)
    for provider in ("sms.TwilioSms", "voice.TwilioVoice"):
        monkeypatch.setattr(f"bot.channels.twilio_{provider}.check", asked)
    assert (await channels("check")).exit_code == 0
    assert order == ["built", "built", "asked", "asked"]


async def test_the_check_tells_of_state_and_public_url(
    channels: Typed, sender: str, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FANXIAO_PUBLIC_URL")
    async with database.session() as session, session.begin():
        stopped = await session.get_one(Sender, int(sender))
        stopped.state, stopped.stopped_reason = "stopped", "20003"
    said = (await channels("check")).stdout
    assert (said.count("[public_url_missing]"), "因账户出错已停用（20003）" in said) == (1, True)
    assert (await channels("pause", sender)).exit_code == 0
    assert "已由人暂停" in (await channels("check")).stdout


async def test_a_provider_that_does_not_answer_is_given_up(channels: Typed, sender: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: object) -> list[object]:
        await asyncio.sleep(30)
        return []

    monkeypatch.setattr("bot.channels.twilio_sms.TwilioSms.check", never)
    monkeypatch.setattr(channels_check, "SECONDS", 0.1)
    async with asyncio.timeout(2):
        done = await channels("check")
    assert (done.exit_code, "[no_answer: 0.1]" in done.stdout) == (1, True)


async def test_a_fault_of_the_channel_is_told_as_one(channels: Typed, sender: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.channels.twilio_sms.TwilioSms.check", lambda *_: {}["missing"])
    done = await channels("check")
    assert (done.exit_code, "[failed: KeyError]" in done.stdout, "Traceback" in done.output) == (1, True, False)


async def test_nothing_to_check(channels: Typed) -> None:
    expects_refusal(await channels("check"), "channels add", "no such sender")
    expects_refusal(await channels("check", "7"), "没有这个发送号码", "no such sender")


async def test_in_training_no_provider_is_asked(channels: Typed, sender: str, twilio: FakeTwilio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FANXIAO_SIMULATOR", "1")
    twilio.token = "another"
    done = await channels("check")
    assert (done.exit_code, "[training]" in done.stdout, "account_refused" in done.stdout) == (1, True, False)


def test_every_trouble_has_its_sentence() -> None:
    """Of the kinds that stand in the channels' text."""
    kinds = set()
    for path in [*(ROOT / "bot" / "channels").glob("*.py"), *Path(channels_check.__file__).parent.glob("channels_*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Trouble":
                kinds |= {str(node.args[0].value)} if isinstance(node.args[0], ast.Constant) else set()
    assert {"address_not_a_bot", "own_unknown"} <= kinds
    assert {f"check.{kind}" for kind in kinds | set(channels_check.STATE_TROUBLES)} - load_catalogue().phrases.keys() == set()


async def days(database: Database, sender: str, other: int) -> None:
    """Two local days, two senders, and a message of the day before."""
    morning = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)  # half past midnight on the 24th in Linxia
    later = {"cost": "0.05", "sent_at": NOON}
    await message(database, sender, "delivered", queued_at=morning, parts=2, delivered_at=NOON + timedelta(seconds=4), **later)
    await message(database, sender, "answered", delivered_at=NOON + timedelta(seconds=10), **later)
    await message(database, sender, "sent", **later)
    await message(database, sender, "queued")
    for failure in ("30003", "30003", "expired", "no_longer_true"):
        await message(database, sender, "failed", failure=failure)
    await message(database, str(other), "delivered", delivered_at=NOON + timedelta(seconds=60), sent_at=NOON)
    await message(database, sender, "sent", queued_at=morning - timedelta(hours=1), **later)
    await message(database, sender, "sent", queued_at=NOON - timedelta(days=30), **later)


@pytest.fixture
async def told(channels: Typed, sender: str, database: Database) -> str:
    async with database.session() as session, session.begin():
        other = Sender(channel="twilio_sms", account="main", address="+15005550007", rate_per_second=1)
        session.add(other)
        await session.flush()
    await days(database, sender, other.id)
    return sender


async def test_the_report_counts_by_sender_and_local_day(channels: Typed, told: str) -> None:
    found = json.loads((await channels("report", "--json")).stdout)
    assert (found["from"], found["to"]) == ("2026-11-18", "2026-11-24")
    assert [(row["day"], row["address"], row["messages"]) for row in found["rows"]] == [
        ("2026-11-23", OURS, 1), ("2026-11-24", OURS, 8), ("2026-11-24", "+15005550007", 1),
    ]  # fmt: skip
    today = found["rows"][1]
    counts = {name: today[name] for name in ("parts", "queued", "sent", "delivered", "answered", "failed", "expired")}
    assert counts == {"parts": 9, "queued": 1, "sent": 1, "delivered": 1, "answered": 1, "failed": 3, "expired": 1}
    assert sum(counts.values()) - counts["parts"] == today["messages"]
    assert (today["failures"], today["cost"], today["median_seconds"]) == ({"30003": 2, "no_longer_true": 1}, "0.1500", 7)
    total = found["total"]
    assert (total["messages"], total["sent"], total["cost"], total["median_seconds"]) == (10, 2, "0.2000", 10)
    assert (total["failures"], total["sender_id"], total["day"]) == ({"30003": 2, "no_longer_true": 1}, None, None)


async def test_the_report_of_chosen_days_is_printed_and_written(channels: Typed, told: str, tmp_path: Path) -> None:
    printed = (await channels("report", "--from", "2026-11-24", "--to", "2026-11-24")).stdout
    assert all(word in printed for word in ("合计 total", "30003 2, no_longer_true 1", "0.1500", "2026-11-24"))
    assert "2026-11-23" not in printed
    file = tmp_path / "report.csv"
    assert (await channels("report", "--csv", str(file))).exit_code == 0
    assert file.read_bytes().startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(file.read_text(encoding="utf-8-sig").splitlines()))
    assert [row["day"] for row in rows] == ["2026-11-23", "2026-11-24", "2026-11-24", "合计 total"]
    assert (rows[1]["failures"], rows[3]["messages"]) == ("30003 2, no_longer_true 1", "10")


async def test_a_report_of_nothing_and_of_a_wrong_time(channels: Typed, tmp_path: Path) -> None:
    found = json.loads((await channels("report", "--json")).stdout)
    assert (found["rows"], found["total"]["messages"], found["total"]["cost"]) == ([], 0, None)
    expects_refusal(await channels("report", "--from", "2026-11-25", "--to", "2026-11-24"), "晚于", "lies after")
    expects_refusal(await channels("report", "--csv", str(tmp_path / "no" / "file.csv")), "无法写入", "cannot be written")


async def sent(database: Database) -> Message:
    async with database.session() as session:
        return (await session.scalars(select(Message))).one()


async def test_a_test_message_is_sent_counted_and_kept(
    channels: Typed, sender: str, twilio: FakeTwilio, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FANXIAO_PUBLIC_URL")
    done = await channels("send", sender, "138 0000 0001", answer="y\n")
    assert done.exit_code == 0, done.output
    (body,) = twilio.sent_to(PHONE)
    assert "通道测试" in body
    assert all(
        word in done.stdout for word in (PHONE, body, "服务商已接收", "has accepted it", twilio.messages[0]["sid"], "no word of delivery")
    )
    found = await only(channels)
    assert (found["used"], sum(found["waiting"].values())) == (1, 0)
    message = await sent(database)
    assert (message.state, message.provider_id, str(message.cost)) == ("sent", twilio.messages[0]["sid"], "0.0500")
    assert (await events(database))[-1] == ("sender_tested", "operator")
    expects_refusal(await channels("remove", sender), "不能删除", "channels drain")
    assert json.loads((await channels("report", "--json")).stdout)["total"]["sent"] == 1


async def test_words_of_ones_own_and_the_word_of_delivery(channels: Typed, sender: str, twilio: FakeTwilio, database: Database) -> None:
    async def report() -> None:
        await twilio.first.wait()
        async with database.session() as session, session.begin():
            report = {
                "channel": "twilio_sms",
                "provider_id": twilio.messages[0]["sid"],
                "status": "delivered",
                "received_at": datetime.now(UTC),
            }
            await bring(session, reports=[report])

    done, _ = await asyncio.gather(channels("send", sender, PHONE, "--text", " 你好 ", "--yes"), report())
    assert (done.exit_code, "已送达 / report: delivered" in done.stdout) == (0, True)
    assert twilio.sent_to(PHONE) == ["你好"]
    assert twilio.callbacks[twilio.messages[0]["sid"]] == f"{PUBLIC}/hooks/twilio_sms/main/status"


async def test_a_message_that_is_reported_as_failed(channels: Typed, sender: str, twilio: FakeTwilio, database: Database) -> None:
    async def report() -> None:
        await twilio.first.wait()
        async with database.session() as session, session.begin():
            report = {"channel": "twilio_sms", "provider_id": twilio.messages[0]["sid"], "status": "failed", "code": "30003"}
            await bring(session, reports=[report | {"received_at": datetime.now(UTC)}])

    done, _ = await asyncio.gather(channels("send", sender, PHONE, "--yes"), report())
    assert (done.exit_code, "not delivered [30003]" in done.stdout) == (1, True)


async def test_nothing_is_sent_without_a_yes(channels: Typed, sender: str, twilio: FakeTwilio, database: Database) -> None:
    done = await channels("send", sender, PHONE, answer="n\n")
    assert (done.exit_code, "Nothing was sent" in done.stderr, twilio.messages) == (1, True, [])
    assert [action for action, _ in await events(database)] == ["sender_added"]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Refuse(400, 21211), "does not exist or cannot be reached [21211]"),
        (Refuse(400, 21610), "refuses it [21610]"),
        (Refuse(401, 20003), "run `fanxiao channels check` [20003]"),
        (Refuse(429, 20429), "try again later [20429]"),
        (Drop(accepted=True), "it may have been sent [no_answer]"),
    ],
)
async def test_what_the_provider_answers_is_told(
    fault: Fault, words: str, channels: Typed, sender: str, twilio: FakeTwilio, database: Database
) -> None:
    twilio.next.append(fault)
    done = await channels("send", sender, PHONE, "--yes")
    assert (done.exit_code, words in done.stdout, "Traceback" in done.output) == (1, True, False)
    assert ((await sent(database)).state, (await only(channels))["state"]) == ("failed", "open")


@pytest.mark.parametrize(
    ("words", "chinese", "english"),
    [
        (("ID", "1234"), "不是电话号码", "no phone number"),
        (("ID", "somebody"), "不是电话号码", "no phone number"),
        (("ID", PHONE, "--text", " "), "--text 不能为空", "must not be empty"),
        (("ID", PHONE, "--text", "长" * 1601), "内容太长", "at most 1600"),
        (("ID", PHONE, "--template", "absence_question"), "只用于只发登记模板", "registered templates only"),
        (("999", PHONE), "没有编号为 999", "no sender 999"),
    ],
)
async def test_what_cannot_be_sent(
    words: tuple[str, ...], chinese: str, english: str, channels: Typed, sender: str, twilio: FakeTwilio, database: Database
) -> None:
    expects_refusal(await channels("send", *(word.replace("ID", sender) for word in words), "--yes"), chinese, english)
    assert (twilio.messages, (await only(channels))["used"], len(await events(database))) == ([], 0, 1)


async def test_cap_hours_and_refusals_hold_for_a_test_too(
    channels: Typed, sender: str, twilio: FakeTwilio, database: Database, cipher: Cipher
) -> None:
    await channels("set", sender, "--hours", "08:00-11:59")
    expects_refusal(await channels("send", sender, PHONE, "--yes"), "发送时段 08:00-11:59", "outside this sender's hours")
    await channels("set", sender, "--hours", "none", "--cap", "1")
    async with database.session() as session, session.begin():
        session.add(Contact(kind="phone", address_encrypted=cipher.encrypt(PHONE), address_index=cipher.index(PHONE), state="blocked"))
    expects_refusal(await channels("send", sender, PHONE, "--yes"), "已拒收", "has refused our messages")
    twilio.next.append(Refuse(429, 20429))
    assert (await channels("send", sender, "+8613800000002", "--yes")).exit_code == 1
    expects_refusal(await channels("send", sender, "+8613800000003", "--yes"), "上限 1 已经用完", "cap of 1 is used up")
    assert twilio.messages == []


async def test_hours_may_reach_over_midnight(channels: Typed, sender: str, twilio: FakeTwilio, database: Database) -> None:
    async with database.session() as session, session.begin():
        found = await session.get_one(Sender, int(sender))
        found.hours_from, found.hours_until = time(21), time(13)
    await channels("send", sender, PHONE, "--yes")
    assert len(twilio.messages) == 1


async def test_a_channel_without_settings_or_in_training_sends_nothing(
    channels: Typed, sender: str, twilio: FakeTwilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FANXIAO_SIMULATOR", "1")
    expects_refusal(await channels("send", sender, PHONE, "--yes"), "培训模式", "stands idle")
    monkeypatch.delenv("FANXIAO_SIMULATOR")
    monkeypatch.delenv("TWILIO_AUTH_TOKEN")
    expects_refusal(await channels("send", sender, PHONE, "--yes"), "TWILIO_AUTH_TOKEN", "lacks in the environment")
    assert twilio.messages == []


async def test_the_simulated_phones_in_training(channels: Typed, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FANXIAO_SIMULATOR", "1")
    assert (await channels("add", "simulator_voice", "1069000000", "--rate", "5")).exit_code == 0
    sender_id = str((await only(channels))["id"])
    await held_until(database, "2100-01-01")
    assert (await channels("check")).exit_code == 0
    done = await channels("send", sender_id, PHONE, "--yes")
    assert (done.exit_code, "report: delivered" in done.stdout) == (0, True), done.output
    message = await sent(database)
    assert (message.state, message.cost, message.body.startswith("教育局：")) == ("delivered", None, True)


async def test_a_channel_with_registered_templates_says_which(
    channels: Typed, sender: str, twilio: FakeTwilio, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FANXIAO_PUBLIC_URL")
    registered = replace(TwilioSms.capabilities, templates=frozenset({"absence_question", "not_ours"}), counts="parts")
    monkeypatch.setattr(TwilioSms, "capabilities", registered)
    expects_refusal(await channels("send", sender, PHONE, "--text", "你好", "--yes"), "登记过的模板", "leave --text out")
    expects_refusal(
        await channels("send", sender, PHONE, "--template", "promise_reminder", "--yes"), "已登记的有：absence_question", "Registered are"
    )
    done = await channels("send", sender, PHONE, "--template", "absence_question", "--yes")
    assert (done.exit_code, "registered template: absence_question" in done.stdout) == (0, True), done.output
    assert f"signed on the phone: 【{OURS}】" in done.stdout  # the provider signs with the sender's address, whatever our text says
    message = await sent(database)
    assert (message.template, bool(message.values), twilio.sent_to(PHONE)) == ("absence_question", True, [message.body])
    assert (await only(channels))["used"] == message.parts > 1


@pytest.fixture
async def family(county: County, channels: Typed) -> County:
    """A mother and a father who share a phone, a grandmother with her own."""
    await county.begin("2026-11-24 13:00", roles=())
    await county.person("mother", "马母")
    await county.person("father", "马父", phone="mother")
    await county.person("grandmother", "韩奶奶")
    return county


async def test_a_code_makes_a_chat_somebodys_own(channels: Typed, family: County, database: Database, cipher: Cipher) -> None:
    async with database.session() as session, session.begin():
        session.add(Sender(channel="telegram", account="main", address="@county_bot", rate_per_second=25))
    person_id, number = family.people["grandmother"], family.phones["grandmother"].number
    codes = []
    for who in (str(person_id), number, number.removeprefix("+86")):
        done = await channels("link", who)
        assert (done.exit_code, "韩奶奶" in done.stdout) == (0, False), done.output
        codes.append(done.stdout.splitlines()[1])
        assert done.stdout.splitlines()[2] == f"https://t.me/county_bot?start={codes[-1]}"
    async with working(database, NOON + timedelta(days=1)) as work:
        chat = Contact(kind="telegram", address_encrypted=b"t", address_index=b"t")
        work.session.add(chat)
        await work.session.flush()
        assert await link_by_code(work, cipher, codes[0], chat) is None  # a newer one ends it
        linked = await link_by_code(work, cipher, codes[-1], chat)
        assert linked is not None
        assert linked.id == person_id


async def test_a_code_for_nobody_or_for_several(channels: Typed, family: County) -> None:
    both = f"{family.people['mother']}, {family.people['father']}"
    expects_refusal(await channels("link", family.phones["mother"].number), both, "Several persons share")
    for who in ("999999", "+8613900009999", "somebody"):
        expects_refusal(await channels("link", who), "没有找到", "neither a person's id nor")


MP3 = b"\xff\xfb\x90\x00" + bytes(100)
WAV = b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(100)


async def test_a_recording_is_kept_and_replaced(channels: Typed, family: County, database: Database, tmp_path: Path) -> None:
    assert "no recording in it yet" in (await channels("language", str(family.people["grandmother"]), "东乡语")).stderr
    for content, media_type in ((MP3, "audio/mpeg"), (b"ID3" + MP3, "audio/mpeg"), (WAV, "audio/wav")):
        file = tmp_path / "recording"
        file.write_bytes(content)
        done = await channels("record", "absence_call", str(file), "--area", "622926", "--language", "东乡语")
        assert (done.exit_code, "有1人" in done.stdout) == (0, True), done.output
        async with database.session() as session:
            kept = (await session.scalars(select(Recording))).one()
            assert (kept.content, kept.media_type, kept.area_code, kept.language) == (content, media_type, "622926", "东乡语")
    assert [action for action, _ in await events(database)].count("recording_stored") == 3
    assert (await channels("language", str(family.people["mother"]), "东乡语")).stderr == ""


@pytest.mark.parametrize(
    ("words", "content", "chinese", "english"),
    [
        (("absence_call", "--area", "622926"), b"%PDF-1.7", "不是 mp3 或 wav", "neither an mp3"),
        (("absence_call", "--area", "622926"), b"", "不是 mp3 或 wav", "neither an mp3"),
        (("absence_call", "--area", "622926"), b"\xff\xf1" + bytes(9), "不是 mp3 或 wav", "neither an mp3"),  # AAC
        (("absence_call", "--area", "622926"), MP3 + bytes(2 * 1024 * 1024), "太大", "at most 2 MB"),
        (("absence_call", "--area", "999999"), MP3, "没有这个区划代码", "no such area code"),
        (("nonsense", "--area", "622926"), MP3, "没有消息模板", "no message template"),
        (("absence_call", "--area", "622926", "--language", " "), MP3, "语言名不对", "no name of a language"),
    ],
)
async def test_a_recording_that_cannot_be_kept(
    words: tuple[str, ...], content: bytes, chinese: str, english: str, channels: Typed, family: County, database: Database, tmp_path: Path
) -> None:
    file = tmp_path / "recording.mp3"
    file.write_bytes(content)
    expects_refusal(await channels("record", words[0], str(file), "--language", "东乡语", *words[1:]), chinese, english)
    async with database.session() as session:
        assert (await session.scalars(select(Recording))).all() == []


async def test_the_language_of_a_home(channels: Typed, family: County, database: Database) -> None:
    person_id = family.people["mother"]
    for given, kept in (("东乡语", "东乡语"), ("东乡语", "东乡语"), ("none", None)):
        assert (await channels("language", str(person_id), given)).exit_code == 0
        async with database.session() as session:
            assert (await session.get_one(Person, person_id)).language == kept
    assert [action for action, _ in await events(database)].count("language_set") == 2
    expects_refusal(await channels("language", "999999", "东乡语"), "没有编号为 999999", "no person 999999")
    expects_refusal(await channels("language", str(person_id), "长" * 31), "语言名不对", "at most 30")
