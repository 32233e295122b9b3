"""Aliyun SMS over real HTTP, against a fake of its API; the file of template codes; what an officer hands in."""

from __future__ import annotations

import csv
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import ClientSession
from sqlalchemy import select
from typer.testing import CliRunner

from bot.channels.aliyun_client import Refused
from bot.channels.aliyun_sms import AliyunSms
from bot.channels.aliyun_templates import Entry, approved, entries, texts_of_ours, written
from bot.channels.base import MalformedCall, Outcome, Outgoing, Request, Result, Trouble
from bot.channels.registry import accounts, build_channels, close_channels
from bot.rendering.frames import frames
from fanxiao.cli import app
from fanxiao.engine import load_catalogue
from plan.yaml_text import read_yaml
from storage.database import Database
from storage.faults import StartFault
from storage.tables import DeliveryStatus
from tests.bot.channels.rig_aliyun import KEYS, AliyunSmsRig
from tests.bot.hooked import hooked
from tests.bot.world import World
from tests.fakes.aliyun import Refuse

BODY = "【教育局】小龙今天在锁南小学上课了"
TEXT = "${p1}今天在${p2}上课了"
VALUES = {"p1": "小龙", "p2": "锁南小学"}
NOT_OURS = Outcome(Result.UNSAYABLE, code="not_as_registered")
NOON = datetime(2020, 1, 1, 4, tzinfo=UTC)


@pytest.fixture
async def rig() -> AsyncIterator[AliyunSmsRig]:
    async with AliyunSmsRig.open() as opened:
        opened.entries["arrived"] = Entry("SMS_77", TEXT)
        opened.aliyun.approve("SMS_77", TEXT)
        yield opened


def message(rig: AliyunSmsRig, **changes: Any) -> Outgoing:
    return replace(Outgoing(7, rig.contact, rig.address, BODY, rig.hooks, template="arrived", values=VALUES), **changes)


async def test_a_message_is_a_code_and_values(rig: AliyunSmsRig) -> None:
    outcome = await rig.channel.send(message(rig))
    assert (outcome.result, outcome.status) == (Result.ACCEPTED, None)
    (sent,) = rig.aliyun.sent
    assert (sent["Content"], sent["PhoneNum"], sent["TemplateCode"], sent["ExtendCode"]) == (BODY, "13800000001", "SMS_77", None)
    assert outcome.provider_id == sent["OutId"]
    assert sent["OutId"].startswith("7-")


async def test_the_extension_code_goes_along(rig: AliyunSmsRig) -> None:
    channel = AliyunSms(rig.aliyun.key, rig.entries, KEYS, rig.aliyun.base, extend_code="90")
    await channel.send(message(rig))
    await channel.close()
    assert rig.aliyun.sent[0]["ExtendCode"] == "90"


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"to": "+85298765432"}, Outcome(Result.NO_ROUTE, code="not_mainland")),
        ({"to": "+869307123456"}, Outcome(Result.NO_ROUTE, code="not_mainland")),
        ({"template": "unknown"}, NOT_OURS),
        ({"template": "", "values": {}}, NOT_OURS),
        ({"values": {"p1": "小龙"}}, NOT_OURS),
        ({"values": {**VALUES, "p1": "小虎"}}, NOT_OURS),
    ],
)
async def test_what_would_not_be_our_words_is_not_sent(rig: AliyunSmsRig, changes: dict[str, Any], outcome: Outcome) -> None:
    assert await rig.channel.send(message(rig, **changes)) == outcome
    assert rig.aliyun.sent == []


