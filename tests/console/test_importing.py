"""Imports on their page: checked first, mended in place, taken in by the named office only, within its area, and the file is gone after."""

from __future__ import annotations

import asyncio
from datetime import date
from io import BytesIO
from typing import Any

import httpx
import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from console import importing
from storage.database import Database
from storage.tables import Area, Event, ImportJob, Person, PersonContact, Responsibility, School, Student, StudentCategory
from tests.console.conftest import county
from tests.console.officers import Officer, console_of
from tests.console.outside import number
from tests.stories.county import County

__all__ = ["county"]
ROLES = ("class_teacher", "township_officer", "county_officer", "education_head")
HEAD = "学校标识码,学校名称,学校类型,行政区划代码\n"
GOOD = HEAD + "2162000777,锁南镇第二小学,小学,622926100201\n"
MIXED = GOOD + "2162000779,坏代码小学,小学,999999\n"
FOREIGN = HEAD + "2162000778,外乡小学,小学,622901001\n"


@pytest.fixture
async def officer(county: County) -> Officer:
    await county.begin("2026-11-02 09:00", roles=ROLES)
    return await Officer(county, console_of(county)).enters("county_officer")


async def hand_in(officer: Officer, text: str, kind: str = "schools", name: str = "学校.csv") -> httpx.Response:
    file = {"file": (name, text.encode(), "text/csv")}
    return await officer.http.post("/import", data={"csrf": officer.token, "kind": kind}, files=file)


async def ended(officer: Officer, path: str) -> str:
    """The page once nobody works on it any more."""
    for _ in range(100):
        page = await officer.sees(path)
        if "data-again" not in page:
            return page
        await asyncio.sleep(0.05)
    raise AssertionError(page)


async def schools(county: County) -> int:
    async with county.database.session() as session:
        return await session.scalar(select(func.count()).select_from(School)) or 0


async def test_checked_mended_and_taken_in_and_the_file_is_gone(officer: Officer) -> None:
    county, before = officer.county, await schools(officer.county)
    path = (await hand_in(officer, MIXED)).headers["location"]
    page = await ended(officer, path)
    for shown in ("已检查，未写入", "行政区划代码", ">3<", "确认导入"):
        assert shown in page, shown
    assert await schools(county) == before
    async with county.database.session() as session:
        kept = (await session.scalars(select(ImportJob))).one()
        assert "锁南镇第二小学".encode() not in (kept.content_encrypted or b"")
    book = CalamineWorkbook.from_filelike(BytesIO((await officer.http.get(f"{path}/bad-rows.xlsx")).content))
    assert any("坏代码小学" in row for row in book.get_sheet_by_index(0).to_python())
    assert (await officer.does(f"{path}/take")).status_code == 303
    assert "已写入，文件已删除" in await ended(officer, path)
    assert await schools(county) == before + 1
    async with county.database.session() as session:
        assert (await session.scalars(select(ImportJob.content_encrypted))).one() is None
        actions = set(await session.scalars(select(Event.action).where(Event.subject.startswith("import:"))))
    assert actions == {"import_handed_in", "import_bad_rows", "import_taken"}
    assert (await officer.http.get(f"{path}/bad-rows.xlsx")).status_code == 404


async def test_a_note_of_its_progress_that_is_not_written_loses_no_import(officer: Officer, monkeypatch: pytest.MonkeyPatch) -> None:
    note, missed = importing._note, []

    async def sometimes(database: Database, job_id: int, **values: Any) -> None:
        if "done" in values:
            missed.append(job_id)
            raise OperationalError("", {}, Exception())
        await note(database, job_id, **values)

    monkeypatch.setattr(importing, "BEAT", 0.001)
    monkeypatch.setattr(importing, "_note", sometimes)
    path = (await hand_in(officer, GOOD)).headers["location"]
    assert "已检查，未写入" in await ended(officer, path)
    assert missed


