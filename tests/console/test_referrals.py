"""Referrals on their pages: nobody but the named office decides, it says it twice, and the page tells no more than the letter may."""

from __future__ import annotations

from io import BytesIO

import pypdf
import pytest
from sqlalchemy import select

from cases.referrals import propose_referral
from storage.tables import CaseFile, Event, Referral
from storage.work import working
from tests.console.conftest import county
from tests.console.officers import Officer, console_of
from tests.stories.county import County

__all__ = ["county"]
ROLES = ("class_teacher", "principal", "township_officer", "county_officer", "leading_group", "department_liaison")


async def referral(county: County) -> Referral:
    async with county.database.session() as session:
        return (await session.scalars(select(Referral))).one()


@pytest.fixture
async def office(county: County) -> County:
    """A child away for days, and a referral to the labour office that the county's officer has proposed."""
    await county.begin("2026-11-02 08:25", roles=ROLES)
    await county.student("马小龙", guardians=["father"])
    await county.to("2026-11-02 08:31")
    await county.phones["class_teacher"].replies("1")
    await county.after_outage("2026-11-06 12:01")
    async with working(county.database, await county.stage.now()) as work:
        case = await work.session.get_one(CaseFile, (await county.case("马小龙")).id)
        await propose_referral(work, case, department="human_resources", by=county.people["county_officer"], reason="疑似在外务工")
    await county.stage.settle()
    return county


async def test_approval_takes_two_words_of_the_named_office_and_makes_the_letter(office: County) -> None:
    found = await referral(office)
    path, number = f"/referrals/{found.id}", (await office.case("马小龙")).number
    head = await Officer(office, console_of(office)).enters("leading_group")
    assert number in await head.sees("/referrals")
    page = await head.sees(path)
    assert "疑似在外务工" in page
    assert "只印在函上" in page or "监护人" not in page
    assert office.phones["father"].number.removeprefix("+86") not in page
    assert (await head.http.get(f"{path}/letter.pdf")).status_code == 404
    asked = await head.does(f"{path}/approve")
    assert "要再确认一次" in asked.text
    assert (await referral(office)).state == "proposed"
    assert (await head.does(f"{path}/approve", confirmed=number)).headers["location"] == f"{path}?said=referral_approved"
    assert (await referral(office)).decided_by == office.people["leading_group"]
    await office.stage.settle()
    await office.phones["county_officer"].expects("移送已发给人社")
    letter = await head.http.get(f"{path}/letter.pdf")
    text = "".join(page.extract_text() for page in pypdf.PdfReader(BytesIO(letter.content)).pages).replace("\n", "")
    assert "马小龙" in text
    async with office.database.session() as session:
        assert (await session.scalars(select(Event.actor).where(Event.action == "referral_letter_printed"))).all()
    assert (await head.does(f"{path}/approve", confirmed=number)).status_code == 409
    async with office.database.session() as session, session.begin():
        (await session.scalars(select(Referral))).one().reason = "停发养老金"  # as somebody may have put it on the command line
    never = await head.http.get(f"{path}/letter.pdf")
    assert (never.status_code, "停发 →" in never.text) == (409, True)


async def test_nobody_else_decides_and_no_school_sees_it(office: County) -> None:
    found = await referral(office)
    for role in ("county_officer", "township_officer"):
        officer = await Officer(office, console_of(office)).enters(role)
        assert "疑似在外务工" in await officer.sees(f"/referrals/{found.id}")
        refused = await officer.does(f"/referrals/{found.id}/approve", confirmed=(await office.case("马小龙")).number)
        assert "不由您的岗位办理" in refused.text
        assert (await officer.does(f"/referrals/{found.id}/refuse", said="不合适")).status_code == 409
    for role in ("class_teacher", "principal"):
        teacher = await Officer(office, console_of(office)).enters(role)
        assert "人社" not in (await teacher.sees("/referrals?state=proposed")).split("<h1>")[1].split("没有移送")[0]
        assert (await teacher.http.get(f"/referrals/{found.id}")).status_code == 404
        assert (await teacher.does(f"/referrals/{found.id}/withdraw", said="x")).status_code == 404
    assert (await referral(office)).state == "proposed"


async def test_it_is_refused_or_taken_back_only_with_a_reason_and_an_answer_on_paper_is_entered(office: County) -> None:
    path = f"/referrals/{(await referral(office)).id}"
    head = await Officer(office, console_of(office)).enters("leading_group")
    assert "要写理由" in (await head.does(f"{path}/refuse")).text
    county = await Officer(office, console_of(office)).enters("county_officer")
    assert "不能登记答复" in (await county.does(f"{path}/answer", said="已劝返")).text
    await head.does(f"{path}/approve", confirmed=(await office.case("马小龙")).number)
    assert "要写理由" in (await county.does(f"{path}/withdraw")).text
    assert (await county.does(f"{path}/answer", said="已责令企业清退")).headers["location"] == f"{path}?said=referral_answered"
    kept = await referral(office)
    assert (kept.state, kept.answer) == ("answered", "已责令企业清退")
    assert "已责令企业清退" in await county.sees(path)
    assert (await county.does(f"{path}/withdraw", said="不再需要")).status_code == 409
