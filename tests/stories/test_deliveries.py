"""How a written notice reaches the family: each way with its proof, and the deadline that runs only from then."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import date

import httpx
import pytest
from sqlalchemy import select

from bot.rendering.letters import spoken
from cases.delivering import issue_by_name, record_delivery
from cases.notice_papers import notice_papers
from cases.proofs import Told
from cases.receipt_claims import code_of, receipt_tokens
from console.app import create_app
from console.webhooks import Hooks
from storage.tables import Notice, Receipt
from storage.work import working
from tests.stories.county import County


async def receipts(county: County) -> list[Receipt]:
    async with county.database.session() as session:
        return list(await session.scalars(select(Receipt).order_by(Receipt.id)))


@pytest.fixture
async def issued(county: County) -> County:
    """A child away for a week; the first notice was issued on Thursday the 5th, the village owes its delivery since the 9th."""
    await county.begin("2026-11-02 07:00")
    await county.student("马小龙", guardians=["father"])
    await county.others(5)
    await county.to("2026-11-02 08:31")
    await county.phones["class_teacher"].replies("1")
    await county.after_outage("2026-11-05 12:01")
    await county.phones["township_officer"].replies(f"{(await county.task('issue_notice')).code} 3")
    await county.after_outage("2026-11-09 12:02")
    await county.phones["village_committee"].expects("送达")
    return county


async def test_a_word_without_its_proof_is_asked_back_and_counts_for_nothing(issued: County) -> None:
    village = issued.phones["village_committee"]
    code = (await issued.task("deliver_notice")).code
    for said, asked in (
        ("家里没人", "还没送到"), ("当面送达", "谁签收"), ("家长拒绝签收", "见证人姓名"), ("邮寄送达", "邮件号"),
        ("留置送达，邻居见证", "见证人姓名"),
    ):  # fmt: skip
        await village.replies(f"{code} 3 {said}")
        await village.expects(asked, code)
    assert (await issued.notices())[0].deadline_on is None
    assert await receipts(issued) == []
    await issued.stage.advance(minutes=6)  # more than five answers in five minutes would be met with silence
    await village.replies(f"{code} 3 马国强")  # the name that was asked for last
    await village.expects("办好了")
    (receipt,) = await receipts(issued)
    assert (receipt.way, receipt.facts["witness"]) == ("left_with_village", "马国强")
    assert (await issued.notices())[0].deadline_on == date(2026, 11, 16)


async def test_what_is_posted_is_proven_by_its_number_and_needs_time_to_arrive(issued: County) -> None:
    village, code = issued.phones["village_committee"], (await issued.task("deliver_notice")).code
    await village.replies(f"{code} 3 已邮寄，邮件号XA12345678901")
    (receipt,) = await receipts(issued)
    assert (receipt.way, receipt.facts["number"]) == ("posted", "XA12345678901")
    assert (await issued.task("deliver_notice")).state == "done"
    assert (await issued.notices())[0].deadline_on == date(2026, 11, 19)  # three days under way, then seven


async def test_the_message_names_the_day_if_it_is_read_at_once_and_any_answer_shows_that_it_was(issued: County) -> None:
    father = issued.phones["father"]
    text = await father.expects("返校通知书", "请于11月12日前（晚收到的顺延）")
    assert text.count("11月12日") == 1
    await father.replies("2")
    (receipt,) = await receipts(issued)
    assert (receipt.way, (await issued.notices())[0].deadline_on) == ("message_answered", date(2026, 11, 16))
    assert (await issued.task("deliver_notice")).state == "cancelled"
    number = (await issued.notices())[0].number
    await issued.stage.advance(minutes=6)
    await father.replies(f"{number} 收到")
    await father.expects("请在11月16日前送孩子到校")


async def test_a_wrong_number_has_read_nothing(issued: County) -> None:
    await issued.phones["father"].replies("打错了，我不是家长")
    assert await receipts(issued) == []
    assert (await issued.notices())[0].delivered_at is None


async def test_the_office_records_it_within_its_rights_and_the_plan(issued: County) -> None:
    (notice,) = await issued.notices()
    signed = Told("in_person", {"signed": "父亲"})
    tried = [
        (Told("in_person"), "village_committee", None, "say_signer"),
        (Told("left_with_village", {"witness": "邻居"}), "village_committee", None, "say_witness"),
        (Told("message_answered", {"signed": "父亲"}), "village_committee", None, "say_other_way"),
        (signed, "education_head", None, "not_allowed"), (signed, "father", None, "not_allowed"),
        (signed, "village_committee", date(2026, 11, 10), "wrong_day"),
        (signed, "village_committee", date(2026, 11, 4), "wrong_day"),
    ]  # fmt: skip
    for told, role, on, reason in tried:
        async with working(issued.database, await issued.stage.now()) as work:
            refusal = await record_delivery(work, notice.id, told, by=issued.people[role], on=on)
        assert refusal is not None, (told, role)
        assert refusal.reason == reason
    assert await receipts(issued) == []
    async with working(issued.database, await issued.stage.now()) as work:
        assert await record_delivery(work, notice.id, signed, by=issued.people["village_committee"], on=date(2026, 11, 7)) is None
        again = await record_delivery(work, notice.id, signed, by=issued.people["village_committee"])
        assert again is not None
        assert again.reason == "delivered"
    (notice,) = await issued.notices()
    assert notice.deadline_on == date(2026, 11, 14)
    assert (await issued.task("deliver_notice")).state == "cancelled"


async def test_only_who_answers_for_the_township_issues(county: County, issued: County) -> None:
    async with working(county.database, await county.stage.now()) as work:
        refusal = await issue_by_name(work, (await county.notices())[0].id, county.people["township_head"])
    assert refusal is not None
    assert refusal.reason == "notice_gone"
    await county.phones["village_committee"].replies(f"{(await county.task('deliver_notice')).code} 3 当面送达，父亲签收")
    await county.after_outage("2026-11-17 12:02")
    second = (await county.notices())[1]
    for role, reason in (("village_committee", "not_allowed"), ("township_officer", "not_allowed"), ("township_head", None)):
        async with working(county.database, await county.stage.now()) as work:
            refusal = await issue_by_name(work, second.id, county.people[role])
            assert (refusal.reason if refusal else None) == reason
            papers = await notice_papers(work, "622926", state="all")
    first, paper = papers
    assert (paper.document, paper.signed_by, paper.issuer) == ("return_order", "钱镇长", "锁南镇人民政府")
    assert (paper.first_number, paper.deadline_on) == (first.number, None)
    assert (first.document, first.state, first.deadline_on) == ("return_notice", "delivered", date(2026, 11, 16))
    assert paper.guardians == (("马father", "父亲"),)
    assert (paper.village, paper.deliverer, paper.since) == ("毛毛村委会", "马主任", date(2026, 11, 2))
    assert spoken(paper.since) == "2026年11月2日"


@dataclass
class Scanner:
    """A phone that has scanned a receipt's QR code."""

    county: County
    http: httpx.AsyncClient
    path: str
    code: str

    async def sends(self, *, path: str | None = None, **changes: str) -> str:
        page = await self.http.get(path or self.path)
        token = re.search(r'name="csrf" value="([^"]+)"', page.text)
        form = {
            "code": self.code,
            "way": "in_person",
            "proof": "父亲",
            "on": "2026-11-08",
            "deliverer": "马主任",
            "csrf": token[1] if token else "",
        }
        answer = await self.http.post(path or self.path, data={**form, **changes})
        await self.county.stage.settle()
        return answer.text

    async def notice(self) -> Notice:
        return (await self.county.notices())[0]


