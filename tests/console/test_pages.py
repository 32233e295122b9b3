"""Officials look, decide and account: each in their own area, with the refusals that a message would have got."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from io import BytesIO
from pathlib import Path

import pytest
from fastapi.routing import APIRoute
from httpx import URL
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from cases import endings, finishing
from console import acts, live_route
from console.live import News
from console.pages import MENU, ROUTERS
from console.words import page_data
from storage.tables import Area, CaseFile, Event, PersonContact, Responsibility, School, SchoolClass, Student
from tests.console.conftest import county
from tests.console.officers import Officer, away_for_days, console_of
from tests.stories.county import County

__all__ = ["county"]
ROLES = ("class_teacher", "attendance_officer", "principal", "village_committee", "township_officer", "township_head", "county_officer")
ROUTES = [route for router in (live_route.router, *ROUTERS) for route in router.routes if isinstance(route, APIRoute)]
FOREIGN = "外乡孩子"


@pytest.fixture
async def office(county: County) -> County:
    """A child who has been away for days, and another with a case in another county of the same prefecture."""
    await away_for_days(county, ROLES)
    await _elsewhere(county)
    return county


async def _elsewhere(county: County) -> None:
    """Linxia City: its own area, school, child and case."""
    async with county.database.session() as session, session.begin():
        session.add(Area(code="622901", name="临夏市", level="county", parent_code="6229"))
        await session.flush()
        school = School(code="2162009999", name="外乡小学", stage="primary", area_code="622901")
        session.add(school)
        await session.flush()
        room = SchoolClass(school_id=school.id, grade=3, number="1", name="三(1)班", area_code="622901")
        session.add(room)
        await session.flush()
        child = Student(
            register_index=b"far", register_number_encrypted=county.cipher.encrypt("G1"), name=FOREIGN, name_pinyin="waixiang",
            school_id=school.id, class_id=room.id, area_code="622901", school_area_code="622901",
        )  # fmt: skip
        session.add(child)
        await session.flush()
        near = (await session.scalars(select(CaseFile))).one()
        session.add(
            CaseFile(
                number="外乡2026-0001", student_id=child.id, school_id=school.id, class_id=room.id, area_code="622901",
                school_area_code="622901", plan_version_id=near.plan_version_id, state="open", level=3, opened_at=near.opened_at,
                first_absent_on=near.first_absent_on,
            )
        )  # fmt: skip
        county.students[FOREIGN] = child.id


async def foreign_case(county: County) -> int:
    async with county.database.session() as session:
        return (await session.scalars(select(CaseFile.id).where(CaseFile.number.startswith("外乡")))).one()


def address(route: APIRoute, number: int) -> str:
    """The route's address with this number in every place."""
    return re.sub(r"\{(\w+)\}", lambda found: str(number) if found[1].endswith("_id") else "register", route.path)


async def test_whoever_is_not_logged_in_gets_to_the_log_in_from_every_route(office: County) -> None:
    guest = Officer(office, console_of(office))
    await guest.http.get("/login")
    for route in ROUTES:
        for method in route.methods or ():
            data = {"csrf": guest.token, "to": "1", "until": "2026-11-06", "name": "x", "chosen": "1"} if method == "POST" else None
            answer = await guest.http.request(method, address(route, 1), data=data, headers={"X-CSRF-Token": guest.token})
            to_login = answer.status_code == 303 and answer.headers["location"] == "/login"
            assert to_login or answer.status_code == 401, f"{method} {route.path}: {answer.status_code}"


async def test_each_role_sees_its_own_and_nothing_else_on_every_page(office: County) -> None:
    case, far = await office.case("马小龙"), await foreign_case(office)
    app = console_of(office)
    for role in ("class_teacher", "principal", "village_committee", "township_officer", "county_officer"):
        officer = await Officer(office, app).enters(role)
        assert "马小龙" in await officer.sees(f"/cases/{case.id}")
        assert "马小龙" in await officer.sees("/ledger?state=all")
        await _sees_nothing_foreign(officer, far)


