"""Aid on its pages: decided only by whom the plan names, with reasons where they are due, paid with a proof, the family told."""

from __future__ import annotations

from io import BytesIO

import pypdf
import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from storage.tables import AidRequest, Event, Student, Task
from tests.console.conftest import county
from tests.console.officers import Officer, console_of
from tests.stories.county import County

__all__ = ["county"]
ROLES = ("class_teacher", "principal", "township_officer", "county_officer")


@pytest.fixture
async def office(county: County) -> County:
    """A family that asks for help."""
    await county.begin("2026-11-02 08:25", roles=ROLES)
    await county.student("马小龙", guardians=["father"])
    await county.others(2)
    async with county.database.session() as session, session.begin():
        (await session.get_one(Student, county.students["马小龙"])).boarder = True
    await county.to("2026-11-02 08:31")
    await county.phones["class_teacher"].replies("1")
    await county.stage.advance(minutes=4)
    await county.phones["father"].replies("家里没钱")
    return county


async def request(county: County) -> AidRequest:
    async with county.database.session() as session:
        return (await session.scalars(select(AidRequest))).one()


async def test_from_the_request_to_the_payment(office: County) -> None:
    path = f"/aid/{(await request(office)).id}"
    principal = await Officer(office, console_of(office)).enters("principal")
    assert "马小龙" in await principal.sees("/aid")
    assert "要写理由" in (await principal.does(f"{path}/decide", granted="no")).text
    beyond = await principal.does(f"{path}/decide", granted="yes", kind="boarding_allowance", amount="900")
    assert (beyond.status_code, "请写明理由" in beyond.text) == (409, True)
    assert (await request(office)).state == "requested"
    done = await principal.does(f"{path}/decide", granted="yes", kind="boarding_allowance", amount="400", note="父亲住院")
    assert done.headers["location"] == f"{path}?said=aid_yes"
    await office.stage.settle()
    text = pypdf.PdfReader(BytesIO((await principal.http.get(f"{path}/letter.pdf")).content)).pages[0].extract_text()
    assert "马小龙" in text
    assert (await principal.does(f"{path}/paid", proof="银行回单", amount="400")).status_code == 409
    officer = await Officer(office, console_of(office)).enters("county_officer")
    for wrong, why in (({"amount": "401"}, "超过批准的数"), ({"paid_on": "2026-11-03"}, "在今天以后"), ({"proof": " "}, "要写凭证")):
        assert why in (await officer.does(f"{path}/paid", **{"proof": "银行回单", **wrong})).text, wrong
    book = await officer.does("/aid/list")
    rows = CalamineWorkbook.from_filelike(BytesIO(book.content)).get_sheet_by_index(0).to_python()
    assert any("马小龙" in row for row in rows)
    assert "没有待发放" in (await officer.does("/aid/list")).text
    assert (await officer.does(f"{path}/paid", proof="银行回单12号")).headers["location"] == f"{path}?said=aid_paid"
    kept = await request(office)
    assert (kept.state, kept.paid_amount, kept.proof) == ("paid", 400, "银行回单12号")
    assert "银行回单12号" in await officer.sees(path)
    assert (await officer.http.get("/aid/export.xlsx")).status_code == 200
    async with office.database.session() as session:
        actions = set(await session.scalars(select(Event.action)))
    assert {"aid_exported", "aid_letter_printed", "aid_listed", "aid_paid", "list_exported"} <= actions


async def test_a_refusal_says_nothing_to_the_family_that_must_not_be_said(office: County) -> None:
    path = f"/aid/{(await request(office)).id}"
    principal = await Officer(office, console_of(office)).enters("principal")
    never = await principal.does(f"{path}/decide", granted="no", note="再不来上学就罚款")
    assert (never.status_code, "罚款 →" in never.text) == (409, True)
    assert (await request(office)).state == "requested"
    async with office.database.session() as session:
        task = (await session.scalars(select(Task).where(Task.kind == "aid"))).one()
    assert "里面有不能说的话" in (await principal.does(f"/tasks/{task.id}/done", said="不批准 再不来上学就罚款")).text
    await office.phones["principal"].new()
    await office.phones["principal"].replies(f"{task.code} 3 不批准 再不来上学就罚款")
    await office.phones["principal"].expects("不能说的话“罚款”")
    assert (await request(office)).state == "requested"
    await principal.does(f"{path}/decide", granted="no", note="家里收入超过标准")
    async with office.database.session() as session, session.begin():
        (await session.scalars(select(AidRequest))).one().note = "再不来上学就罚款"  # as it may have been decided by a message
    letter = await principal.http.get(f"{path}/letter.pdf")
    assert (letter.status_code, "不能说的话" in letter.text) == (409, True)


async def test_a_teacher_sees_the_request_but_neither_decides_nor_exports(office: County) -> None:
    path = f"/aid/{(await request(office)).id}"
    teacher = await Officer(office, console_of(office)).enters("class_teacher")
    assert "由方案指定的岗位审批" in await teacher.sees(path)
    assert "不由您的岗位办理" in (await teacher.does(f"{path}/decide", granted="yes")).text
    for hidden in (f"{path}/letter.pdf", "/aid/export.xlsx"):
        assert (await teacher.http.get(hidden)).status_code == 404
    assert (await teacher.does("/aid/list")).status_code == 409
    assert (await request(office)).state == "requested"
