"""A text at which the bot fails each time: it is kept, a person reads it, and what its sender writes next is read."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text

import bot.dialogs.route as routing
from bot.dialogs.speaker import Speaker
from bot.inbox.handle import MOST_FAILURES, handle
from storage.tables import Inbound
from storage.work import Work
from tests.stories.county import County


async def test_the_county_reads_what_the_bot_fails_at_and_the_next_text_is_acted_on(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    await county.begin("2026-11-02 09:00")
    await county.student("马小龙", guardians=["father"])
    heard = routing.speaker_of

    async def speaker_of(work: Work, inbound: Inbound) -> Speaker:
        if inbound.body == "坏的":
            raise RuntimeError
        return await heard(work, inbound)

    monkeypatch.setattr(routing, "speaker_of", speaker_of)
    father, officer = county.phones["father"], county.phones["county_officer"]
    for words in ("坏的", "我要退订"):
        await county.receive(father.number, words)
    for _ in range(MOST_FAILURES + 2):  # without the 15 seconds that a real worker lets pass
        await handle(county.database, await county.stage.now(), routing.route(county.cipher))
        async with county.database.session() as session, session.begin():
            await session.execute(text("update pgmq.q_inbound set vt = clock_timestamp()"))
    await county.stage.settle()
    async with county.database.session() as session:
        assert (await session.scalars(select(Inbound.outcome).order_by(Inbound.id))).all() == ["failed", "opt_out"]
    assert await father.new()
    code = (await county.task("triage_unknown")).code
    await officer.expects("来信待办", code)
    await officer.replies(f"{code} 看")
    await officer.expects("坏的")
