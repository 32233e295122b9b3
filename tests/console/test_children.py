"""Registers and enrolment on the pages: confidential groups only for those whom the plan names, acts with the refusals of a message."""

from __future__ import annotations

import json
from datetime import date
from io import BytesIO

import pytest
from pypdf import PdfReader
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from storage.tables import EnrolmentGap, Event, HomeLesson, Recording, SchoolClass, Student, StudentCategory
from tests.console.conftest import county
from tests.console.officers import Officer, console_of
from tests.stories.county import County

__all__ = ["county"]


@pytest.fixture
async def child(county: County) -> int:
    """An ordinary child of the class."""
    await county.begin("2026-11-02 08:25")
    return await county.student("马小龙", guardians=["father"])


async def test_a_child_is_put_into_registers_which_are_printed(county: County, child: int) -> None:
    officer = await Officer(county, console_of(county)).enters("attendance_officer")
    at = f"/students/{child}"
    wrong = await officer.does(f"{at}/into", category="left_behind", detail="没有这种")
    assert wrong.status_code == 409
    assert "没有这种" in wrong.text
    assert (await officer.does(f"{at}/into", category="left_behind", detail="双亲留守")).headers["location"] == f"{at}?said=noted"
    assert (await officer.does(f"{at}/into", category="disabled")).status_code == 303
    assert (await officer.does(f"{at}/arrange", arrangement="at_home", evidence="县残联评估")).status_code == 303
    assert (await officer.does(f"{at}/card", studies="能跟上", living="跟奶奶住")).status_code == 303
    assert "送教上门" in await officer.sees("/registers?category=disabled")
    assert "双亲留守" in await officer.sees("/registers?category=left_behind")
    answer = await officer.http.get("/registers/export.xlsx?category=left_behind")
    rows = CalamineWorkbook.from_filelike(BytesIO(answer.content)).get_sheet_by_index(0).to_python()
    assert any("马小龙" in row for row in rows)
    asked = await officer.http.get("/registers/export.xlsx?category=left_behind", headers={"X-Part": "progress"})
    far, named, file = asked.content.split(b"\n", 2)
    assert (json.loads(far), json.loads(named)["file"][:8]) == ({"done": 1, "total": 1}, "register")
    assert CalamineWorkbook.from_filelike(BytesIO(file)).get_sheet_by_index(0).to_python() == rows
    card = await officer.does(f"/registers/cards/{child}")
    assert len(PdfReader(BytesIO(card.content)).pages) >= 1
    await officer.does(f"{at}/out-of", category="left_behind")
    async with county.database.session() as session:
        ended = select(StudentCategory.until).where(StudentCategory.category == "left_behind")
        assert (await session.scalars(ended)).one() is not None
        events = set(await session.scalars(select(Event.action).where(Event.action.in_(("list_exported", "card_printed")))))
    assert events == {"list_exported", "card_printed"}


async def test_whoever_keeps_the_registers_says_what_language_a_family_speaks(county: County, child: int) -> None:
    officer, at = await Officer(county, console_of(county)).enters("attendance_officer"), f"/students/{child}"
    async with county.database.session() as session, session.begin():
        area = {"template": "absence_call", "media_type": "audio/mpeg", "content": b"ID3", "recorded_at": await county.stage.now()}
        session.add(Recording(area_code="622926", language="东乡语", **area))
        session.add(Recording(area_code="6229271", language="撒拉语", **area))  # another county's
    page = await officer.sees(at)
    assert '<option value="东乡语">' in page
    assert "撒拉语" not in page
    father = str(county.people["father"])
    assert (await officer.does(f"{at}/language", guardian=father, language=" 东乡语 ")).headers["location"] == f"{at}?said=noted"
    page = await officer.sees(at)
    assert "家里说 <strong>东乡语</strong>" in page
    assert "还没有这种语言的录音" not in page
    await officer.does(f"{at}/language", guardian=father, language="保安语")
    assert "还没有这种语言的录音，电话里说普通话" in await officer.sees(at)
    stranger = await officer.does(f"{at}/language", guardian=str(county.people["principal"]), language="东乡语")
    assert (stranger.status_code, "不是孩子的家长" in stranger.text) == (409, True)
    village = await Officer(county, console_of(county)).enters("village_committee")
    refused = await village.does(f"{at}/language", guardian=father, language="东乡语")
    assert refused.status_code == 409
    assert "家里说什么话" not in refused.text
    await officer.does(f"{at}/language", guardian=father, language="")
    assert "家里说 <strong>" not in await officer.sees(at)
    async with county.database.session() as session:
        assert len((await session.scalars(select(Event).where(Event.action == "language_set"))).all()) == 3


async def test_the_card_puts_the_familys_word_on_a_lesson_beside_the_teachers(county: County, child: int) -> None:
    officer = await Officer(county, console_of(county)).enters("attendance_officer")
    await officer.does(f"/students/{child}/into", category="disabled")
    told: list[tuple[str, str | None, bool | None]] = [
        ("done", "认数10以内", False), ("not_held", "下大雪", True), ("done", "写字", True), ("asked", None, False),
        ("not_held", "路断了", False),
    ]  # fmt: skip
    async with county.database.session() as session, session.begin():
        teacher = county.people["class_teacher"]
        for day, (state, said, came) in enumerate(told, start=1):
            session.add(HomeLesson(student_id=child, person_id=teacher, planned_on=date(2026, 10, day), state=state, said=said, came=came))
        for day in range(1, 29):  # a winter of planned ones hides nothing
            session.add(HomeLesson(student_id=child, person_id=teacher, planned_on=date(2026, 12, day)))
    card = await officer.does(f"/registers/cards/{child}")
    text = "".join(page.extract_text() for page in PdfReader(BytesIO(card.content)).pages).replace("\n", "").replace(" ", "")
    assert "已上课：认数10以内没来（与教师说的不同）" in text
    assert "未上课：下大雪来过（与教师说的不同）" in text
    assert "已上课：写字来过" in text
    assert text.count("与教师说的不同") == 2
    assert (text.count("2026-12-"), "2026-12-01" in text) == (1, True)
    page = await officer.sees(f"/students/{child}")
    assert (page.count("与教师说的不同"), page.count("家长说没来")) == (2, 3)


