"""Long lists come in pieces that lose nothing; the search finds people and places; what is counted at night is shown with its time."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, event, select, update
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from cases.away_counts import count_weeks, counted_days, past_sundays
from cases.plans import plan_in_force
from cases.supervising.kept import count_supervision
from console.pages.tasks import FEW, PER_PIECE
from console.paging import PER_PIECE as PIECE
from console.sending import Compressed, static
from storage.tables import (
    Activity,
    ActivityPlan,
    Complaint,
    Contact,
    KeptCount,
    Person,
    PersonContact,
    Responsibility,
    School,
    Task,
    TaskHolder,
)
from storage.work import working
from tests.console.conftest import county
from tests.console.officers import Officer, away_for_days, console_of
from tests.stories.county import County

__all__ = ["county"]
ROLES = ("class_teacher", "principal", "township_officer", "county_officer", "education_head", "prefecture_officer")
MANY = PER_PIECE + 5


@pytest.fixture
async def office(county: County) -> County:
    await away_for_days(county, ROLES)
    return county


async def _owe(office: County, role: str, numbers: range) -> None:
    """So many tasks more, one a minute."""
    async with working(office.database, await office.stage.now()) as work:
        version = (await plan_in_force(work.session))[0]
        for number in numbers:
            due = work.now + timedelta(days=2, minutes=number)
            task = Task(
                key=f"more:{number}", kind="home_visit", role=role, code=f"Z{number}", area_code="622926100",
                plan_version_id=version, opened_at=work.now, due_at=due, alerted_at=work.now, facts={},
            )  # fmt: skip
            work.session.add(task)
            await work.session.flush()
            work.session.add(TaskHolder(task_id=task.id, person_id=office.people[role], why="holder", since=work.now))


def _codes(page: str) -> list[str]:
    return re.findall(r'class="code" title="(Z\d+)"', page)


async def test_a_list_goes_on_where_it_ended_whatever_comes_in_between(office: County) -> None:
    await _owe(office, "township_officer", range(100, 100 + MANY))
    officer = await Officer(office, console_of(office)).enters("township_officer")
    first = await officer.sees("/tasks")
    onward = re.search(r'href="(/tasks\?after=[^"]+)"', first)
    assert onward is not None
    await _owe(office, "township_officer", range(10, 13))  # due before all the others: a page by numbers would show some twice
    second = await officer.sees(onward[1].replace("&amp;", "&"))
    shown = [*_codes(first), *_codes(second)]
    assert len(shown) == len(set(shown)) == MANY
    assert "回到开头" in second
    assert f"共 {MANY + 4} 条" in second  # with the three new ones, and the notice to be issued
    for nonsense in ("x", "1~2", "2026-11-05T00:00:00+00:00~-1", "~".join("9" * 40 for _ in range(2))):
        assert _codes(await officer.sees(f"/tasks?after={nonsense}"))[:1] == ["Z10"]


async def _complain(office: County, number: int, state: str) -> None:
    """The lower the number, the later it has to be answered."""
    async with working(office.database, await office.stage.now()) as work:
        due = work.now + timedelta(days=20, minutes=-number)
        work.session.add(Complaint(
            number=f"T{number:03}", kind="other", area_code="622926", state=state, received_at=work.now, acknowledge_by=due, answer_by=due,
            outcome="partly" if state == "answered" else None,
        ))  # fmt: skip


@asynccontextmanager
async def _rows_read(table: str) -> AsyncIterator[list[int]]:
    """How many rows each statement on this table brought meanwhile."""
    read: list[int] = []

    def note(_: Any, cursor: Any, statement: str, *__: Any) -> None:
        if f" {table}" in statement and statement.startswith("SELECT"):
            read.append(cursor.rowcount)

    event.listen(Engine, "after_cursor_execute", note)
    yield read
    event.remove(Engine, "after_cursor_execute", note)


async def test_of_complaints_one_piece_is_read_those_that_wait_first_and_the_counts_are_of_all(office: County) -> None:
    for number in range(1, PIECE + 6):
        await _complain(office, number, "answered" if number % 2 else "received")
    officer = await Officer(office, console_of(office)).enters("county_officer")
    async with _rows_read("complaint") as read:
        first = await officer.sees("/complaints")
    assert max(read) == PIECE + 1  # one more tells that there is a next piece
    onward = re.search(r'href="(/complaints\?after=[^"]+)"', first)
    assert onward is not None
    shown = [*re.findall(r">(T\d+)</a>", first), *re.findall(r">(T\d+)</a>", await officer.sees(onward[1].replace("&amp;", "&")))]
    waiting, ended = [f"T{number:03}" for number in range(54, 0, -2)], [f"T{number:03}" for number in range(55, 0, -2)]
    assert shown == [*waiting, *ended]
    assert f"{len(waiting)} 件待办" in first
    assert re.search(rf'<td class="number">{PIECE + 5}</td><td class="number">{len(ended)}</td><td class="number">{len(ended)}</td>', first)


async def test_of_activities_one_piece_of_the_places_is_read_and_the_sums_are_of_all(office: County) -> None:
    async with office.database.session() as session, session.begin():
        for number in range(PIECE + 5):
            session.add(School(code=f"2162001{number:03}", name=f"第{number}小学", area_code="622926100201", stage="primary"))
        await session.flush()
        ids = (await session.scalars(select(School.id).order_by(School.id))).all()
        for place, school_id in enumerate(ids):
            told = {"school_id": school_id, "area_code": "622926100201"}
            session.add(ActivityPlan(**told, year=2026, number=place, set_by=office.people["principal"], set_at=await office.stage.now()))
            for kind in ("poster", "poster", "broadcast"):
                session.add(Activity(
                    **told, kind=kind, held_on=date(2026, 10, 12), place="校门口", recorded_by=office.people["principal"],
                    recorded_at=await office.stage.now(),
                ))  # fmt: skip
    officer = await Officer(office, console_of(office)).enters("county_officer")
    async with _rows_read("activity") as read:
        first = await officer.sees("/activities")
    places, held = len(ids) + 1, 3 * len(ids)  # the township has a line of its own
    assert max(read) <= 2 * PIECE  # two kinds of each place that is shown
    onward = re.search(r'href="(/activities\?after=[^"]+)"', first)
    assert onward is not None
    second = await officer.sees(onward[1].replace("&amp;", "&"))
    names = [name for page in (first, second) for name in re.findall(r'<td data-label="单位">([^<]+)</td>', page)]
    assert (len(names), len(set(names)), names[0]) == (places, places, "锁南镇")
    assert f"共 {places} 条" in second
    missing = sum(max(0, place - 3) for place in range(len(ids)))
    for number in (sum(range(len(ids))), held, missing):
        assert f">{number}<" in second
    assert "海报 2、广播 1" in first


async def test_the_search_finds_people_and_places_of_ones_own_by_name_pinyin_and_telephone(office: County) -> None:
    app = console_of(office)
    async with office.database.session() as session, session.begin():
        await session.execute(update(Person).where(Person.id == office.people["principal"]).values(name_pinyin="wang xiaozhang"))
    officer = await Officer(office, app).enters("township_officer")
    for said in ("王校", "wangxiao", "Wang Xiao", office.phones["principal"].number.removeprefix("+86")):
        assert "王校长" in await officer.finds("/students", q=said), said
    async with office.database.session() as session:
        school = (await session.scalars(select(School))).one()
    for said in ("锁南", "suonan", "sn"):
        page = await officer.finds("/students", q=said)
        assert 'href="/areas/622926100"' in page, said
    assert f'href="/areas/schools/{school.id}"' in await officer.finds("/students", q=school.name[:3])
    assert "<strong>孙科长</strong>" not in await officer.finds("/students", q="孙科长")  # of the county
    teacher = await Officer(office, app).enters("class_teacher")
    assert 'href="/areas/622926100"' not in await teacher.finds("/students", q="suonan")


async def test_where_colleagues_are_many_one_is_looked_for(office: County) -> None:
    async with office.database.session() as session, session.begin():
        for number in range(FEW + 5):
            person = Person(name=f"白{number}", name_pinyin=f"bai{number}", area_code="622926100")
            contact = Contact(
                kind="phone", address_encrypted=office.cipher.encrypt(f"+8613100000{number:03}"), address_index=f"{number}".encode()
            )
            session.add_all([person, contact])
            await session.flush()
            session.add(PersonContact(person_id=person.id, contact_id=contact.id))
            session.add(Responsibility(person_id=person.id, role="township_head", area_code="622926100", valid_from=date(2026, 9, 1)))
    officer = await Officer(office, console_of(office)).enters("township_officer")
    task = await office.task("issue_notice")
    assert f'href="/tasks/{task.id}/hand-on"' in await officer.sees("/tasks")
    found = await officer.finds(f"/tasks/{task.id}/hand-on", q="bai7")
    one = re.search(r'name="to" value="(\d+)" aria-label="转给 白7"', found)
    assert one is not None
    assert "白8" not in found
    assert "孙科长" not in await officer.finds(f"/tasks/{task.id}/hand-on", q="孙")  # of the county: not theirs to ask
    assert (await officer.does(f"/tasks/{task.id}/hand-on", to=one[1])).status_code == 303
    assert (await officer.http.get(f"/tasks/{task.id}/hand-on")).status_code == 404  # no longer theirs


async def test_the_weeks_counted_at_night_are_what_the_day_counts(office: County) -> None:
    await office.after_outage("2026-12-08 15:02")
    officer = await Officer(office, console_of(office)).enters("prefecture_officer")
    live = _course(await officer.sees("/areas"))
    async with working(office.database, await office.stage.now()) as work:
        _, plan = await plan_in_force(work.session)
        today = date(2026, 12, 8)
        assert await count_weeks(work, plan, today, least=0) == len(past_sundays(today))
        assert await count_weeks(work, plan, today, least=0) == 0  # once
        assert (await counted_days(work, "622926", past_sundays(today)))[date(2026, 12, 6)] == (0, 1)
    assert _course(await officer.sees("/areas")) == live
    assert ("12-06", "1", "0") in live


def _course(page: str) -> list[tuple[str, str, str]]:
    table = page.split('id="course"')[1].split("</table>")[0]
    return re.findall(r"<td>(\d\d-\d\d)</td>.*?>(\d+)</td>.*?>(\d+)</td>", table)


async def test_a_decision_stands_at_once_in_the_sheet_that_the_night_counted(office: County) -> None:
    async with working(office.database, await office.stage.now()) as work:
        _, plan = await plan_in_force(work.session)
        assert await count_supervision(work, plan, date(2026, 11, 5), least=0) == 2
        await work.session.execute(update(KeptCount).values(counted_at=work.now - timedelta(hours=9)))
    head = await Officer(office, console_of(office)).enters("education_head")
    assert "的统计" in await head.sees("/supervision?view=year")
    post = f"{office.people['principal']}:principal:622926100201:{office.school_id}"
    assert (await head.does("/supervision/decide", post=post, said="本年合格", sure="yes")).status_code == 303
    assert "本年合格" in await head.sees("/supervision?view=year")
    assert "的统计" in await head.sees("/supervision?view=commend")


async def test_what_another_site_may_have_caused_is_not_compressed() -> None:
    async def page(_: object) -> PlainTextResponse:
        return PlainTextResponse("返校" * 2000)

    app = Compressed(Starlette(routes=[Route("/", page)]))
    for address, caused_by, is_small in (
        ("https://test", "same-origin", True), ("https://test", "none", True), ("https://test", "cross-site", False),
        ("https://test", "same-site", False), ("https://test", "", False), ("http://test", "", True),
    ):  # fmt: skip
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=address) as http:
            answer = await http.get("/", headers={"Sec-Fetch-Site": caused_by} if caused_by else {})
        assert (answer.headers.get("content-encoding") == "gzip") is is_small, (address, caused_by)


async def test_static_files_are_kept_under_the_address_that_names_their_content(office: County) -> None:
    officer = Officer(office, console_of(office))
    page = (await officer.http.get("/login")).text
    assert static("console.css") in page
    named = await officer.http.get(static("console.css"))
    assert named.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert named.headers["content-encoding"] == "gzip"
    assert (await officer.http.get("/static/console.css")).headers["cache-control"] == "no-cache"
