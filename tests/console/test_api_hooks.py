"""What another system is told: signed, again after a failure, in order, and not lost with a process."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from bot.hooks import calling
from bot.hooks.addresses import NotAllowed, check_url, is_public
from bot.hooks.calling import Call, call
from bot.hooks.deliver import BATCH, HookDeliverer, claim
from cases.outward.forgetting import forget_calls
from cases.outward.keys import revoke
from plan.check import read_plan
from storage.tables import ApiCall, ApiHook, ApiKey, Area, HookDelivery, Student
from storage.work import working
from tests.console.conftest import county
from tests.console.outside import System, system_of
from tests.fakes.serving import serving
from tests.stories.county import PLAN, County

__all__ = ["county"]
TODAY = "2026-11-02"


@dataclass
class Ear:
    """The other system: keeps what it is told; `refuses` so many calls first."""

    refuses: int = 0
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        self.heard.append((dict(request.headers), await request.body()))
        self.refuses -= 1
        answer = Response(status_code=500 if self.refuses >= 0 else 204)
        await answer(scope, receive, send)

    def told(self) -> list[tuple[str, str, int | None]]:
        bodies = [json.loads(body) for _, body in self.heard]
        return [(body["id"], body["kind"], body["facts"].get("level")) for body in bodies]


@dataclass
class Listening:
    """A county whose bureau has a system that listens."""

    county: County
    bureau: System
    ear: Ear
    secret: str
    hook_id: int

    def deliverer(self, *, allow_private: bool = True) -> HookDeliverer:
        return HookDeliverer(self.county.database, self.county.stage.clock, self.county.cipher, allow_private=allow_private)

    async def delivers(self) -> int:
        """Everything that is due."""
        total, now = 0, await self.county.stage.now()
        while done := await self.deliverer().deliver(now):
            total += done
        return total

    async def misses(self) -> None:
        """A child is absent: a case opens, and stands at a level."""
        sheet = {"school": "2162000001", "room": "三(2)班", "on": TODAY, "absent": [{"seat": 1}]}
        assert (await self.bureau.says("/attendance", **sheet)).status_code == 200

    async def log(self) -> list[dict[str, object]]:
        rows: list[dict[str, object]] = (await self.bureau.http.get(f"/hooks/{self.hook_id}/deliveries")).json()["deliveries"]
        return rows


@pytest.fixture
async def listening(county: County) -> AsyncIterator[Listening]:
    await county.begin(f"{TODAY} 08:35", roles=("class_teacher", "principal", "county_officer"))
    await county.student("马小龙", guardians=["father"], seat=1)
    await county.others(20)
    bureau, ear = await system_of(county, "county_officer"), Ear()
    async with serving(ear) as url:
        wanted = {"url": f"{url}/fanxiao", "kinds": ["case_opened", "level_entered", "case_closed"]}
        opened = await bureau.http.post("/hooks", json=wanted)
        assert opened.status_code == 201, opened.text
        yield Listening(county, bureau, ear, opened.json()["secret"], opened.json()["id"])


async def test_a_case_is_told_signed_and_without_personal_data(listening: Listening) -> None:
    await listening.misses()
    assert await listening.delivers() == 2
    assert [kind for _, kind, _ in listening.ear.told()] == ["case_opened", "level_entered"]
    for headers, body in listening.ear.heard:
        signed = f"{headers['fanxiao-id']}.{headers['fanxiao-timestamp']}.".encode() + body
        good = hmac.new(listening.secret.encode(), signed, hashlib.sha256).hexdigest()
        assert headers["fanxiao-signature"] == f"v1={good}"
        assert "小龙" not in body.decode()
        assert json.loads(body)["case_number"] == "622926-2026-00001"
        assert json.loads(body)["id"] == headers["fanxiao-id"]
    assert await listening.delivers() == 0


async def test_the_secret_is_shown_once_and_kept_encrypted(listening: Listening) -> None:
    listed = await listening.bureau.http.get("/hooks")
    assert [hook["id"] for hook in listed.json()["hooks"]] == [listening.hook_id]
    assert listening.secret not in listed.text
    async with listening.county.database.session() as session:
        assert listening.secret.encode() not in (await session.scalars(select(ApiHook.secret_encrypted))).one()


async def test_what_is_refused_comes_again_with_the_same_id_and_before_what_followed(listening: Listening) -> None:
    listening.ear.refuses = 2
    await listening.misses()
    await listening.delivers()
    first = listening.ear.told()
    assert [kind for _, kind, _ in first] == ["case_opened"]
    for _ in range(2):
        await listening.county.stage.advance(minutes=2)
        await listening.delivers()
    kinds = [kind for _, kind, _ in listening.ear.told()]
    assert kinds == ["case_opened"] * 3 + ["level_entered"]
    assert len({call_id for call_id, kind, _ in listening.ear.told() if kind == "case_opened"}) == 1
    assert [(row["kind"], row["state"], row["tries"]) for row in await listening.log()] == [
        ("level_entered", "delivered", 1), ("case_opened", "delivered", 3)
    ]  # fmt: skip


async def test_one_case_that_fails_holds_up_no_other(listening: Listening) -> None:
    await listening.misses()
    async with working(listening.county.database, await listening.county.stage.now()) as work:
        work.record("case_closed", "case:999", area_code="622926100201")
    listening.ear.refuses = 1
    await listening.deliverer().deliver(await listening.county.stage.now())
    assert {kind for _, kind, _ in listening.ear.told()} == {"case_opened", "case_closed"}


async def test_a_hook_that_fails_holds_up_no_other(listening: Listening) -> None:
    database, now = listening.county.database, await listening.county.stage.now()
    other = await listening.bureau.http.post("/hooks", json={"url": "http://127.0.0.1:9/other", "kinds": ["case_closed"]})
    async with working(database, now) as work:
        (await work.session.get_one(ApiHook, listening.hook_id)).failing_since = now
        for number in range(BATCH + 5):
            work.record("case_closed", f"case:{number}", area_code="622926100201")
    claimed, probed = await claim(database, now), await claim(database, now, failing=True)
    assert (len(claimed), len(probed)) == (BATCH, 1)
    async with database.session() as session:
        hooks = set(await session.scalars(select(HookDelivery.hook_id).where(HookDelivery.id.in_(claimed))))
    assert hooks == {other.json()["id"]}


async def test_nothing_is_lost_when_a_process_dies(listening: Listening) -> None:
    await listening.misses()
    now = await listening.county.stage.now()
    assert len(await claim(listening.county.database, now)) == 1  # and it dies before or while it calls
    assert await listening.delivers() == 0  # another keeps off meanwhile
    await listening.county.stage.advance(minutes=2)
    assert await listening.delivers() == 2
    assert [kind for _, kind, _ in listening.ear.told()] == ["case_opened", "level_entered"]


async def _fails_half_way(county: County) -> None:
    async with working(county.database, await county.stage.now()) as work:
        work.record("case_closed", "case:999", area_code="622926100201")
        await work.flush()
        raise RuntimeError


async def test_an_event_that_was_not_committed_is_not_told(listening: Listening) -> None:
    with pytest.raises(RuntimeError):
        await _fails_half_way(listening.county)
    assert await listening.delivers() == 0


async def test_other_areas_and_other_kinds_are_not_told(listening: Listening) -> None:
    async with working(listening.county.database, await listening.county.stage.now()) as work:
        work.record("case_opened", "case:999", area_code="622921101")
        work.record("safety_raised", "case:999", area_code="622926100201")
    assert await listening.delivers() == 0


async def test_a_child_from_elsewhere_is_told_to_the_area_of_its_school(listening: Listening) -> None:
    async with listening.county.database.session() as session, session.begin():
        session.add(Area(code="622921", name="临夏县", level="county", parent_code="6229"))
        await session.flush()
        child = await session.get_one(Student, listening.county.students["马小龙"])
        child.area_code = "622921"
    await listening.misses()
    assert await listening.delivers() == 2
    assert {json.loads(body)["area"] for _, body in listening.ear.heard} == {"622921"}
    assert len(await listening.log()) == 2


async def test_old_calls_and_deliveries_are_forgotten(listening: Listening) -> None:
    await listening.misses()
    await listening.delivers()
    plan, now = read_plan(PLAN), await listening.county.stage.now()
    for days, left in ((29, (1, 2)), (31, (0, 2)), (91, (0, 0))):
        async with working(listening.county.database, now + timedelta(days=days)) as work:
            await forget_calls(work, plan, (now + timedelta(days=days)).date())
            await work.flush()
            counts = [await work.session.scalar(select(func.count()).select_from(table)) for table in (ApiCall, HookDelivery)]
        assert tuple(counts) == left


async def test_after_days_it_is_stopped_the_county_is_told_and_nothing_waiting_is_lost(listening: Listening) -> None:
    listening.ear.refuses = 10_000
    async with working(listening.county.database, await listening.county.stage.now()) as work:
        work.record("case_closed", "case:999", area_code="622926100201")
    await listening.delivers()
    for _ in range(3):
        await listening.county.stage.clock.set(await listening.county.stage.now() + timedelta(days=1, hours=1))
        await listening.delivers()
    assert (await listening.bureau.http.get("/hooks")).json()["hooks"][0]["state"] == "stopped"
    await listening.county.stage.advance(hours=1)  # three days' other messages come first
    texts = [message.body for message in await listening.county.phones["county_officer"].inbox()]
    assert [text for text in texts if f"推送{listening.hook_id}号" in text and "已停" in text]
    listening.ear.refuses, listening.ear.heard = 0, []
    await listening.delivers()
    assert listening.ear.heard == []
    assert (await listening.bureau.http.post(f"/hooks/{listening.hook_id}/resume")).json()["state"] == "open"
    await listening.delivers()
    assert [kind for _, kind, _ in listening.ear.told()] == ["case_closed"]
    assert (await listening.bureau.http.delete(f"/hooks/{listening.hook_id}")).json()["state"] == "ended"
    assert (await listening.bureau.http.get("/hooks")).json()["hooks"] == []


async def test_with_a_key_that_is_revoked_its_hooks_end(listening: Listening) -> None:
    await listening.misses()
    async with working(listening.county.database, await listening.county.stage.now()) as work:
        await revoke(work, await work.session.get_one(ApiKey, listening.bureau.key_id))
    assert await listening.delivers() == 0
    assert listening.ear.heard == []


async def test_who_answers_a_word_at_a_time_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each word comes in time; the call as a whole does not."""

    async def drips(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while True:
                writer.write(b"H")
                await writer.drain()
                await asyncio.sleep(0.05)

    monkeypatch.setattr(calling, "SECONDS", 0.3)
    server = await asyncio.start_server(drips, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with asyncio.timeout(3):
        answered = await call(Call("evt_1", f"http://127.0.0.1:{port}/x", "s", b"{}"), allow_private=True)
    server.close()
    assert (answered.status, answered.error) == (None, "TimeoutError")


async def test_private_addresses_are_not_called(listening: Listening) -> None:
    await listening.misses()
    await listening.deliverer(allow_private=False).deliver(await listening.county.stage.now())
    assert listening.ear.heard == []
    assert (await listening.log())[-1]["error"] == "url_not_https"
    named = await call(Call("evt_1", "https://localhost:9/x", "s", b"{}"), allow_private=False)
    assert named.error == "url_private"


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://school.example/x", "url_not_https"),
        ("ftp://school.example/", "url_not_https"),
        ("https://10.1.2.3/x", "url_private"),
        ("https://169.254.169.254/x", "url_private"),
        ("https://[::ffff:127.0.0.1]/x", "url_private"),
        ("https://[64:ff9b::a01:203]/x", "url_private"),
        ("https://u:p@school.example/", "url_wrong"),
        ("https:///x", "url_wrong"),
        ("https://school.example:99999/", "url_wrong"),
    ],
)
def test_where_a_hook_may_not_lead(url: str, why: str) -> None:
    with pytest.raises(NotAllowed) as refused:
        check_url(url, allow_private=False)
    assert str(refused.value) == why


def test_public_addresses_may_be_called() -> None:
    assert check_url("https://school.example:8443/fanxiao?x=1", allow_private=False).hostname == "school.example"
    assert is_public("203.0.113.9") is False  # documentation
    assert is_public("1.1.1.1")
