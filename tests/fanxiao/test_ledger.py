"""The ledger as it is listed, shown, exported and asked for by text; and the rates under it."""

from __future__ import annotations

import json
from pathlib import Path

from pypdf import PdfReader
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from storage.tables import Event
from tests.fanxiao.conftest import Terminal
from tests.fanxiao.test_admin import away
from tests.stories.county import County


async def test_the_ledger_and_the_rates_under_it(county: County, shell: Terminal) -> None:
    """One child of ten away: suspected from the third school day, a dropout from the twentieth, and the target missed."""
    await away(county, "2026-11-04 19:00")
    primary = (await read_ledger(shell))["stages"][0]
    assert (primary["on_rolls"], primary["dropouts"], primary["suspected"], primary["at_risk"]) == (10, 0, 1, False)
    await county.after_outage("2026-11-26 19:00")
    await county.to("2026-11-27 12:00")  # the twentieth school day is not over
    assert (await read_ledger(shell))["stages"][0]["dropouts"] == 0
    await county.to("2026-11-27 18:00")
    found = await read_ledger(shell, "--area", "622926")
    primary, junior = found["stages"]
    assert (primary["dropouts"], primary["rate_per_cent"], primary["stay_below_per_cent"], primary["at_risk"]) == (1, 10.0, 1.0, True)
    assert primary["dropout_student_ids"] == [county.students["马小龙"]]
    assert (junior["on_rolls"], junior["rate_per_cent"], junior["at_risk"]) == (0, None, False)
    assert [row["student"] for row in found["cases"]] == ["马小龙"]
    printed = (await shell("ledger", "list", "--level", "3")).stdout
    assert "马小龙" in printed
    assert "辍学 dropouts 1 / 应在校 should be at school 10 = 10.00%" in printed
    assert "AT RISK" in printed
    assert "马小龙" not in (await shell("ledger", "list", "--level", "8")).stdout
    assert (await shell("ledger", "list", "--area", "99")).exit_code == 1


async def test_a_child_that_is_back_is_no_dropout(county: County, shell: Terminal) -> None:
    await away(county, "2026-11-04 19:00")
    await county.after_outage("2026-11-29 19:00")
    await county.to("2026-11-30 08:31")
    await county.phones["class_teacher"].replies("0")
    await county.to("2026-11-30 19:00")
    assert (await read_ledger(shell))["stages"][0]["dropouts"] == 0


async def test_an_entry_has_every_field_that_the_plan_names(county: County, shell: Terminal, tmp_path: Path) -> None:
    """Away for two days; back on the third, and the family confirms: both words, with their names and times."""
    await away(county, "2026-11-02 12:30")
    await county.phones["father"].replies("6")
    await county.after_outage("2026-11-03 12:01")
    await county.phones["village_committee"].replies("3 见到奶奶，说明天来")
    await county.to("2026-11-04 08:31")
    await county.phones["class_teacher"].replies("0")
    number = (await county.case("马小龙")).number
    await county.to("2026-11-04 08:40")
    await county.phones["father"].replies("是")
    shown = (await shell("ledger", "show", number[-3:])).stdout
    for words in (
        "姓名：马小龙",
        "父",
        "辍学原因：厌学",
        "入户家访",
        "（马主任）",
        "销号：返校",
        "马老师 2026-11-04 08:3",
        "马father 2026-11-04 08:4",
        "家长",
        "记入控辍台账。",
        "进入第3级“学校和村委会”",
    ):
        assert words in shown, words
    assert not {"case_opened", "guardian:", "厌学）"} & set(shown.split())
    assert "答复：孩子不愿上学" not in shown  # what the family said is told with --with-sensitive only
    out = tmp_path / "台账.xlsx"
    done = await shell("ledger", "export", "--out", str(out), "--by", "孙科长", "--state", "closed")
    assert done.exit_code == 0, done.output
    page = CalamineWorkbook.from_path(out).get_sheet_by_index(0).to_python()
    cells = dict(zip(page[1], map(str, page[2]), strict=True))
    assert (cells["姓名"], cells["辍学原因"], cells["销号"]) == ("马小龙", "厌学", "返校")
    assert "马老师" in cells["学校（经办人）确认"]
    paper = tmp_path / "ledger.pdf"
    assert (await shell("ledger", "export", "--out", str(paper), "--by", "孙科长")).exit_code == 0
    text = "".join(one.extract_text() for one in PdfReader(paper).pages)
    assert "控辍保学台账" in text
    assert number[-5:] in text
    async with county.database.session() as session:
        kept = list(await session.scalars(select(Event).where(Event.action == "ledger_exported")))
    assert [(event.actor, event.area_code, event.facts["rows"]) for event in kept] == [
        (f"person:{county.people['county_officer']}", "622926", 1)
    ] * 2


