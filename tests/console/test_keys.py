"""Keys of other systems on their page: by the county's office only, shown once, ended at once."""

from __future__ import annotations

import re

import httpx
import pytest
from sqlalchemy import select

from storage.tables import ApiHook, ApiKey, Event
from tests.console.conftest import county
from tests.console.officers import Officer, console_of
from tests.stories.county import County

__all__ = ["county"]


@pytest.fixture
async def bureau(county: County) -> Officer:
    await county.begin("2026-11-02 08:35", roles=("principal", "township_officer", "county_officer"))
    return await Officer(county, console_of(county)).enters("county_officer")


def secrets_in(page: str) -> list[str]:
    return re.findall(r"fx_[0-9a-f]{10}_[\w-]{20,}", page)


async def calls(officer: Officer, secret: str) -> int:
    """How the API answers a call with this key."""
    transport = httpx.ASGITransport(app=officer.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test", headers={"Authorization": f"Bearer {secret}"}) as http:
        return (await http.post("/api/v1/cases/status", json={"case_number": "622926-2026-00001"})).status_code


async def test_a_key_is_made_in_the_makers_name_shown_once_and_ended_at_once(bureau: Officer) -> None:
    made = await bureau.does("/keys", name="学籍系统", scopes="cases")
    (secret,) = secrets_in(made.text)
    assert await calls(bureau, secret) == 200
    page = await bureau.sees("/keys")
    assert secret not in page
    assert "学籍系统" in page
    assert "孙科长" in page
    async with bureau.county.database.session() as session:
        key = (await session.scalars(select(ApiKey))).one()
        assert (key.person_id, key.area_code, key.scopes) == (bureau.county.people["county_officer"], "622926", ["cases"])
    assert (await bureau.does(f"/keys/{key.id}/revoke")).headers["location"] == "/keys?said=key_revoked"
    assert await calls(bureau, secret) == 401
    async with bureau.county.database.session() as session:
        events = (await session.scalars(select(Event).where(Event.action.startswith("api_key_")))).all()
        assert {event.actor for event in events} == {f"person:{bureau.county.people['county_officer']}"}


async def test_a_schools_key_has_no_hooks_and_other_areas_have_no_key_from_here(bureau: Officer) -> None:
    refused = await bureau.http.post(
        "/keys", data={"csrf": bureau.token, "name": "校园考勤", "school": "锁南镇中心小学", "scopes": ["hooks"]}
    )
    assert refused.status_code == 409
    assert "校园考勤" in refused.text  # what was typed stands where it was typed
    assert "不归您负责" in (await bureau.does("/keys", name="别的县", area="622901", scopes="cases")).text
    assert "至少选一项" in (await bureau.does("/keys", name="没有权限")).text
    assert secrets_in((await bureau.does("/keys", name="校园考勤", school="2162000001", scopes="attendance")).text)
    async with bureau.county.database.session() as session:
        assert (await session.scalars(select(ApiKey.school_id))).all() == [bureau.county.school_id]


async def test_a_township_neither_sees_nor_makes_keys(bureau: Officer) -> None:
    await bureau.does("/keys", name="学籍系统", scopes="cases")
    township = await Officer(bureau.county, bureau.app).enters("township_officer")
    page = await township.sees("/keys")
    assert "学籍系统" not in page
    assert "县教育局控辍办" in page
    assert (await township.does("/keys", name="x", scopes="cases")).status_code == 409
    assert (await township.does("/keys/1/revoke")).status_code == 404


async def test_a_stopped_hook_goes_on_by_a_click(bureau: Officer) -> None:
    await bureau.does("/keys", name="学籍系统", scopes="hooks")
    async with bureau.county.database.session() as session, session.begin():
        key = (await session.scalars(select(ApiKey))).one()
        hook = ApiHook(
            area_code="622926", key_id=key.id, url="https://school.example/x", kinds=["case_opened"], secret_encrypted=b"x",
            state="stopped", created_at=key.created_at,
        )  # fmt: skip
        session.add(hook)
    assert "已停" in await bureau.sees("/keys")
    assert (await bureau.does(f"/keys/hooks/{hook.id}/resume")).status_code == 303
    assert "正常" in await bureau.sees("/keys")
    await bureau.does(f"/keys/hooks/{hook.id}/end")
    assert "school.example" not in await bureau.sees("/keys")