@pytest.mark.parametrize(
    ("fault", "result", "seconds"),
    [
        (Refuse("isv.BUSINESS_LIMIT_CONTROL", words="触发分钟级流控Permits:1"), Result.RETRY, 60),
        (Refuse("isv.BUSINESS_LIMIT_CONTROL", words="触发小时级流控Permits:5"), Result.RETRY, 3600),
        (Refuse("isv.BUSINESS_LIMIT_CONTROL", words="触发天级流控Permits:10"), Result.RETRY, 6 * 3600),
        (Refuse("isv.BUSINESS_LIMIT_CONTROL"), Result.RETRY, 3600),
        (Refuse("isv.DAY_LIMIT_CONTROL"), Result.RETRY, 3600),
        (Refuse("isp.SYSTEM_ERROR"), Result.RETRY, None),
        (Refuse("isv.NEVER_SEEN"), Result.RETRY, None),
        (Refuse("isv.MONTH_LIMIT_CONTROL"), Result.OUR_FAULT, None),
        (Refuse("isp.RAM_PERMISSION_DENY"), Result.OUR_FAULT, None),
        (Refuse("isv.OUT_OF_SERVICE"), Result.OUR_FAULT, None),
        (Refuse("isv.AMOUNT_NOT_ENOUGH"), Result.OUR_FAULT, None),
        (Refuse("isv.SMS_SIGNATURE_ILLEGAL"), Result.OUR_FAULT, None),
        (Refuse("isv.SMS_TEMPLATE_ILLEGAL"), Result.UNSAYABLE, None),
        (Refuse("isv.TEMPLATE_MISSING_PARAMETERS"), Result.UNSAYABLE, None),
        (Refuse("isv.TEMPLATE_PARAMS_ILLEGAL"), Result.UNSAYABLE, None),
        (Refuse("isv.PARAM_LENGTH_LIMIT"), Result.UNSAYABLE, None),
        (Refuse("isv.UNSUPPORTED_CONTENT"), Result.UNSAYABLE, None),
        (Refuse("isv.BLACK_KEY_CONTROL_LIMIT"), Result.NO_ROUTE, None),
        (Refuse("NoPermission", 403), Result.OUR_FAULT, None),
        (Refuse("Throttling", 400), Result.RETRY, None),
        (Refuse("Throttling.Api", 503, retry_after=1500), Result.RETRY, 1.5),
        (Refuse("", 429), Result.RETRY, None),
        (Refuse("", 502), Result.UNKNOWN, None),
        (Refuse("", 503), Result.RETRY, None),
        (Refuse("", 504), Result.UNKNOWN, None),
    ],
)
async def test_what_a_refusal_means(rig: AliyunSmsRig, fault: Refuse, result: Result, seconds: float | None) -> None:
    rig.aliyun.next.append(fault)
    outcome = await rig.channel.send(message(rig))
    assert (outcome.result, outcome.code, outcome.retry_after) == (result, fault.code or str(fault.status), seconds)


async def test_a_wrong_secret_is_our_fault(rig: AliyunSmsRig) -> None:
    channel = AliyunSms((rig.aliyun.key[0], "wrong"), rig.entries, KEYS, rig.aliyun.base)
    outcome = await channel.send(message(rig))
    await channel.close()
    assert (outcome.result, outcome.code) == (Result.OUR_FAULT, "SignatureDoesNotMatch")


async def test_what_an_error_says_holds_nothing_personal(rig: AliyunSmsRig) -> None:
    rig.aliyun.refuses_all = Refuse("isp.SYSTEM_ERROR", words="13800000001")
    with pytest.raises(Refused) as caught:
        await rig.channel.find(message(rig), NOON)
    assert str(caught.value) == "isp.SYSTEM_ERROR"


async def test_found_behind_many_others_and_after_midnight(rig: AliyunSmsRig) -> None:
    rig.aliyun.now = datetime(2020, 1, 1, 23, 59, 58)
    ids = {number: (await rig.channel.send(message(rig, message_id=number))).provider_id for number in range(7, 67)}
    before = datetime(2020, 1, 1, 15, 55, tzinfo=UTC)  # 23:55 in Beijing
    for number in (7, 8, 66):
        assert await rig.channel.find(message(rig, message_id=number), before) == [ids[number]]
    assert await rig.channel.find(message(rig, message_id=67), before) == []
    assert await rig.channel.find(message(rig), before + timedelta(days=2)) == []
    assert await rig.channel.find(message(rig, to="+85298765432"), before) == []