async def _sees_nothing_foreign(officer: Officer, far: int) -> None:
    child = officer.county.students[FOREIGN]
    looking = URL(await officer.looks_for("/ledger", q="waixiang", state="all")).params
    for route in ROUTES:
        if "GET" not in (route.methods or ()) or route.path == "/live":
            continue
        for number in (far, child):
            answer = await officer.http.get(address(route, number), params=looking)
            assert answer.status_code in {200, 303, 404}, f"{route.path}: {answer.status_code}"
            assert FOREIGN not in answer.text, route.path
            assert "外乡2026" not in answer.text, route.path
    assert (await officer.http.get(f"/cases/{far}")).status_code == 404
    assert (await officer.http.get(f"/students/{child}")).status_code == 404
    opened = await officer.http.post(f"/open/student/{child}/register", headers={"X-CSRF-Token": officer.token})
    assert opened.status_code == 404


async def test_every_page_of_the_menu_speaks_both_languages(office: County) -> None:
    officer = await Officer(office, console_of(office)).enters("township_officer")
    chinese = {entry.path: await officer.sees(entry.path) for entry in MENU}
    await officer.does("/settings/language", chosen="en")
    for path, page in chinese.items():
        assert 'lang="zh-CN"' in page
        assert "今日" in page
        assert "Today" in await officer.sees(path)


async def test_a_task_is_taken_and_done_on_the_page_and_the_story_says_so(office: County) -> None:
    officer = await Officer(office, console_of(office)).enters("township_officer")
    task = await office.task("issue_notice")
    assert (await officer.does(f"/tasks/{task.id}/take")).status_code == 303
    assert "已收到" in await officer.sees("/tasks")
    refused = await officer.does(f"/tasks/{task.id}/done", said="先等等")
    assert refused.status_code == 409
    assert "请写明是否签发" in refused.text
    assert "先等等" in refused.text
    assert (await officer.does(f"/tasks/{task.id}/done", said="签发")).headers["location"] == "/tasks?said=done"
    assert (await office.notices())[0].issued_at is not None
    assert (await office.task("issue_notice")).ended_by == office.people["township_officer"]
    assert "赵干事" in await officer.sees(f"/cases/{task.case_id}")
    late = await officer.does(f"/tasks/{task.id}/done", said="签发")
    assert late.status_code == 409


async def test_who_does_not_hold_a_task_cannot_end_it(office: County) -> None:
    task = await office.task("issue_notice")
    head = await Officer(office, console_of(office)).enters("township_head")
    assert (await head.does(f"/tasks/{task.id}/done", said="签发")).status_code == 409
    teacher = await Officer(office, console_of(office)).enters("village_committee")
    assert (await teacher.does(f"/tasks/{task.id}/done", said="签发")).status_code in {404, 409}
    assert (await office.notices())[0].issued_at is None


async def test_a_task_is_handed_on_only_within_the_area_and_put_off_only_with_a_reason(office: County) -> None:
    officer = await Officer(office, console_of(office)).enters("township_officer")
    task = await office.task("issue_notice")
    outside = await officer.does(f"/tasks/{task.id}/hand-on", to=str(office.people["county_officer"]))
    assert outside.status_code == 409
    assert "不在您的责任范围内" in outside.text
    no_reason = await officer.does(f"/tasks/{task.id}/later", until="2026-11-06", said="")
    assert no_reason.status_code == 409
    sooner = await officer.does(f"/tasks/{task.id}/later", until=f"{task.due_at - timedelta(days=1):%Y-%m-%d}", said="在办")
    assert (sooner.status_code, "期限不变" in sooner.text) == (409, True)
    assert (await officer.does(f"/tasks/{task.id}/hand-on", to=str(office.people["township_head"]))).status_code == 303
    await office.phones["township_head"].expects(task.code)


async def test_a_masked_number_opens_by_a_click_that_is_recorded(office: County) -> None:
    officer = await Officer(office, console_of(office)).enters("township_officer")
    number = office.phones["father"].number.removeprefix("+86")
    page = await officer.sees(f"/cases/{(await office.case('马小龙')).id}")
    assert number not in page
    async with office.database.session() as session:
        contact = (await session.scalars(select(PersonContact.contact_id).where(PersonContact.person_id == office.people["father"]))).one()
    opened = await officer.http.post(f"/open/contact/{contact}", headers={"X-CSRF-Token": officer.token})
    assert opened.json() == {"text": number}
    async with office.database.session() as session:
        event = (await session.scalars(select(Event).where(Event.action == "number_opened"))).one()
    assert (event.actor, event.subject) == (f"person:{office.people['township_officer']}", f"contact:{contact}")
    assert (await officer.http.post("/open/contact/99999", headers={"X-CSRF-Token": officer.token})).status_code == 404