@pytest.fixture
async def scanner(issued: County) -> AsyncIterator[Scanner]:
    (notice,) = await issued.notices()
    async with working(issued.database, await issued.stage.now()) as work:
        token = (await receipt_tokens(work, issued.cipher, [notice.id]))[notice.id]
        assert (await receipt_tokens(work, issued.cipher, [notice.id]))[notice.id] == token  # a reprint bears the same
    app = create_app(Hooks(issued.web, issued.cipher, issued.stage.clock, {}, "http://test"), allowed_hosts=("test",))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as http:
        yield Scanner(issued, http, f"/r/{token}", code_of(issued.cipher, token))


async def test_the_receipt_page_shows_no_child_and_takes_a_delivery_once(scanner: Scanner) -> None:
    page = await scanner.http.get(scanner.path)
    (notice,) = await scanner.county.notices()
    assert notice.number is not None
    assert notice.number in page.text
    assert "马" not in page.text
    assert "小学" not in page.text
    assert "Way of delivery" in (await scanner.http.get(scanner.path, params={"lang": "en"})).text
    for changes, said in (
        ({"proof": ""}, "谁签收"), ({"way": "left_with_village", "proof": "邻居"}, "见证人"),
        ({"way": "posted", "proof": "没有"}, "邮件号"), ({"way": "message_answered"}, "送达方式"), ({"on": "2026-11-10"}, "送达日期"),
        ({"on": "2026-11-04"}, "送达日期"), ({"on": "昨天"}, "送达日期"),
        ({"deliverer": ""}, "送达人"), ({"csrf": "foreign"}, "过期"),
    ):  # fmt: skip
        assert said in re.search(r'<p class="note bad"[^>]*>([^<]+)', await scanner.sends(**changes))[1]  # type: ignore[index]
    assert (await scanner.notice()).delivered_at is None
    assert "已收到" in await scanner.sends()
    notice = await scanner.notice()
    assert notice.deadline_on == date(2026, 11, 15)
    (receipt,) = await receipts(scanner.county)
    assert (receipt.way, receipt.facts["signed"], receipt.facts["deliverer"]) == ("in_person", "父亲", "马主任")
    assert (await scanner.county.task("deliver_notice")).state == "cancelled"
    assert "已经登记过" in await scanner.sends()
    assert len(await receipts(scanner.county)) == 1


async def test_guessing_codes_closes_the_page_for_an_hour(scanner: Scanner) -> None:
    wrong = "000000" if scanner.code != "000000" else "111111"
    for _ in range(5):
        assert "回执码不对" in await scanner.sends(code=wrong)
    assert "一小时后" in await scanner.sends()
    assert (await scanner.notice()).delivered_at is None
    await scanner.county.after_outage("2026-11-09 13:10")
    assert "已收到" in await scanner.sends(way="posted", proof="XA12345678901")
    assert (await receipts(scanner.county))[0].facts["number"] == "XA12345678901"


async def test_an_address_that_is_none_of_ours_is_not_found(scanner: Scanner) -> None:
    stranger = replace(scanner, path="/r/AAAAAAAAAAAAAAAAAAAAAA")
    assert (await stranger.http.get(stranger.path)).status_code == 404
    assert "没有这份回执" in await stranger.sends()