async def test_reports_come_many_at_once_and_bear_their_time(rig: AliyunSmsRig) -> None:
    first, second = [(await rig.channel.send(message(rig, message_id=number))).provider_id or "" for number in (7, 8)]
    rows = json.loads(rig.aliyun.report(first)) + json.loads(rig.aliyun.report(second, "USER_REJECT"))
    heard = await rig.channel.hear(rig.push("report", json.dumps(rows).encode()))
    assert [(row.provider_id, row.status, row.code) for row in heard.statuses] == [
        (first, "delivered", None),
        (second, "failed", "USER_REJECT"),
    ]
    assert heard.statuses[0].at == datetime(2020, 1, 1, 0, 0, 3, tzinfo=UTC)
    assert rig.channel.capabilities.failures["USER_REJECT"] is Result.BLOCKED
    of_words = ("CONTENT_KEYWORD", "NO_ROUTE", "isv.UNSUPPORTED_CONTENT")
    assert {rig.channel.capabilities.failures[code] for code in of_words} == {Result.UNSAYABLE}
    assert (json.loads(heard.answer.body), heard.answer.status) == ({"code": 0, "msg": "成功"}, 200)


async def test_hundreds_of_reports_in_one_call_are_taken(rig: AliyunSmsRig, world: World, web: Database) -> None:
    """As after a campaign: Aliyun does not say how many it brings at once, and gives up after three refusals."""
    await rig.channel.send(message(rig))
    (row,) = json.loads(rig.aliyun.report(rig.aliyun.sent[0]["OutId"]))
    rows = [row | {"out_id": KEYS.own_id(number)} for number in range(600)]
    world.channels = {("aliyun_sms", "main"): rig.channel}
    async with hooked(world, web):
        url = KEYS.callbacks(f"{world.public_url}/hooks/aliyun_sms/main")["report"]
        async with ClientSession() as aliyun, aliyun.post(url, json=rows) as answer:
            assert answer.status == 200
    assert len({report.provider_id for report in await world.all(select(DeliveryStatus))}) == 600


@pytest.mark.parametrize("out_id", ["7", "7-000000000000", "", None, "订单7", "-", "²-1"])
async def test_reports_on_what_others_send_from_the_account_are_none_of_ours(rig: AliyunSmsRig, out_id: str | None) -> None:
    await rig.channel.send(message(rig))
    (row,) = json.loads(rig.aliyun.report(rig.aliyun.sent[0]["OutId"]))
    heard = await rig.channel.hear(rig.push("report", json.dumps([row | {"out_id": out_id}]).encode()))
    assert (heard.statuses, json.loads(heard.answer.body)["code"]) == ((), 0)


@pytest.mark.parametrize(
    "body",
    [
        b'[{"phone_number": "13800000001"}]',
        b'[{"phone_number": "", "sequence_id": 1}]',
        b'{"phone_number": "13800000001", "sequence_id": 1}',
        b"[1]",
        b"[null]",
    ],
)
async def test_replies_that_do_not_read_as_documented(rig: AliyunSmsRig, body: bytes) -> None:
    with pytest.raises(MalformedCall) as caught:
        await rig.channel.hear(rig.push("inbound", body))
    assert "13800000001" not in str(caught.value)


@pytest.mark.parametrize("change", [{"report_time": "yesterday"}, {"report_time": None}, {"success": ...}])
async def test_reports_that_do_not_read_as_documented(rig: AliyunSmsRig, change: dict[str, Any]) -> None:
    await rig.channel.send(message(rig))
    (row,) = json.loads(rig.aliyun.report(rig.aliyun.sent[0]["OutId"]))
    row = {name: value for name, value in (row | change).items() if value is not ...}
    with pytest.raises(MalformedCall):
        await rig.channel.hear(rig.push("report", json.dumps([row]).encode()))


async def test_an_odd_reply_keeps_no_other_out(rig: AliyunSmsRig, capsys: pytest.CaptureFixture[str]) -> None:
    (row,) = json.loads(rig.aliyun.uplink("13800000001", "1", "【教育局】", 1))
    odd = [row | {"phone_number": "10086", "sequence_id": 2}, row | {"phone_number": None, "sequence_id": 3}, "13800000001"]
    heard = await rig.channel.hear(rig.push("inbound", json.dumps([*odd, row]).encode()))
    assert [text.sender for text in heard.incoming] == ["10086", rig.contact]
    logged = capsys.readouterr().out
    assert ("unread=2" in logged, "13800000001" in logged) == (True, False)