async def test_confidential_groups_stay_with_those_whom_the_plan_names(county: County, child: int) -> None:
    app = console_of(county)
    officer = await Officer(county, app).enters("attendance_officer")
    await officer.does(f"/students/{child}/into", category="poor")
    await officer.does(f"/students/{child}/into", category="migrant")
    assert "困难" in await officer.sees(f"/students/{child}")
    township = await Officer(county, app).enters("township_officer")
    page = await township.sees(f"/students/{child}")
    assert "随迁" in page
    assert "困难" not in page
    assert "困难 1" not in await township.sees("/registers?category=poor")
    assert (await township.http.get("/registers/export.xlsx?category=poor")).status_code == 404
    assert (await township.does(f"/registers/cards/{child}")).status_code == 404
    refused = await township.does(f"/students/{child}/into", category="migrant")
    assert refused.status_code == 409
    async with county.database.session() as session:
        assert len((await session.scalars(select(StudentCategory))).all()) == 2


async def test_a_transfer_waits_on_the_page_until_the_child_arrives(county: County, child: int) -> None:
    app = console_of(county)
    principal = await Officer(county, app).enters("principal")
    no_evidence = await principal.does(f"/students/{child}/transfer", school="兰州市第一小学")
    assert no_evidence.status_code == 409
    assert "依据" in no_evidence.text
    done = await principal.does(f"/students/{child}/transfer", school="兰州市第一小学", evidence="转学联系函")
    assert done.status_code == 303
    assert "兰州市第一小学" in await principal.sees("/enrolment")
    assert "转学联系函" in await principal.sees(f"/students/{child}")
    village = await Officer(county, app).enters("village_committee")
    refused = await village.does(f"/students/{child}/arrive", school="锁南镇中心小学", room="三(2)班", evidence="我看见了")
    assert refused.status_code == 409
    async with county.database.session() as session:
        assert (await session.scalars(select(EnrolmentGap.closed_at))).one() is None
        assert (await session.get_one(Student, child)).status == "transferring"


async def test_somebody_is_paired_and_a_teacher_comes_to_the_home(county: County, child: int) -> None:
    officer = await Officer(county, console_of(county)).enters("attendance_officer")
    at, teacher = f"/students/{child}", county.people["class_teacher"]
    assert f"马老师（{teacher}）" in await officer.sees(at)
    unknown = await officer.does(f"{at}/pair", person="没有这个人")
    assert unknown.status_code == 409
    assert "没有找到" in unknown.text
    assert (await officer.does(f"{at}/pair", person=f"马老师（{teacher}）")).status_code == 303
    page = await officer.sees(at)
    assert "结对帮扶：<strong>马老师</strong>" in page
    assert "/lessons" not in page  # only for a child that is taught at home
    await officer.does(f"{at}/into", category="disabled")
    await officer.does(f"{at}/arrange", arrangement="at_home", evidence="县残联评估")
    assert (await officer.does(f"{at}/lessons", person="马老师", until="2026-11-04", times="3")).status_code == 303
    page = await officer.sees(at)
    assert [day in page for day in ("2026-11-04 马老师", "2026-11-11 马老师", "2026-11-18 马老师", "2026-11-25")] == [True] * 3 + [False]
    past = await officer.does(f"{at}/lessons", person="马老师", until="2026-10-01", times="1")
    assert "已经过去" in past.text


async def test_a_child_enters_and_a_class_finishes(county: County, child: int) -> None:
    app = console_of(county)
    principal = await Officer(county, app).enters("principal")
    new = {"number": "G622926201604010025", "school": "锁南镇中心小学", "room": "三(2)班", "evidence": "入学登记5号"}
    refused = await principal.does("/enrolment/enter", **new)
    assert refused.status_code == 409
    assert "请写姓名" in refused.text
    assert "G622926201604010025" in refused.text  # what was typed is not lost
    entered = await principal.does("/enrolment/enter", **new, name="马小云")
    assert "马小云" in await principal.sees(entered.headers["location"])
    early = await principal.does("/enrolment/graduate", school="锁南镇中心小学", room="三(2)班", evidence="毕业名册")
    assert "毕业年级" in early.text
    async with county.database.session() as session, session.begin():
        room = await session.get_one(SchoolClass, county.class_id)
        room.grade, room.name = 6, "六(2)班"
    done = await principal.does("/enrolment/graduate", school="2162000001", room="六(2)班", evidence="毕业名册")
    assert done.headers["location"] == "/enrolment?said=graduated"
    assert "马小云" in await principal.sees("/enrolment?kind=leaver")
    again = await principal.does(f"/students/{child}/enter", school="锁南镇中心小学", room="六(2)班", evidence="留级")
    assert again.status_code == 303
    async with county.database.session() as session:
        assert (await session.get_one(Student, child)).status == "enrolled"
    teacher = await Officer(county, app).enters("village_committee")
    assert "/enrolment/enter" not in await teacher.sees("/enrolment")
    assert (await teacher.does("/enrolment/graduate", school="2162000001", room="六(2)班", evidence="x")).status_code == 409