async def test_what_a_family_told_in_confidence_is_not_printed(county: County, shell: Terminal) -> None:
    await away(county, "2026-11-02 12:30")
    await county.phones["father"].replies("娃去念经了")
    printed = (await shell("ledger", "list")).stdout
    assert "学经" not in printed
    assert "见个案" in printed


REFUSED = [
    (("list", "--area", "999999"), "no such area"),
    (("list", "--cause", "bored"), "no such cause"),
    (("list", "--state", "lost"), "open, closed or all"),
    (("list", "--since", "2026-11-03", "--until", "2026-11-01"), "before --since"),
    (("list", "--owner", "无此人"), "No responsible person"),
    (("show", "99999"), "No entry"),
    (("export", "--out", "a.doc", "--by", "孙科长"), "must end in .xlsx or .pdf"),
    (("export", "--out", "/no/such/a.pdf", "--by", "孙科长"), "no such folder"),
    (("export", "--out", "a.pdf", "--by", "王校长"), "answers for no area"),
    (("export", "--out", "a.pdf", "--by", "赵干事", "--area", "622926"), "does not answer for this area"),
]


async def test_what_cannot_be_shown_is_refused_in_words(county: County, shell: Terminal) -> None:
    await county.begin("2026-11-02 07:00")
    for words, said in REFUSED:
        refused = await shell("ledger", *words)
        assert (refused.exit_code, said in refused.stderr, len(refused.stderr.splitlines())) == (1, True, 2), refused.output


async def test_the_views_leave_out_what_was_not_asked_for(county: County, shell: Terminal) -> None:
    await away(county, "2026-11-03 12:30")
    for words, shown in (
        (("--state", "open"), True), (("--state", "closed"), False), (("--cause", "none"), True), (("--cause", "illness"), False),
        (("--at-level", "3"), True), (("--at-level", "2"), False), (("--owner", "王校长"), True), (("--owner", "principal"), True),
        (("--owner", "钱镇长"), False), (("--area", "622926100201"), True), (("--since", "2026-11-02", "--until", "2026-11-02"), True),
        (("--since", "2026-11-03"), False), (("--until", "2026-11-01"), False),
    ):  # fmt: skip
        assert ("马小龙" in (await shell("ledger", "list", *words)).stdout) is shown, words


async def read_ledger(shell: Terminal, *words: str) -> dict[str, list[dict[str, object]]]:
    found: dict[str, list[dict[str, object]]] = json.loads((await shell("ledger", "list", "--json", *words)).stdout)
    return found


async def test_an_officer_asks_for_the_ledger_by_text(county: County) -> None:
    await away(county, "2026-11-04 19:00")
    for role, place in (("township_officer", "锁南镇"), ("principal", "锁南镇中心小学"), ("class_teacher", "锁南镇中心小学三(2)班")):
        phone = county.phones[role]
        await phone.new()
        await phone.replies("台账")
        text = await phone.expects(f"{place}台账", "在账1件", "疑似辍学1人，辍学0人", "3级1", "本月新立1件，销号0件")
        assert "马小龙" not in text
    await county.phones["department_liaison"].replies("台账")
    await county.phones["department_liaison"].expects("没有台账")