async def test_an_odd_report_keeps_no_other_out(rig: AliyunSmsRig) -> None:
    await rig.channel.send(message(rig))
    (row,) = json.loads(rig.aliyun.report(rig.aliyun.sent[0]["OutId"]))
    heard = await rig.channel.hear(rig.push("report", json.dumps([row | {"report_time": "yesterday"}, row, None]).encode()))
    assert [report.provider_id for report in heard.statuses] == [row["out_id"]]


async def test_each_address_has_a_key_of_its_own(rig: AliyunSmsRig) -> None:
    report = rig.push("report", b"[]")
    assert rig.channel.verify(report)
    for forged in (replace(report, hook="inbound"), replace(report, hook="status"), replace(report, query={"key": "²"})):
        assert not rig.channel.verify(forged)
    assert not rig.channel.verify(Request(f"{rig.hooks}/report", "report"))


async def checked(rig: AliyunSmsRig, address: str | None = None, hooks: str | None = "http://here") -> list[Trouble]:
    found = await rig.channel.check(address or rig.address, hooks)
    catalogue = load_catalogue()
    assert all(catalogue.phrase(f"check.{trouble.kind}", {"detail": trouble.detail}) for trouble in found)
    return found


async def test_what_is_wrong_with_templates(rig: AliyunSmsRig) -> None:
    ours = texts_of_ours()
    rig.entries.clear()
    for number in range(60):  # more than one page
        rig.aliyun.approve(f"SMS_9{number}", "别的")
    for number, template_id in enumerate(("handed_over", "absence_call", "absence_reminder", "welcome_back", "undone"), 1):
        rig.entries[template_id] = Entry(f"SMS_{number}", ours[template_id])
    rig.entries["undone"] = Entry("SMS_5", "旧的文字")
    rig.aliyun.approve("SMS_1", ours["handed_over"])
    rig.aliyun.approve("SMS_2", ours["absence_call"], "AUDIT_STATE_INIT")
    rig.aliyun.approve("SMS_3", "改过的" + ours["absence_reminder"])
    rig.aliyun.approve("SMS_5", "旧的文字")
    assert [one for one in await checked(rig) if one.kind.startswith("template")] == [
        Trouble("template_pending", "absence_call SMS_2"),
        Trouble("template_differs", "absence_reminder SMS_3"),
        Trouble("template_unknown", "welcome_back SMS_4"),
        Trouble("template_outdated", "undone SMS_5"),
    ]
    rig.entries.clear()
    assert await checked(rig, hooks=None) == [Trouble("public_url_missing"), Trouble("templates_none")]


def register(rig: AliyunSmsRig, *left_out: str) -> None:
    """All that can be registered, approved."""
    rig.entries.clear()
    for number, (name, text) in enumerate(texts_of_ours().items(), 1):
        if name not in left_out:
            rig.entries[name] = Entry(f"SMS_{number}", text)
            rig.aliyun.approve(f"SMS_{number}", text)


async def test_a_county_is_told_before_it_begins_what_it_cannot_say(rig: AliyunSmsRig) -> None:
    register(rig)
    assert await checked(rig) == []
    register(rig, "absence_question")
    assert await checked(rig) == []  # it goes in pieces
    register(rig, "return_notice", "frame_staff_8")
    assert await checked(rig) == [Trouble("frames_missing", "frame_staff_8"), Trouble("messages_mute", "1：return_notice")]
    register(rig, *(frame.id for frame in frames()))
    frames_missing, mute = await checked(rig)
    assert frames_missing.kind == "frames_missing"
    assert {"officer_case", "digest_morning", "which_meant", "triage_letter"} <= set(mute.detail.partition("：")[2].split("、"))


