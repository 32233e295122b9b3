"""What the web process sends along with everything, and what its pages are made of."""

from __future__ import annotations

import re

import pytest
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from console.sending import STATIC
from storage.database import Database
from tests.console.conftest import Visitor


async def test_the_page_answers_in_both_languages(visitor: Visitor) -> None:
    chinese = await visitor.http.get("/demo")
    english = await visitor.http.get("/demo", params={"lang": "en"})
    assert "下一事件" in chinese.text
    assert "Next event" in english.text
    assert (await visitor.http.get("/")).headers["location"] == "/demo"


@pytest.mark.parametrize("path", ["/demo", "/demo/state", "/static/demo.js", "/static/demo.css", "/nowhere", "/health", "/r/nowhere"])
async def test_every_answer_is_guarded(visitor: Visitor, path: str) -> None:
    headers = (await visitor.http.get(path)).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "script-src 'self'" in policy
    assert headers["x-frame-options"] == "DENY"


async def test_nothing_stands_inline_and_nothing_comes_from_elsewhere(visitor: Visitor) -> None:
    page = (await visitor.http.get("/demo")).text
    assert not re.search(r"<script(?![^>]*\bsrc=)", page)
    assert not re.search(r"\son\w+=|\sstyle=|<style|javascript:", page)
    assert all(link.startswith("/") for link in re.findall(r'(?:src|href)="([^"]+)"', page))
    script = (STATIC / "demo.js").read_text(encoding="utf-8")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|new Function", script)
    assert "//" not in re.sub(r"\s//.*", "", script)


async def test_a_foreign_name_for_us_is_refused(visitor: Visitor) -> None:
    assert (await visitor.http.get("/demo", headers={"Host": "evil.example"})).status_code == 400


async def test_health_says_that_the_database_is_there(visitor: Visitor) -> None:
    assert (await visitor.http.get("/health")).text == "ok"


@pytest.mark.parametrize("error", [OperationalError("", {}, Exception()), PoolTimeoutError(), InterfaceError("", {}, Exception())])
async def test_whoever_calls_while_the_database_is_away_is_told_to_come_again(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def away(_: Database) -> None:
        raise error

    monkeypatch.setattr(Database, "session", away)
    assert (await visitor.http.get("/health")).status_code == 503
