"""Texts and complaints on pages: read by their owner, answered in the county's name; what is said of a school stays from it."""

from __future__ import annotations

import re
from datetime import date
from io import BytesIO
from urllib.parse import unquote

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from cases.responsible import reachable_people
from storage.tables import Complaint, Event, Guardianship, PersonContact, ReplyCorrection, Responsibility
from tests.console.conftest import county
from tests.console.officers import Officer, console_of
from tests.stories.county import County, Phone

__all__ = ["county"]
STRANGER = "+8613999999999"
ROLES = ("class_teacher", "principal", "township_officer", "county_officer", "education_head")


@pytest.fixture
async def office(county: County) -> County:
    await county.begin("2026-11-02 09:00", roles=ROLES)
    await county.student("马小龙", guardians=["father"])
    return county


async def events(county: County, action: str) -> list[Event]:
    async with county.database.session() as session:
        return list(await session.scalars(select(Event).where(Event.action == action)))


async def test_a_text_is_read_by_its_owner_on_the_record_and_answered_with_the_refusals_of_a_message(office: County) -> None:
    stranger = Phone(office, STRANGER)
    await stranger.replies("请问补助啥时候发，打13812345678找我")
    await stranger.expects("已收到", "看信答复您")
    task = await office.task("triage_unknown")
    officer = await Officer(office, console_of(office)).enters("county_officer")
    queue = await officer.sees("/triage")
    assert task.code in queue
    assert "139******99" in queue
    assert "补助啥时候发" not in await officer.sees(f"/triage/{task.id}")
    opened = await officer.does(f"/triage/{task.id}/read")
    assert "补助啥时候发" in opened.text
    assert "13812345678" not in opened.text
    assert [event.actor for event in await events(office, "letter_read")] == [f"person:{office.people['county_officer']}"]
    for said, why in (("不送就罚款", "罚款"), ("请看 www.test.cn", "网址"), ("依据第五十八条", "法律条文"), ("", "请写明答复")):
        refused = await officer.does(f"/triage/{task.id}/answer", said=said)
        assert (refused.status_code, why in refused.text) == (409, True), said
    await stranger.expects_nothing()
    assert (await officer.does(f"/triage/{task.id}/answer", said="您好，补助本周到账")).headers["location"] == "/triage?said=answered"
    await stranger.expects("【东乡县教育局】", "补助本周到账")
    assert "没有等人处理的来信" in await officer.sees("/triage")


async def test_a_colleagues_text_stands_under_the_writers_name_and_post(office: County) -> None:
    teacher = office.phones["principal"]
    for text in ("办不了", "人都不见了"):
        await teacher.replies(text)
        await office.stage.advance(minutes=6)
    task = await office.task("staff_letter")
    officer = await Officer(office, console_of(office)).enters("county_officer")
    name = str(task.facts["writer"])
    assert "校长" in name
    assert f"来信人 <strong>{name}</strong>" in await officer.sees(f"/triage/{task.id}")
    assert f'<td data-label="来信人">{name}</td>' in await officer.sees("/triage")


async def test_who_is_not_asked_for_a_text_neither_reads_nor_answers_it(office: County) -> None:
    await Phone(office, STRANGER).replies("请问补助啥时候发")
    task = await office.task("triage_unknown")
    head = await Officer(office, console_of(office)).enters("education_head")
    assert "来信只给责任人看" in await head.sees(f"/triage/{task.id}")
    for act in ("read", "answer", "belongs", "meant"):
        answer = await head.does(f"/triage/{task.id}/{act}", said="您好", name="马小龙")
        assert answer.status_code == 409
        assert "补助啥时候发" not in answer.text
    township = await Officer(office, console_of(office)).enters("township_officer")
    assert (await township.http.get(f"/triage/{task.id}")).status_code == 404
    assert (await township.does(f"/triage/{task.id}/read")).status_code == 404


async def test_a_strangers_number_becomes_a_guardians_after_a_second_word(office: County) -> None:
    await Phone(office, STRANGER).replies("娃感冒了请假到周三")
    task = await office.task("triage_unknown")
    officer = await Officer(office, console_of(office)).enters("county_officer")
    path = f"/triage/{task.id}/belongs"
    assert "没有找到这个学生" in (await officer.does(path, name="马小蛇", called="妈妈")).text
    asked = await officer.does(path, name="马小龙", called="妈妈")
    assert "马小龙（三(2)班）的妈妈" in asked.text
    assert (await officer.does(path, name="马小龙", called="妈妈", chosen="99999")).status_code == 409
    async with office.database.session() as session:
        assert len((await session.scalars(select(Guardianship))).all()) == 1
    done = await officer.does(path, name="马小龙", called="妈妈", chosen=str(office.students["马小龙"]))
    assert done.headers["location"] == "/triage?said=placed"
    await Phone(office, STRANGER).expects("生病请假")


async def test_a_number_that_an_earlier_list_had_replaced_is_usable_again(office: County) -> None:
    async with office.database.session() as session, session.begin():
        link = (await session.scalars(select(PersonContact).where(PersonContact.person_id == office.people["father"]))).one()
        link.retired_reason, link.valid_until = "replaced", date(2026, 10, 1)
    await office.phones["father"].replies("娃感冒了请假到周三")
    task = await office.task("triage_unknown")
    officer = await Officer(office, console_of(office)).enters("county_officer")
    chosen = str(office.students["马小龙"])
    placed = await officer.does(f"/triage/{task.id}/belongs", name="马小龙", called="爸爸", chosen=chosen)
    assert placed.headers["location"] == "/triage?said=placed", placed.text
    async with office.database.session() as session:
        assert office.people["father"] in await reachable_people(session, [office.people["father"]], date(2026, 11, 3))