async def test_the_ledger_is_filtered_kept_as_a_view_and_exported_on_the_record(office: County) -> None:
    officer = await Officer(office, console_of(office)).enters("county_officer")
    assert "马小龙" in await officer.finds("/ledger", q="马小", level="")
    assert "没有符合条件的台账" in await officer.finds("/ledger", q="没有这个人")
    looking = URL(await officer.looks_for("/ledger", q="马小", state="all")).query.decode()
    kept = await officer.does(f"/ledger/views?{looking}", name="马家的")
    assert "马小龙" in await officer.sees(kept.headers["location"])
    view = re.search(r'href="([^"]+)">马家的', await officer.sees("/ledger"))
    assert view is not None
    assert 'value="马小"' in await officer.sees(unescape(view[1]))
    answer = await officer.http.get(f"/ledger/export.xlsx?{looking}")
    sheet = CalamineWorkbook.from_filelike(BytesIO(answer.content)).get_sheet_by_index(0).to_python()
    assert sheet[2][1] == "马小龙"
    async with office.database.session() as session:
        event = (await session.scalars(select(Event).where(Event.action == "list_exported"))).one()
    assert event.facts == {"count": 1, "filters": {"q": True, "state": "all"}}  # the record outlives names


def test_whatever_forbids_that_a_task_is_done_is_a_sentence_on_its_page() -> None:
    sources = [Path(finishing.__file__), *Path(endings.__file__).parent.glob("*.py"), Path(acts.__file__)]
    code = "".join(source.read_text(encoding="utf-8") for source in sources)
    keys = set(re.findall(r'(?:Refusal\(|return )"([a-z_]+)"', code))
    keys |= {f"referral_{why}" for why in ("closed", "no_kind", "not_its_department", "not_entitled", "already")}
    keys |= {"say_delivery", "say_delivered", "say_left", "say_other_way", "say_paid", "paid_before", "not_paid_yet"}
    assert len(keys) > 25
    assert keys <= set(page_data("pages/frame")["refusals"])


async def test_what_no_column_can_hold_is_the_callers_mistake(office: County) -> None:
    officer = await Officer(office, console_of(office)).enters("township_officer")
    for path, field in (("/students", "q"), ("/ledger", "q"), ("/people", "q"), ("/record", "case"), ("/registers", "q")):
        assert (await officer.http.get(await officer.looks_for(path, **{field: "马\0"}))).status_code == 422, path


async def test_a_child_is_found_by_name_pinyin_number_and_phone(office: County) -> None:
    officer = await Officer(office, console_of(office)).enters("township_officer")
    number = (await office.case("马小龙")).number
    for q in ("马小", number[-4:], office.phones["father"].number):
        answer = await officer.http.get(await officer.looks_for("/students", q=q), follow_redirects=True)
        assert "马小龙" in answer.text, q
    assert "没有找到" in await officer.finds("/students", q=FOREIGN)


async def test_somebody_with_two_posts_looks_in_one_at_a_time(office: County) -> None:
    async with office.database.session() as session, session.begin():
        first = (await session.scalars(select(Responsibility).where(Responsibility.role == "class_teacher"))).one()
        second = Responsibility(person_id=first.person_id, role="principal", area_code="622901", valid_from=first.valid_from)
        second.school_id = (await session.scalars(select(School.id).where(School.name == "外乡小学"))).one()
        session.add(second)
        await session.flush()
        posts = first.id, second.id
    officer = await Officer(office, console_of(office)).enters("class_teacher")
    for post, seen, unseen in ((posts[1], FOREIGN, "马小龙"), (posts[0], "马小龙", FOREIGN)):
        await officer.does("/settings/post", chosen=str(post))
        page = await officer.sees("/ledger?state=all")
        assert seen in page
        assert unseen not in page
    assert (await officer.does("/settings/post", chosen="99999")).status_code == 404


async def test_news_reaches_whom_it_concerns(office: County) -> None:
    news = News()
    async with news.listening(office.web):
        stream = news.stream("622926100")
        assert await anext(stream) == "retry: 3000\n\n"
        news.tell("622901")
        await office.phones["father"].replies("3")
        assert (await anext(stream)).startswith("event: changed")
        await stream.aclose()
