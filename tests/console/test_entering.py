"""Who gets into the console, and how often somebody may try."""

from __future__ import annotations

from datetime import date

import httpx
import pytest
from sqlalchemy import select

from storage.tables import ConsoleSession, LoginCode, Message, Responsibility
from tests.console.conftest import county
from tests.console.officers import Officer, console_of
from tests.stories.county import County

__all__ = ["county"]


@pytest.fixture
async def officer(county: County) -> Officer:
    await county.begin("2026-11-02 22:30", roles=("class_teacher", "principal", "township_officer", "county_officer"))
    return Officer(county, console_of(county))


async def test_a_code_comes_at_once_even_at_night_and_opens_once(officer: Officer) -> None:
    await officer.http.get("/login")
    await officer.does("/login", phone=officer.county.phones["principal"].number)
    code = await officer.code("principal")
    assert (await officer.does("/login/code", code=code)).headers["location"] == "/today"
    assert "王校长" in await officer.sees("/today")
    assert (await officer.does("/login/code", code=code)).status_code == 401


async def test_nothing_tells_whether_a_number_is_known(officer: Officer) -> None:
    await officer.http.get("/login")
    stranger = await officer.does("/login", phone="13911112222")
    known = await officer.does("/login", phone=officer.county.phones["principal"].number)
    assert (stranger.status_code, stranger.headers["location"]) == (known.status_code, known.headers["location"])
    other = Officer(officer.county, officer.app)
    await other.http.get("/login")
    await other.does("/login", phone="13911112222")
    wrong = await other.does("/login/code", code="000000")
    assert wrong.status_code == 401
    assert "验证码不对" in wrong.text


async def test_a_guardian_gets_no_code(officer: Officer) -> None:
    await officer.county.student("马小龙", guardians=["father"])
    await officer.http.get("/login")
    await officer.does("/login", phone=officer.county.phones["father"].number)
    await officer.county.stage.settle()
    assert await officer.county.phones["father"].inbox() == []


async def test_a_code_is_for_one_browser_and_five_minutes(officer: Officer) -> None:
    await officer.http.get("/login")
    await officer.does("/login", phone=officer.county.phones["principal"].number)
    code = await officer.code("principal")
    other = Officer(officer.county, officer.app)
    await other.http.get("/login")
    assert (await other.does("/login/code", code=code)).status_code == 401
    await officer.county.stage.advance(minutes=6)
    assert (await officer.does("/login/code", code=code)).status_code == 401


async def test_five_wrong_codes_end_it_and_too_many_asks_are_refused(officer: Officer) -> None:
    await officer.http.get("/login")
    phone = officer.county.phones["principal"].number
    await officer.does("/login", phone=phone)
    code = await officer.code("principal")
    wrong = "000000" if code != "000000" else "111111"
    for _ in range(5):
        assert (await officer.does("/login/code", code=wrong)).status_code == 401
    assert (await officer.does("/login/code", code=code)).status_code == 401
    for _ in range(2):
        assert (await officer.does("/login", phone=phone)).status_code == 303
    assert (await officer.does("/login", phone=phone)).status_code == 429


async def test_the_limits_hold_across_processes(officer: Officer) -> None:
    phone = officer.county.phones["principal"].number
    for _ in range(3):
        other = Officer(officer.county, console_of(officer.county))
        await other.http.get("/login")
        assert (await other.does("/login", phone=phone)).status_code == 303
    last = Officer(officer.county, console_of(officer.county))
    await last.http.get("/login")
    assert (await last.does("/login", phone=phone)).status_code == 429


async def test_the_county_needs_a_second_factor_whose_passwords_count_once(officer: Officer) -> None:
    await officer.enters("county_officer")
    assert "孙科长" in await officer.sees("/today")
    again = Officer(officer.county, officer.app, secret=officer.secret)
    await again.http.get("/login")
    await again.does("/login", phone=officer.county.phones["county_officer"].number)
    assert (await again.does("/login/code", code=await again.code("county_officer"))).headers["location"] == "/login/second"
    assert (await again.http.get("/today")).headers["location"] == "/login"
    page = (await again.http.get("/login/second")).text
    assert "<svg" not in page
    assert (await again.second()).status_code == 401  # the same password
    await officer.county.stage.advance(minutes=1)
    assert (await again.second()).headers["location"] == "/today"


async def test_codes_are_kept_hashed_and_no_reader_finds_the_message(officer: Officer) -> None:
    await officer.http.get("/login")
    await officer.does("/login", phone=officer.county.phones["principal"].number)
    code = await officer.code("principal")
    async with officer.county.database.session() as session:
        kept = (await session.scalars(select(LoginCode))).one()
    assert code.encode() not in kept.code_hash
    async with officer.county.web.reading("6229") as session:
        assert (await session.scalars(select(Message))).all() == []


async def test_sessions_are_listed_ended_and_time_out(officer: Officer) -> None:
    await officer.enters("principal")
    other = Officer(officer.county, officer.app)
    await other.enters("principal")
    async with officer.county.database.session() as session:
        first, second = (await session.scalars(select(ConsoleSession).order_by(ConsoleSession.id))).all()
    assert f"/settings/sessions/{second.id}/end" in await officer.sees("/settings")
    assert (await officer.does(f"/settings/sessions/{second.id}/end")).status_code == 303
    assert (await other.http.get("/today")).headers["location"] == "/login"
    stranger = await Officer(officer.county, officer.app).enters("class_teacher")
    assert (await stranger.does(f"/settings/sessions/{first.id}/end")).status_code == 404
    await officer.county.stage.advance(hours=4)
    assert (await officer.http.get("/today")).headers["location"] == "/login"


async def test_logging_out_ends_the_session_itself(officer: Officer) -> None:
    await officer.enters("principal")
    kept = httpx.Cookies(officer.http.cookies)
    await officer.does("/logout")
    officer.http.cookies = kept
    assert (await officer.http.get("/today")).headers["location"] == "/login"


async def test_only_our_own_pages_may_act(officer: Officer) -> None:
    await officer.enters("principal")
    for path in ("/settings/language", "/logout", "/tasks/1/take", "/ledger/views", "/find"):
        assert (await officer.http.post(path, data={"csrf": "guessed", "chosen": "en", "name": "x", "to": "/ledger"})).status_code == 403


async def test_somebody_out_of_office_is_out(officer: Officer) -> None:
    await officer.enters("principal")
    async with officer.county.database.session() as session, session.begin():
        post = (await session.scalars(select(Responsibility).where(Responsibility.role == "principal"))).one()
        post.valid_until = date(2026, 11, 1)
    assert (await officer.http.get("/today")).headers["location"] == "/login"
