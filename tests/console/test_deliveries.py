"""The page about senders and what became of the messages says what the command line says."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import select, update

from bot.outbox.report import delivery_report
from storage.tables import Contact, Message, Sender
from tests.console.conftest import county
from tests.console.officers import Officer, away_for_days, console_of
from tests.stories.county import ZONE, County

__all__ = ["county"]


@pytest.fixture
async def office(county: County) -> County:
    await away_for_days(county, ("class_teacher", "principal", "county_officer"))
    return county


async def _failed(office: County, *failures: str) -> None:
    async with office.database.session() as session, session.begin():
        sender_id, contact_id = await session.scalar(select(Sender.id)), await session.scalar(select(Contact.id))
        now = await office.stage.now()
        for failure in failures:
            session.add(
                Message(
                    sender_id=sender_id, channel="simulator", contact_id=contact_id, area_code="622926", urgency="duty", body="…",
                    template="task_new", parts=1, state="failed", failure=failure, queued_at=now, failed_at=now,
                    expires_at=now + timedelta(hours=1),
                )
            )  # fmt: skip


async def test_the_page_agrees_with_the_report_and_says_why_messages_failed(office: County) -> None:
    await _failed(office, "30003", "30003", "sender_shut", "blocked")
    async with office.database.session() as session:  # the code to log in with, sent below, is of no area and not the officer's to see
        today = (await office.stage.now()).astimezone(ZONE).date()
        *rows, total = await delivery_report(session, today - timedelta(days=6), today, ZONE)
    officer = await Officer(office, console_of(office)).enters("county_officer")
    async with office.database.session() as session, session.begin():
        again = (await office.stage.now()) + timedelta(hours=1)
        await session.execute(update(Sender).values(state="stopped", stopped_reason="20003", try_at=again))
    page = await officer.sees("/deliveries?days=7")
    shown = [[unescape(re.sub(r"<[^>]+>", "", cell)).strip() for cell in re.findall(r"<td.*?</td>", row, re.DOTALL)] for row in
             re.findall(r"<tr>.*?</tr>", page, re.DOTALL)]  # fmt: skip
    assert ("服务商说：20003" in page, "起自动再试" in page) == (True, True)
    counts = ("messages", "parts", "queued", "sent", "delivered", "answered", "failed", "expired")
    assert [str(getattr(total, name)) for name in counts] == shown[-1][1:9]
    assert [str(getattr(rows[-1], name)) for name in counts] == shown[-2][2:10]
    assert shown[-1][-1].startswith("30003 2、")
    assert {"改走别的号码 1", "对方或运营商拒收 1"} <= set(shown[-1][-1].split("、"))
