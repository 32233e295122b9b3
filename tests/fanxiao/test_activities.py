"""Activities offline: told by message with a photograph, or by command; counted against what each school and township planned."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from python_calamine import CalamineWorkbook
from sqlalchemy import select, update
from typer.testing import CliRunner

from bot.channels.base import Channel, Request
from bot.channels.registry import build_channel
from bot.channels.telegram import Telegram
from bot.inbox.receive import store
from cases.linking import new_code
from fanxiao.cli import app
from scheduler.ticks import run_daily
from storage.tables import Activity, Event, Inbound, Photo
from storage.work import working
from tests.fakes.telegram import FakeTelegram
from tests.fanxiao.conftest import Terminal
from tests.fanxiao.rows import rows
from tests.stories import county as counties
from tests.stories.county import County

Typed = Callable[..., Awaitable[Result]]
CHAT = "5000000001"
JPEG = b"\xff\xd8\xff" + b"photo" * 200
SCHOOL = "2162000001"


@pytest.fixture
def typed(terminal: Terminal) -> Typed:
    """Any command, on the county's database and by its clock."""
    assert terminal

    async def type_in(*words: str) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, app, ["activities", *words])

    return type_in


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "poster.jpg"
    path.write_bytes(JPEG)
    return path


class Chat:
    """The principal's Telegram."""

    def __init__(self, county: County, telegram: FakeTelegram, channel: Channel) -> None:
        self.county, self.telegram, self.channel = county, telegram, channel

    async def brings(self, update: dict[str, Any]) -> str:
        """What is answered to it."""
        heard = await self.channel.hear(Request("", body=json.dumps(update).encode()))
        await store(self.county.web, self.county.cipher, self.channel.capabilities, heard, await self.county.stage.now())
        await self.county.stage.settle()
        return self.telegram.sent_to(CHAT)[-1]


@pytest.fixture
async def chat(county: County, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Chat]:
    async with FakeTelegram() as telegram:
        channel = Telegram(telegram.token, telegram.base)
        monkeypatch.setattr(counties, "build_channel", lambda name, *rest: channel if name == "telegram" else build_channel(name, *rest))
        await county.begin("2026-11-02 10:00", channels=("simulator", "telegram"))
        async with working(county.database, await county.stage.now()) as work:
            code = await new_code(work, county.people["principal"], county.cipher)
        found = Chat(county, telegram, channel)
        await found.brings(telegram.text(CHAT, f"/start {code}"))
        yield found
        await channel.close()


async def test_told_with_a_photograph_and_another_one_afterwards(chat: Chat, typed: Typed) -> None:
    assert (await typed("plan", "8", "--school", SCHOOL, "--by", "王校长")).exit_code == 0
    noted = await chat.brings(chat.telegram.photo(CHAT, JPEG, "活动 广播 10月12日 全校"))
    assert "已记下10月12日的广播（全校）" in noted
    assert "第1次，计划8次" in noted
    assert "照片已存入10月12日的广播" in await chat.brings(chat.telegram.photo(CHAT, JPEG))
    (activity,) = await rows(chat.county, select(Activity))
    assert (activity.kind, activity.place, activity.school_id) == ("broadcast", "全校", chat.county.school_id)
    photos = await rows(chat.county, select(Photo))
    assert [(photo.activity_id, photo.state) for photo in photos] == [(activity.id, "stored")] * 2
    assert photos[0].content_encrypted is not None
    assert JPEG[:20] not in photos[0].content_encrypted


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("活动 12月30日 广播 全校", "还没到日子"),
        ("活动 唱歌 10月12日", "请写明是哪种活动"),
        ("活动 广播 全校", "请写明是哪一天"),
        ("活动 广播 6月1日 全校", "日期太久"),
    ],
)
async def test_what_cannot_be_recorded_is_said_and_changes_nothing(county: County, said: str, why: str) -> None:
    await county.begin("2026-11-02 10:00")
    await county.phones["principal"].replies(said)
    await county.phones["principal"].expects("没办成", why)
    assert await rows(county, select(Activity)) == []


async def test_by_command_and_the_list_of_a_county(county: County, typed: Typed, picture: Path, tmp_path: Path) -> None:
    await county.begin("2026-11-02 10:00")
    with_photo = ("--on", "2026-10-20", "--place", "街道", "--photo", str(picture))
    assert (await typed("add", "海报", "--area", "622926100", "--by", "赵干事", *with_photo)).exit_code == 0
    await county.phones["village_committee"].replies("活动 大喇叭 昨天 村口")
    assert (await typed("plan", "3", "--area", "622926100", "--by", "赵干事")).exit_code == 0
    listed = {row["name"]: row for row in json.loads((await typed("list", "--area", "622926", "--json")).stdout)}
    township = listed["锁南镇"]
    assert (township["planned"], township["held"], township["pictured"], township["missing"]) == (3, 2, 1, 1)
    assert (listed["锁南镇中心小学"]["planned"], listed["锁南镇中心小学"]["held"]) == (None, 0)
    book = tmp_path / "activities.xlsx"
    assert (await typed("export", str(book), "--area", "622926")).exit_code == 0
    cells = CalamineWorkbook.from_path(book).get_sheet_by_index(0).to_python()
    assert ["锁南镇", "622926100", 3.0, 2.0, 1.0, 1.0] in [row[:6] for row in cells]


