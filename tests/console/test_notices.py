"""Return notices on the page: listed, issued, printed, delivered with their proof; only by whom the plan names."""

from __future__ import annotations

import json
from io import BytesIO

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from storage.tables import Document, Event
from tests.console.conftest import county
from tests.console.officers import Officer, console_of
from tests.stories.county import County
from tests.stories.test_deliveries import receipts

__all__ = ["county"]


@pytest.fixture
async def drafted(county: County) -> County:
    """A child away since Monday; on Thursday the township is asked to issue the first notice."""
    await county.begin("2026-11-02 07:00")
    await county.student("马小龙", guardians=["father"])
    await county.to("2026-11-02 08:31")
    await county.phones["class_teacher"].replies("1")
    await county.after_outage("2026-11-05 12:01")
    return county


async def test_a_notice_is_issued_printed_and_delivered(drafted: County) -> None:
    app = console_of(drafted)
    officer = await Officer(drafted, app).enters("township_officer")
    assert "马小龙" in await officer.sees("/notices")
    (notice,) = await drafted.notices()
    assert "请先选中" in (await officer.does("/notices/issue")).text
    early = await officer.does(f"/notices/{notice.id}/deliver", way="in_person", signed="父亲")
    assert "还没有签发" in early.text
    assert (await officer.does("/notices/issue", ids=str(notice.id))).headers["location"] == "/notices?said=issued"
    (notice,) = await drafted.notices()
    assert notice.issued_by == drafted.people["township_officer"]
    printed = await officer.does("/notices/print", ids=str(notice.id))
    assert printed.headers["content-type"] == "application/pdf"
    assert len(PdfReader(BytesIO(printed.content)).pages) == 2  # the list of who delivers, and the notice
    async with drafted.database.session() as session:
        assert (await session.scalars(select(Document.made_by))).all() == [drafted.people["township_officer"]]
    again = await officer.does("/notices/issue", ids=str(notice.id))
    assert "可能已签发" in again.text


async def test_a_declined_notice_stands_with_its_reason_and_may_still_be_issued(drafted: County) -> None:
    officer = await Officer(drafted, console_of(drafted)).enters("township_officer")
    (notice,), task = await drafted.notices(), await drafted.task("issue_notice")
    assert "要写理由" in (await officer.does(f"/tasks/{task.id}/done", said="不签发")).text
    page = f"/notices/{notice.id}"
    assert "不签发要写理由" in (await officer.does(f"{page}/decline", why=" ")).text
    asked = await officer.does(f"{page}/decline", why="孩子转学了吗？")
    assert "理由不要写成问句" in asked.text
    assert "孩子转学了吗？</textarea>" in asked.text
    declined = await officer.does(f"{page}/decline", why="孩子已转到县城小学")
    assert declined.headers["location"] == f"{page}?said=declined"
    assert "孩子已转到县城小学" in await officer.sees(page)
    assert "没有等待签发" in (await officer.does(f"{page}/decline", why="孩子已转到县城小学")).text
    assert "马小龙" in await officer.sees("/notices?state=declined")
    assert "马小龙" not in await officer.sees("/notices?state=draft")
    seen = await officer.sees(f"/cases/{notice.case_id}")
    for words in ("决定不签发", "理由：孩子已转到县城小学", "赵干事没有签发第一次返校通知书"):
        assert words in seen
    assert (await officer.does("/notices/issue", ids=str(notice.id))).headers["location"] == "/notices?said=issued"
    assert (await drafted.notices())[0].number is not None


async def test_how_far_a_batch_is_comes_ahead_of_what_comes_of_it(drafted: County) -> None:
    officer = await Officer(drafted, console_of(drafted)).enters("township_officer")
    (notice,) = await drafted.notices()
    asked = {"data": {"csrf": officer.token, "ids": str(notice.id)}, "headers": {"X-Part": "progress"}}
    issued = await officer.http.post("/notices/issue", **asked)
    assert [json.loads(line) for line in issued.text.splitlines()] == [{"done": 1, "total": 1}, {"go": "/notices?said=issued"}]
    far, said, pdf = (await officer.http.post("/notices/print", **asked)).content.split(b"\n", 2)
    assert json.loads(far) == {"done": 1, "total": 1}
    assert json.loads(said)["file"].endswith(".pdf")
    assert len(PdfReader(BytesIO(pdf)).pages) == 2
    again = (await officer.http.post("/notices/issue", **asked)).text.splitlines()
    assert "可能已签发" in json.loads(again[-1])["page"]


async def test_the_village_records_a_delivery_with_its_proof(drafted: County) -> None:
    app = console_of(drafted)
    officer = await Officer(drafted, app).enters("township_officer")
    (notice,) = await drafted.notices()
    await officer.does("/notices/issue", ids=str(notice.id))
    village = await Officer(drafted, app).enters("village_committee")
    at = f"/notices/{notice.id}"
    for fields, said in (
        ({"way": "in_person"}, "谁签收"), ({"way": "left_with_village", "witness": "邻居"}, "见证人姓名"),
        ({"way": "message_answered", "signed": "父亲"}, "方案认可"), ({"way": "in_person", "signed": "父亲", "on": "2026-11-04"}, "签发日"),
    ):  # fmt: skip
        refused = await village.does(f"{at}/deliver", **fields)
        assert refused.status_code == 409
        assert said in refused.text
    assert await receipts(drafted) == []
    done = await village.does(f"{at}/deliver", way="left_with_village", witness="马国强", on="2026-11-05")
    assert done.headers["location"] == f"{at}?said=delivered"
    page = await village.sees(at)
    assert "留置送达" in page
    assert "马国强" in page
    assert "2026-11-12" in page  # seven days from the delivery
    kept = await village.does("/notices/receipts", ids=str(notice.id))
    assert kept.headers["content-type"] == "application/pdf"
    async with drafted.database.session() as session:
        assert (await session.scalars(select(Event.subject).where(Event.action == "list_exported"))).all() == ["list:receipts"]


async def test_who_may_not_issue_or_see_does_not(drafted: County) -> None:
    app = console_of(drafted)
    (notice,) = await drafted.notices()
    principal = await Officer(drafted, app).enters("principal")
    assert "马小龙" in await principal.sees(f"/notices/{notice.id}")
    manager = await Officer(drafted, app).enters("enrolment_manager")
    for refused in (await principal.does("/notices/issue", ids=str(notice.id)), await manager.does("/notices/print", ids=str(notice.id))):
        assert refused.status_code == 409
        assert "不能办这件事" in refused.text
    assert (await drafted.notices())[0].issued_at is None
    assert (await principal.does("/notices/print", ids="999")).status_code in {404, 409}
    officer = await Officer(drafted, app).enters("township_officer")
    assert (await officer.does("/notices/issue", ids="999")).status_code == 404