async def test_what_is_wrong_with_the_signature(rig: AliyunSmsRig) -> None:
    del rig.entries["arrived"]
    rig.aliyun.signatures["县局"] = "AUDIT_STATE_INIT"
    assert await checked(rig, "没有") == [Trouble("signature_unknown", "没有")]
    assert await checked(rig, "县局") == [Trouble("signature_pending", "县局")]
    rig.aliyun.carriers["unicom"] = -1
    assert await checked(rig) == [Trouble("signature_unregistered", "unicom")]


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Refuse("InvalidAccessKeyId.NotFound", 404), "account_refused"),
        (Refuse("isv.AMOUNT_NOT_ENOUGH"), "account_inactive"),
        (Refuse("isp.SYSTEM_ERROR"), "provider_unreachable"),
        (Refuse("", 200), "provider_unreadable"),
    ],
)
async def test_an_account_that_cannot_be_asked(rig: AliyunSmsRig, fault: Refuse, kind: str) -> None:
    rig.aliyun.refuses_all = fault
    assert [trouble.kind for trouble in await checked(rig)] == [kind]


def codes(folder: Path, text: str) -> Path:
    file = folder / "codes.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_file_of_codes_is_read_as_it_is_written(tmp_path: Path) -> None:
    found = {"a": Entry("SMS_1", "两行\n${p1}"), "b": Entry("", "没有编号: ${p1} # 号")}
    file = codes(tmp_path, written(found))
    assert entries(file) == found
    assert approved(file) == {"a": found["a"]}
    assert entries(codes(tmp_path, "# 空的\n")) == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a:\n  code: SMS_1\n", "第 1 行|第 2 行 a.text：缺少"),
        ("a:\n  text: x\n", "a.code：缺少"),
        ("a:\n  code: SMS_1\n  text: ''\n", "第 3 行 a.text：缺少"),
        ("a:\n  code: 123\n  text: x\n", "第 2 行 a.code：不是模板CODE"),
        ("a:\n  code: SMS_1\n  text: x\n  name: y\n", "第 4 行 a.name：没有这一项"),
        ("a:\n  code: SMS_1\n  text: x\nb:\n  code: SMS_1\n  text: y\n", "第 5 行 b.code：这个模板CODE已经用在"),
        ("a:\n  code: SMS_1\n  text: x\na:\n  code: SMS_2\n  text: y\n", "第 4 行 a：出现了两次"),
        ("a: SMS_1\n", "第 1 行 a：应当是"),
        ("- a\n", "第 1 行 ：应当是"),
        ("a:\n  code: [1]\n  text: x\n", "第 2 行 a.code：应当是"),
        ("a:\n  code: '\n", "：打不开或不是"),
    ],
)
def test_a_bad_row_is_named_by_line_field_and_reason(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(StartFault) as caught:
        approved(codes(tmp_path, text))
    assert any(part in caught.value.zh for part in said.split("|"))
    assert "codes.yaml" in caught.value.en


def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StartFault, match="打不开"):
        approved(tmp_path / "nowhere.yaml")


async def test_it_is_there_when_its_settings_are(tmp_path: Path) -> None:
    """What has no code, or words that are not ours any more, it does not send."""
    ours = texts_of_ours()
    known = {
        "undone": Entry("SMS_1", ours["undone"]),
        "welcome_back": Entry("SMS_2", "旧的文字"),
        "handed_over": Entry("", ours["handed_over"]),
    }
    file = codes(tmp_path, written(known | {"frame_staff_2": Entry("SMS_3", ours["frame_staff_2"])}))
    settings = {"ALIYUN_ACCESS_KEY_ID": "i", "ALIYUN_ACCESS_KEY_SECRET": "s", "ALIYUN_SMS_TEMPLATES": str(file), "ALIYUN_HOOK_SECRET": "h"}
    channels = build_channels(settings)
    can = channels["aliyun_sms", "main"].capabilities
    assert (can.templates, can.counts, can.contact) == (frozenset({"undone", "frame_staff_2"}), "parts", "phone")
    assert can.carries == {"teacher", "officer"}
    await close_channels(channels)
    assert accounts("aliyun_sms", settings | {"ALIYUN_HOOK_SECRET": ""}) == []


def export(*words: str, **settings: str) -> Any:
    return CliRunner().invoke(app, ["export", "templates", *words], env=settings)