async def test_what_was_told_by_mistake_is_taken_back_and_counts_no_more(county: County, typed: Typed) -> None:
    await county.begin("2026-11-02 10:00")
    phone = county.phones["principal"]
    await phone.replies("活动 广播 10月12日 全校")
    await phone.expects("第1次")
    await phone.replies("活动 撤回")
    await phone.expects("已撤回", "广播（全校）", "不再计数")
    await phone.replies("活动 撤回")
    await phone.expects("没办成", "没有您登记的活动")
    await phone.replies("活动 广播 10月13日 全校")
    await phone.expects("第1次")
    last = (await rows(county, select(Activity).order_by(Activity.id.desc())))[0]
    assert "2026-10-13" in (await typed("held", "--area", "622926")).stdout
    refused = await typed("withdraw", str(last.id), "--by", "李局长")
    assert (refused.exit_code, "不能登记" in refused.stderr) == (1, True), refused.output
    assert (await typed("withdraw", str(last.id), "--by", "王校长")).exit_code == 0
    assert "已撤回" in (await typed("withdraw", str(last.id), "--by", "王校长")).stderr
    assert "2026-10-13" not in (await typed("held", "--area", "622926")).stdout


async def test_photographs_end_years_after_the_activity_which_stays_counted(
    county: County, typed: Typed, terminal: Terminal, picture: Path
) -> None:
    await county.begin("2026-11-02 10:00")
    told = ("--area", "622926100", "--by", "赵干事", "--place", "街道", "--photo", str(picture), "--on")
    for day in ("2026-10-20", "2026-10-21"):
        assert (await typed("add", "海报", *told, day)).exit_code == 0
    old, young = await rows(county, select(Activity).order_by(Activity.id))
    await _held(county, {old.id: date(2023, 11, 2), young.id: date(2023, 11, 4)})

    assert "到期可删除：线下活动照片 1 张" in (await terminal("retention")).stdout
    assert [photo.state for photo in await rows(county, select(Photo))] == ["stored", "stored"]  # shown, nothing done
    assert "1 photographs of activities" in (await terminal("retention", "--now")).stdout
    gone, kept = await rows(county, select(Photo).order_by(Photo.id))
    assert (gone.state, gone.content_encrypted, kept.state) == ("removed", None, "stored")
    assert "线下活动照片 0 张" in (await terminal("retention")).stdout
    (township,) = [
        row for row in json.loads((await typed("list", "--area", "622926100", "--year", "2023", "--json")).stdout) if row["held"]
    ]
    assert (township["held"], township["pictured"]) == (2, 2)

    night = datetime(2026, 11, 3, 19, 31, tzinfo=UTC)  # 03:31 of the 4th
    for _ in range(2):
        await run_daily(county.database, night)
    assert [photo.content_encrypted for photo in await rows(county, select(Photo))] == [None, None]
    assert len(await rows(county, select(Event).where(Event.action == "activity_photos_removed"))) == 2


async def test_a_photograph_from_a_chat_cannot_be_had_there_again(chat: Chat, terminal: Terminal) -> None:
    await chat.brings(chat.telegram.photo(CHAT, JPEG, "活动 广播 10月12日 全校"))
    (activity,) = await rows(chat.county, select(Activity))
    await _held(chat.county, {activity.id: date(2023, 10, 12)})
    assert (await terminal("retention", "--now")).exit_code == 0
    assert await rows(chat.county, select(Inbound.photo).where(Inbound.photo.is_not(None))) == []


async def _held(county: County, days: Mapping[int, date]) -> None:
    """As if these had been held on other days."""
    async with county.database.session() as session, session.begin():
        for activity_id, day in days.items():
            await session.execute(update(Activity).where(Activity.id == activity_id).values(held_on=day))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("唱歌", "--school", SCHOOL, "--by", "王校长", "--on", "2026-10-20", "--place", "操场"), "请写明是哪种活动"),
        (("广播", "--school", SCHOOL, "--by", "李局长", "--on", "2026-10-20", "--place", "操场"), "不能登记"),
        (("广播", "--school", SCHOOL, "--by", "王校长", "--on", "10月20日", "--place", "操场"), "日期要写成"),
        (("广播", "--school", "1", "--by", "王校长", "--on", "2026-10-20", "--place", "操场"), "没有这个代码"),
    ],
)
async def test_a_command_that_cannot_be_is_refused(county: County, typed: Typed, words: tuple[str, ...], said: str) -> None:
    await county.begin("2026-11-02 10:00")
    refused = await typed("add", *words)
    assert (refused.exit_code, said in refused.stderr) == (1, True), refused.output
    assert await rows(county, select(Activity)) == []