async def test_what_lies_outside_the_area_is_refused_as_a_whole(officer: Officer) -> None:
    async with officer.county.database.session() as session, session.begin():
        session.add(Area(code="622901", name="临夏市", level="county", parent_code="6229"))
        await session.flush()
        session.add(Area(code="622901001", name="城关街道", level="township", parent_code="622901"))
    before = await schools(officer.county)
    path = (await hand_in(officer, FOREIGN + GOOD.removeprefix(HEAD))).headers["location"]
    page = await ended(officer, path)
    assert "您负责的地区以外" in page
    await officer.does(f"{path}/take")
    assert await schools(officer.county) == before


async def test_a_list_of_changes_reaches_no_child_of_another_area(officer: Officer) -> None:
    await officer.county.student("马小龙", guardians=["father"])
    said = await number(officer.county, "马小龙", "G622926201503150012")
    async with officer.county.database.session() as session, session.begin():
        session.add(Area(code="622901", name="临夏市", level="county", parent_code="6229"))
        child = await session.get_one(Student, officer.county.students["马小龙"])
        child.area_code = child.school_area_code = "622901"
    path = (await hand_in(officer, f"姓名,学籍号,类别\n马小龙,{said},留守\n", kind="registers")).headers["location"]
    assert "您负责的地区以外" in await ended(officer, path)
    await officer.does(f"{path}/take")
    async with officer.county.database.session() as session:
        assert (await session.scalars(select(StudentCategory))).all() == []


async def test_nobody_elsewhere_gets_a_number_from_here(officer: Officer) -> None:
    """By a number its owner acts and enters: a county must not give one to somebody of the prefecture."""
    county = officer.county
    head = county.people["education_head"]
    async with county.database.session() as session, session.begin():
        session.add(Responsibility(person_id=head, role="prefecture_officer", area_code="6229", valid_from=date(2026, 8, 1)))
        name = (await session.get_one(Person, head)).name
    row = f"姓名,岗位,责任区域,手机\n{name},教育局长,622926,{county.phones['education_head'].number[3:]}、13999999999\n"
    path = (await hand_in(officer, row, kind="people")).headers["location"]
    page = await ended(officer, path)
    assert "您负责的地区以外" in page, page
    async with county.database.session() as session:
        assert len((await session.scalars(select(PersonContact).where(PersonContact.person_id == head))).all()) == 1


async def test_wrong_files_and_large_ones_are_refused_and_dropped_ones_deleted(officer: Officer) -> None:
    assert "请选择表的种类" in (await hand_in(officer, GOOD, kind="nothing")).text
    assert "请选择表的种类" in (await hand_in(officer, GOOD, name="学校.exe")).text
    too_large = await officer.http.post("/import", content=b"x", headers={"content-length": "99000000"})
    assert too_large.status_code == 413
    no_table = (await hand_in(officer, "<html>")).headers["location"]
    assert "不是能读取的" in await ended(officer, no_table)
    path = (await hand_in(officer, GOOD)).headers["location"]
    await ended(officer, path)
    assert (await officer.does(f"{path}/drop")).headers["location"] == "/import?said=import_dropped"
    async with officer.county.database.session() as session:
        assert set(await session.scalars(select(ImportJob.content_encrypted))) == {None}


async def test_a_file_that_nobody_takes_in_is_gone_by_the_second_morning(officer: Officer) -> None:
    await ended(officer, (await hand_in(officer, GOOD)).headers["location"])
    await officer.county.to("2026-11-03 08:00")
    async with officer.county.database.session() as session:
        assert len((await session.scalars(select(ImportJob))).all()) == 1
    await officer.county.to("2026-11-04 08:00")
    async with officer.county.database.session() as session:
        assert not (await session.scalars(select(ImportJob))).all()


async def test_nobody_else_imports_or_sees_somebody_elses_file(officer: Officer) -> None:
    path = (await hand_in(officer, GOOD)).headers["location"]
    await ended(officer, path)
    for role in ("class_teacher", "township_officer", "education_head"):
        other = await Officer(officer.county, officer.app).enters(role)
        for act in (path, f"{path}/bad-rows.xlsx"):
            assert (await other.http.get(act)).status_code == 404
        for act in ("take", "drop"):
            assert (await other.does(f"{path}/{act}")).status_code == 404
        if role != "education_head":
            assert "导入由" in await other.sees("/import")
            assert (await hand_in(other, GOOD)).status_code == 409
