"""The way from the prefecture down to a class: each sees their own, with the rates, causes and times that the commands show."""

from __future__ import annotations

import pytest

from storage.tables import School
from tests.console.conftest import county
from tests.console.officers import Officer, console_of
from tests.stories.county import County

__all__ = ["county"]


@pytest.fixture
async def term(county: County) -> County:
    """One child of four has been away for more than a month."""
    await county.begin("2026-11-02 08:25")
    await county.student("马小龙", guardians=["father"])
    await county.others(3)
    await county.to("2026-11-02 08:31")
    await county.phones["class_teacher"].replies("1")
    await county.to("2026-11-02 09:00")
    await county.phones["father"].replies("家里没钱，娃娃不念了")
    await county.after_outage("2026-12-08 15:02")
    return county


async def test_from_the_prefecture_down_to_the_class(term: County) -> None:
    officer = await Officer(term, console_of(term)).enters("prefecture_officer")
    for at, beneath in (
        ("/areas", "/areas/622926"), ("/areas/622926", "/areas/622926100"), ("/areas/622926100", f"/areas/schools/{term.school_id}"),
    ):  # fmt: skip
        page = await officer.sees(at)
        assert f'href="{beneath}"' in page
        assert "25.00% 未达标" in page
        assert "辍学 1 / 应在校 4" in page
    page = await officer.sees(f"/areas/schools/{term.school_id}")
    assert "25.00% 未达标" in page
    assert 'id="course"' in page
    assert "家庭经济困难" in page or "困难" in page  # what the father said


async def test_nobody_sees_beyond_their_place(term: County) -> None:
    app = console_of(term)
    async with term.database.session() as session, session.begin():
        other = School(code="2162009998", name="外乡小学", stage="primary", area_code="622926")
        session.add(other)
        await session.flush()
        far = other.id
    for role in ("class_teacher", "principal", "township_officer"):
        officer = await Officer(term, app).enters(role)
        assert "25.00%" in await officer.sees("/areas")
        for at in ("/areas/6229", "/areas/622926", f"/areas/schools/{far}"):
            assert (await officer.http.get(at)).status_code == 404, (role, at)


async def test_the_charts_come_compressed_and_with_their_licence(term: County) -> None:
    officer = Officer(term, console_of(term))
    script = await officer.http.get("/static/vendor/echarts.simple.min.js")
    assert script.headers["content-encoding"] == "gzip"
    assert "Apache License" in (await officer.http.get("/static/vendor/echarts.LICENSE")).text