def test_what_is_handed_in_for_approval(tmp_path: Path) -> None:
    result = export("--channel", "aliyun_sms", "--out", str(tmp_path), "--signature", "东乡县教育局")
    assert result.exit_code == 0
    sheet = tmp_path / "aliyun_templates.csv"
    assert sheet.read_bytes().startswith(b"\xef\xbb\xbf")
    with sheet.open(encoding="utf-8-sig", newline="") as file:
        rows = {row["模板名称"]: row for row in csv.DictReader(file)}
    row = rows["promise_reminder"]
    assert row["模板内容"] == "早上好！您说过${p1}送${p2}来${p3}，老师等着孩子。今天来不了请直接写原因，或拨打学校电话${p4}"
    assert (row["模板类型"], row["短信签名"]) == ("通知短信", "东乡县教育局")
    assert row["变量属性"].splitlines()[2:] == ["p3：其他", "p4：电话号码"]
    assert row["变量含义和示例"].splitlines()[1] == "p2：学生称呼，例：小龙"
    assert "学生家长" in row["申请说明"]
    assert "officer_case: 没有自己的模板，分段发（frame_ 开头的模板）：几乎全是变量" in result.stdout
    assert "publicity: 不能登记，走别的通道：变量超过35个字" in result.stdout
    assert rows["frame_staff_2"]["模板内容"] == "控辍保学工作：${p1}（续）${p2}（全文完）"
    assert "p1：第一段内容，例：早上好，您的待办7件。" in rows["frame_staff_8"]["变量含义和示例"]
    assert "连起来是一条完整的通知" in rows["frame_staff_8"]["申请说明"]
    assert max(len(row["申请说明"]) for row in rows.values()) <= 100  # Aliyun takes no more
    assert (rows["login_code"]["模板类型"], rows["login_code"]["变量属性"]) == ("验证码", "p1：仅数字")
    assert rows["publicity_teachers"]["模板类型"] == "推广短信"
    assert rows.keys() == texts_of_ours().keys() == entries(tmp_path / "aliyun_templates.yaml").keys()


def test_codes_stay_with_the_words_that_were_approved(tmp_path: Path) -> None:
    out = tmp_path / "new" / "templates.csv"
    assert export("--channel", "aliyun_sms", "--out", str(out)).exit_code == 0
    file = out.with_suffix(".yaml")
    found = read_yaml(file.read_text(encoding="utf-8"))
    found["handed_over"]["code"] = "SMS_1"
    found["undone"] = {"code": "SMS_2", "text": "旧的文字"}
    file.write_text(yaml.safe_dump(found, allow_unicode=True), encoding="utf-8")
    result = export("--channel", "aliyun_sms", "--out", str(out))
    assert approved(file) == {"handed_over": Entry("SMS_1", texts_of_ours()["handed_over"])}
    assert entries(file)["undone"] == Entry("", texts_of_ours()["undone"])
    assert "undone: 文字改过了，编号 SMS_2 已去掉" in result.stdout


def test_the_addresses_for_the_providers_calls_are_shown_to_the_operator(tmp_path: Path) -> None:
    settings = {
        "ALIYUN_ACCESS_KEY_ID": "i",
        "ALIYUN_ACCESS_KEY_SECRET": "s",
        "ALIYUN_SMS_TEMPLATES": "x",
        "ALIYUN_HOOK_SECRET": "unguessable",
    }
    words = ("--channel", "aliyun_sms", "--out", str(tmp_path))
    result = export(*words, **settings, FANXIAO_PUBLIC_URL="https://your.name/")
    shown = KEYS.callbacks("https://your.name/hooks/aliyun_sms/main")
    assert all(address in result.stdout for address in shown.values())
    assert "再运行一次" in export(*words, **settings).stdout
    assert all(shown["report"] not in file.read_text(encoding="utf-8") for file in tmp_path.iterdir())


def test_other_channels_have_no_templates_to_export(tmp_path: Path) -> None:
    result = export("--channel", "twilio_sms", "--out", str(tmp_path))
    assert (result.exit_code, list(tmp_path.iterdir())) == (1, [])