async def test_what_a_reply_meant_is_kept_for_the_next_reader(office: County) -> None:
    await office.others(2)
    await office.to("2026-11-03 08:31")
    await office.phones["class_teacher"].replies("1")
    await office.stage.advance(minutes=4)
    await office.phones["father"].replies("嗯这个那个咋说嘛就那样")
    await office.phones["father"].replies("嗯就那样子咯你晓得嘛")
    task = await office.task("triage")
    teacher = await Officer(office, console_of(office)).enters("class_teacher")
    assert (await teacher.does(f"/triage/{task.id}/meant", intent="nonsense")).status_code == 409
    assert (await teacher.does(f"/triage/{task.id}/meant", intent="hardship")).headers["location"] == "/triage?said=meaning_kept"
    async with office.database.session() as session:
        assert (await session.scalars(select(ReplyCorrection.meant))).all() == ["hardship"]


async def test_a_reply_that_was_acted_on_wrongly_is_corrected_for_the_next_reader(office: County) -> None:
    await office.others(2)
    await office.to("2026-11-03 08:31")
    await office.phones["class_teacher"].replies("1")
    await office.stage.advance(minutes=4)
    await office.phones["father"].replies("发烧了，请假两天")
    case = await office.case("马小龙")
    officer = await Officer(office, console_of(office)).enters("county_officer")
    page = await officer.sees(f"/cases/{case.id}")
    assert "读作：" in page
    assert "生病" in page
    (reply,) = re.findall(r'name="reply" value="(\d+)"', page)
    assert (await officer.does(f"/cases/{case.id}/meant", reply=int(reply), intent="nonsense")).status_code == 404
    assert (await officer.does(f"/cases/{case.id}/meant", reply=int(reply) + 1, intent="hardship")).status_code == 404
    kept = await officer.does(f"/cases/{case.id}/meant", reply=int(reply), intent="caring_family", on="2026-11-05")
    assert kept.headers["location"] == f"/cases/{case.id}?said=meaning_kept", kept.text
    teacher = await Officer(office, console_of(office)).enters("class_teacher")  # reads no text that may be about the school
    assert (await teacher.does(f"/cases/{case.id}/meant", reply=int(reply), intent="leave")).status_code == 404
    async with office.database.session() as session:
        (one,) = (await session.scalars(select(ReplyCorrection))).all()
        assert (one.read_as, one.meant, one.meant_on) == ("sick", "caring_family", date(2026, 11, 5))


async def test_a_complaint_is_seen_and_answered_by_the_county_and_by_no_school_or_township(office: County) -> None:
    await office.phones["father"].replies("我要投诉学校乱收费")
    async with office.database.session() as session:
        complaint = (await session.scalars(select(Complaint))).one()
    path = f"/complaints/{complaint.number}"
    for role in ("class_teacher", "principal", "township_officer"):
        outsider = await Officer(office, console_of(office)).enters(role)
        for address in ("/complaints", path, "/complaints/export.xlsx"):
            assert (await outsider.http.get(address)).status_code == 404, (role, address)
        assert (await outsider.does(f"{path}/read")).status_code == 404
        assert "投诉" not in (await outsider.sees("/triage")).replace("来信与投诉", "")
    officer = await Officer(office, console_of(office)).enters("county_officer")
    assert complaint.number in await officer.sees("/complaints")
    assert "我要投诉" not in await officer.sees(path)
    assert "我要投诉" in (await officer.does(f"{path}/read")).text
    assert await events(office, "complaint_read")
    assert "请选结果" in (await officer.does(f"{path}/answer", said="已责令退还")).text
    assert (await officer.does(f"{path}/answer", said="不送就罚款", outcome="partly")).status_code == 409
    answered = await officer.does(f"{path}/answer", said="已责令学校退还", outcome="substantiated")
    assert answered.headers["location"] == "/complaints?said=complaint_answered"
    await office.phones["father"].expects("已责令学校退还")
    sheet = CalamineWorkbook.from_filelike(BytesIO((await officer.http.get("/complaints/export.xlsx")).content))
    assert any(complaint.number in row for row in sheet.get_sheet_by_index(0).to_python())
    assert await events(office, "complaints_exported")


async def test_an_officer_who_also_works_at_the_school_does_not_see_what_is_said_of_it(office: County) -> None:
    officer = await Officer(office, console_of(office)).enters("county_officer")
    entered = await Officer(office, console_of(office)).enters("education_head")
    made = await entered.does("/complaints", said="来访：锁南小学乱收费", school="2162000001")
    number = unquote(made.headers["location"].split("/")[-1].split("?")[0])
    async with office.database.session() as session, session.begin():
        first = (await session.scalars(select(Responsibility).where(Responsibility.role == "principal"))).one()
        session.add(
            Responsibility(
                person_id=office.people["county_officer"], role="attendance_officer", area_code=first.area_code, school_id=first.school_id,
                valid_from=first.valid_from,
            )
        )  # fmt: skip
    assert number not in await officer.sees("/complaints")
    assert (await officer.http.get(f"/complaints/{number}")).status_code == 404
    assert number in await entered.sees("/complaints")
