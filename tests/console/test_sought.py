"""Whoever searches finds as ever, and nobody learns from an address what was looked for."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator
from datetime import date
from html import unescape
from io import BytesIO
from pathlib import Path
from urllib.parse import parse_qs, unquote, unquote_plus, urlsplit

import httpx
import pytest
import structlog
from fastapi.openapi.utils import get_openapi
from python_calamine import CalamineWorkbook

import templates
from console import entering
from console.demo import pages as demo
from console.pages import ROUTERS, students
from console.paging import PER_PIECE
from fanxiao.logs import configure
from storage.tables import Person, Responsibility, StudentCategory
from tests.console.conftest import county
from tests.console.officers import HTML, Officer, away_for_days, console_of
from tests.stories.county import County

__all__ = ["county"]
CHILD, OTHER = "马小龙", "马二龙"
CODES = {
    "action", "after", "area", "audience", "back", "category", "cause", "kind", "lang", "of", "only", "per", "role", "since", "state",
    "view",
}  # fmt: skip
"""Text that pages take in their address: codes, places in a list, paths. Words that people type never."""
OVER = "refused=search_over"


@pytest.fixture
async def office(county: County) -> County:
    """Two children in a register, one of them away; more colleagues of one name than a page shows."""
    await away_for_days(county, ("class_teacher", "principal", "township_officer", "county_officer"))
    await county.student(OTHER, guardians=["mother"])
    async with county.database.session() as session, session.begin():
        for name in (CHILD, OTHER):
            session.add(StudentCategory(student_id=county.students[name], category="left_behind", since=date(2026, 9, 1)))
        for number in range(PER_PIECE + 3):
            person = Person(name=f"白{number}", name_pinyin=f"bai {number}", area_code="622926100")
            session.add(person)
            await session.flush()
            session.add(Responsibility(person_id=person.id, role="township_head", area_code="622926100", valid_from=date(2026, 9, 1)))
    return county


@pytest.fixture
async def desk(county: County) -> Officer:
    """A principal at a browser, and a child of theirs."""
    await county.begin("2026-11-02 08:25", roles=("class_teacher", "principal"))
    await county.student(CHILD, guardians=["father"])
    return await Officer(county, console_of(county)).enters("principal")


def addresses(page: str) -> list[str]:
    return [unescape(one) for one in re.findall(r'(?:href|action|formaction|src|data-open|name="(?:back|to)" value)="([^"]*)"', page)]


def tells_nothing(address: str, said: str) -> None:
    """Neither as it is, nor percent-encoded, nor in what a seal is made of."""
    assert said not in address + unquote(address) + unquote_plus(address), address
    for seal in parse_qs(urlsplit(address).query).get("find", []):
        assert said.encode() not in urlsafe_b64decode(seal), address


async def test_what_is_found_is_found_and_no_address_tells_what_was_looked_for(office: County) -> None:
    officer = await Officer(office, console_of(office)).enters("county_officer")
    number = (await office.case(CHILD)).number
    phone = office.phones["father"].number.removeprefix("+86")
    child = f"/students/{office.students[CHILD]}"
    searches = [
        ("/students", {"q": "马小"}, f'href="{child}"'), ("/students", {"q": "赵干事"}, "<strong>赵干事</strong>"),
        ("/ledger", {"q": CHILD}, number), ("/ledger", {"q": number[-5:]}, number),
        ("/registers", {"q": CHILD, "category": "left_behind"}, CHILD), ("/people", {"q": "赵干事", "role": "township_officer"}, "赵干事"),
        ("/record", {"actor": "孙科长", "case": number}, "没有符合条件的记录"), ("/record", {"case": number[-5:]}, number),
        ("/templates", {"q": "今天还没到校", "audience": "guardian"}, "/templates/absence_question"),
    ]  # fmt: skip
    for path, typed, expected in searches:
        at = await officer.looks_for(path, **typed)
        assert urlsplit(at).path == path
        page = await officer.sees(at)
        assert expected in page, (path, typed)
        for field in ("q", "actor", "case"):
            if said := typed.get(field):
                assert f'name="{field}" value="{said}"' in page, path
                for address in (at, *addresses(page)):
                    tells_nothing(address, said)
    for digits in (phone, number[-5:]):
        at = await officer.looks_for("/students", q=digits)
        tells_nothing(at, digits)
        assert (await officer.http.get(at)).headers["location"] == child
    for named in (child, f"/cases/{(await office.case(CHILD)).id}", f"/notices/{(await office.notices())[0].id}"):
        page = await officer.sees(named)
        title = re.search("<title>(.*)</title>", page)
        assert title is not None
        assert CHILD in page
        assert CHILD not in title[1]  # browsers keep it with the address
    posted = await officer.does("/find", to="https://elsewhere.example/", q=CHILD)
    assert urlsplit(posted.headers["location"]).path == "/today"


async def test_pages_filters_exports_and_the_other_language_go_on_with_the_search(office: County) -> None:
    officer = await Officer(office, console_of(office)).enters("county_officer")
    first = await officer.finds("/people", q="白", role="township_head")
    onward = next(one for one in addresses(first) if "after=" in one)
    second = await officer.sees(onward)
    assert f"本页 3 条，共 {PER_PIECE + 3} 条" in second
    assert 'value="白"' in second
    assert 'value="township_head" selected' in second
    assert 'value="白"' in await officer.sees(next(one for one in addresses(second) if one.startswith("/people?") and "after" not in one))

    for path, typed in (("/ledger", {"state": "all"}), ("/registers", {"category": "left_behind"})):
        found = await officer.finds(path, q="马小", **typed)
        export = next(one for one in addresses(found) if ".xlsx" in one)
        tells_nothing(export, "马小")
        answer = await officer.http.get(export)
        cells = str(CalamineWorkbook.from_filelike(BytesIO(answer.content)).get_sheet_by_index(0).to_python())
        assert CHILD in cells
        assert OTHER not in cells
        assert "马" not in unquote(answer.headers["content-disposition"])

    found = await officer.finds("/ledger", q="马小", state="all")
    back = next(one for one in addresses(found) if one.startswith(("/ledger?find=", "/ledger?state=")))
    english = await officer.sees((await officer.does("/settings/language", chosen="en", back=back)).headers["location"])
    assert "Clear" in english
    assert 'value="马小"' in english
    link = next(one for one in addresses(await officer.finds("/students", q="赵干事")) if one.startswith("/people?"))
    tells_nothing(link, "赵干事")
    assert 'value="赵干事"' in await officer.sees(link)


async def test_a_seal_opens_for_its_own_session_only_and_plain_words_are_not_looked_for(office: County) -> None:
    app = console_of(office)
    officer = await Officer(office, app).enters("county_officer")
    at = await officer.looks_for("/ledger", q=CHILD, state="all")
    export = at.replace("/ledger?", "/ledger/export.xlsx?")
    other = await Officer(office, app).enters("township_officer")
    await _is_over(other, at, "/ledger")
    await _is_over(officer, at.replace("find=", "find=x"), "/ledger")
    await _is_over(officer, "/students?find=%E9%A9%AC%00", "/students")
    await _is_over(other, export, "/ledger")
    await _is_over(other, at.replace("/ledger?", "/people?path=1&"), "/people")
    for plain in ("/students?q=马小龙", "/ledger?q=马小龙&state=all", "/people?q=马小龙", "/registers?q=马小龙", "/record?actor=马小龙"):
        await _is_over(officer, plain, urlsplit(plain).path)
    view = await other.does(at.replace("/ledger?", "/ledger/views?"), name="x")
    assert urlsplit(view.headers["location"]).path == "/ledger"

    await officer.does("/logout")
    assert (await officer.http.get(at)).headers["location"] == "/login"
    again = await Officer(office, app, secret=officer.secret).enters("principal")
    await _is_over(again, at, "/ledger")


async def _is_over(officer: Officer, at: str, page: str) -> None:
    answer = await officer.http.get(at)
    assert answer.status_code == 303, at
    to = answer.headers["location"]
    assert urlsplit(to).path == page
    assert to.endswith(OVER)
    assert CHILD not in unquote(to)
    shown = await officer.sees(to)
    assert "查找内容已失效" in shown
    assert f'value="{CHILD}"' not in shown


async def test_a_browser_that_was_closed_meanwhile_may_search_and_act(desk: Officer) -> None:
    desk.http.cookies.delete("fanxiao_csrf")
    assert (await desk.does("/find", to="/students", q=CHILD)).status_code == 403
    token = re.search(r'name="csrf" value="([^"]+)"', await desk.sees("/today"))
    assert token is not None
    assert token[1] == desk.token
    assert CHILD in await desk.finds("/students", q="小龙")


@pytest.fixture
def logging(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], str]]:
    """Logs as an installation does, from the first call on; gives what has been written since the one before."""

    def written() -> str:
        configure("json")
        return capsys.readouterr().err

    yield written
    structlog.reset_defaults()


async def test_what_breaks_while_searching_tells_nobody_for_whom(
    desk: Officer, monkeypatch: pytest.MonkeyPatch, logging: Callable[[], str]
) -> None:
    at = await desk.looks_for("/students", q=CHILD)

    async def breaks(*_: object, **__: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(students, "children_found", breaks)
    logging()
    transport = httpx.ASGITransport(app=desk.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=HTML, cookies=desk.http.cookies) as http:
        answer = await http.get(at)
    logged = logging()
    assert (answer.status_code, answer.text) == (500, "error")
    assert '"path": "/students"' in logged
    assert CHILD not in logged
    assert "find=" not in logged


def test_no_page_takes_words_in_its_address() -> None:
    """Whoever adds a field in which people type puts it into `Sought`; what is a code is added to CODES above."""
    described = [get_openapi(title="", version="", routes=one.routes) for one in (demo.router, entering.router, *ROUTERS)]
    for path, methods in (one for router in described for one in router.get("paths", {}).items()):
        for asked in (one for act in methods.values() for one in act.get("parameters", []) if one["in"] == "query"):
            kinds = str(asked["schema"])
            is_text = "'string'" in kinds and "'format': 'date'" not in kinds and "'enum'" not in kinds
            assert not is_text or asked["name"] in CODES, f"{path}: {asked['name']}"


def test_no_form_puts_what_is_typed_into_an_address() -> None:
    for page in (Path(str(templates.__file__)).parent / "pages").glob("*.html"):
        for form in re.findall(r"<form\b.*?</form>", page.read_text(encoding="utf-8"), re.DOTALL):
            if 'method="post"' in form or 'method="dialog"' in form:
                continue
            kinds = set(re.findall(r'<input(?![^>]*type="(?:hidden|checkbox|date)")[^>]*>|<textarea', form))
            assert not kinds or page.name == "demo.html", f"{page.name}: {kinds}"
