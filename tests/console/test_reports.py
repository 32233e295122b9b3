"""A report on the page: confirmed, corrected, signed in two steps, sent back, exported; only by whom a message would be heard from."""

from __future__ import annotations

from io import BytesIO

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from storage.tables import Event, Student
from tests.console.conftest import county
from tests.console.officers import Officer, console_of
from tests.stories.county import County
from tests.stories.test_reports import month_end, numbers, reports, versions

__all__ = ["county", "month_end"]


@pytest.fixture
async def number(month_end: County) -> int:
    """The school's monthly report."""
    return (await reports(month_end))["school"].id


async def test_a_report_is_confirmed_then_signed_in_two_steps(month_end: County, number: int) -> None:
    app = console_of(month_end)
    officer = await Officer(month_end, app).enters("attendance_officer")
    assert "待您核对" in await officer.sees("/reports")
    page = await officer.sees(f"/reports/{number}")
    assert "马小龙" in page
    assert "核对无误" in page
    assert (await officer.does(f"/reports/{number}/sign")).status_code == 409
    done = await officer.does(f"/reports/{number}/confirm", of_age="6", suspected="1", dropout="0")
    assert done.headers["location"] == f"/reports/{number}?said=report_confirmed"
    principal = await Officer(month_end, app).enters("principal")
    first = await principal.does(f"/reports/{number}/sign")
    assert first.status_code == 200
    assert "确认签字上报" in first.text
    assert (await reports(month_end))["school"].state == "confirmed"
    old = await principal.does(f"/reports/{number}/sign", confirmed="7")
    assert "确认签字上报" in old.text  # another version than the one that was shown is shown first
    assert (await principal.does(f"/reports/{number}/sign", confirmed="1")).status_code == 303
    assert (await reports(month_end))["school"].state == "submitted"
    assert "王校长" in await principal.sees(f"/reports/{number}")


async def test_a_correction_needs_its_reason_and_is_a_new_version_after_the_signature(month_end: County, number: int) -> None:
    app = console_of(month_end)
    officer = await Officer(month_end, app).enters("attendance_officer")
    refused = await officer.does(f"/reports/{number}/confirm", of_age="6", suspected="0", dropout="1")
    assert refused.status_code == 409
    assert "请写明理由" in refused.text
    assert 'name="suspected" min="0" required value="0"' in refused.text  # what was typed stands where it was typed
    too_many = await officer.does(
        f"/reports/{number}/confirm", of_age="6", suspected="6", dropout="1", why_suspected="数错了", why_dropout="数错了"
    )
    assert "不能超过适龄人数" in too_many.text
    await officer.does(
        f"/reports/{number}/confirm", of_age="6", suspected="0", dropout="1", why_suspected="已满二十天", why_dropout="已满二十天"
    )
    assert numbers((await versions(month_end, "school"))[0].stated) == (6, 0, 1)
    principal = await Officer(month_end, app).enters("principal")
    await principal.does(f"/reports/{number}/sign", confirmed="1")
    await officer.does(f"/reports/{number}/confirm", of_age="6", suspected="1", dropout="0", why_suspected="又核对了一次")
    found = await versions(month_end, "school")
    assert [numbers(one.stated) for one in found] == [(6, 0, 1), (6, 1, 0)]
    page = await officer.sees(f"/reports/{number}")
    assert "第 2 版" in page
    assert "已满二十天" in page


async def test_whoever_signs_may_send_it_back_with_a_reason(month_end: County, number: int) -> None:
    app = console_of(month_end)
    officer = await Officer(month_end, app).enters("attendance_officer")
    await officer.does(f"/reports/{number}/confirm", of_age="6", suspected="1", dropout="0")
    principal = await Officer(month_end, app).enters("principal")
    assert "退回请写明理由" in (await principal.does(f"/reports/{number}/send-back")).text
    assert (await principal.does(f"/reports/{number}/send-back", reason="少报一名")).status_code == 303
    assert (await reports(month_end))["school"].state == "asked"
    assert "少报一名" in await officer.sees(f"/reports/{number}")


async def test_each_sees_and_decides_only_what_is_theirs(month_end: County, number: int) -> None:
    app = console_of(month_end)
    teacher = await Officer(month_end, app).enters("class_teacher")
    assert (await teacher.http.get(f"/reports/{number}")).status_code == 404
    assert (await teacher.does(f"/reports/{number}/confirm", of_age="6", suspected="1", dropout="0")).status_code == 404
    township = await Officer(month_end, app).enters("township_officer")
    page = await township.sees(f"/reports/{number}")
    assert "马小龙" in page
    assert "核对无误" not in page
    refused = await township.does(f"/reports/{number}/confirm", of_age="6", suspected="1", dropout="0")
    assert "不在您名下" in refused.text
    assert (await reports(month_end))["school"].state == "asked"


async def test_late_ones_stand_first_and_a_period_is_exported_on_the_record(month_end: County, number: int) -> None:
    await month_end.after_outage("2026-12-04 10:00")
    county_officer = await Officer(month_end, console_of(month_end)).enters("county_officer")
    page = await county_officer.sees("/reports?kind=monthly")
    assert "逾期未报" in page
    answer = await county_officer.http.get("/reports/export.xlsx?kind=monthly&since=2026-11-01")
    book = CalamineWorkbook.from_filelike(BytesIO(answer.content))
    assert "控辍保学月报·学校" in book.sheet_names
    async with month_end.database.session() as session:
        event = (await session.scalars(select(Event).where(Event.action == "list_exported"))).one()
    assert event.subject == "list:reports"


async def test_what_has_changed_since_the_count_is_shown_and_counted_anew(month_end: County, number: int) -> None:
    async with month_end.database.session() as session, session.begin():
        (await session.get_one(Student, month_end.students["同学0"])).status = "moved_abroad"
    officer = await Officer(month_end, console_of(month_end)).enters("attendance_officer")
    assert "适龄6改为5" in await officer.sees(f"/reports/{number}")
    done = await officer.does(f"/reports/{number}/recount")
    assert done.headers["location"] == f"/reports/{number}?said=report_recounted"
    assert [numbers(one.computed) for one in await versions(month_end, "school")] == [(6, 1, 0), (5, 1, 0)]
    page = await officer.sees(f"/reports/{number}")
    assert "适龄6改为5" not in page
    assert "没有变动" in (await officer.does(f"/reports/{number}/recount")).text
