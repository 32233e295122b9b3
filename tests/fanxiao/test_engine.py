"""What the commands that stay are put together from."""

from __future__ import annotations

from datetime import time

import pytest
from sqlalchemy import func, select

from fanxiao.commands.serve import allowed_hosts
from fanxiao.engine import build_engine, load_catalogue, open_senders, provider_channels, put_plan_in_force
from fanxiao.serving import listen
from fanxiao.settings import Settings
from fanxiao.wiring import Storage
from storage.clock import SystemClock
from storage.crypto import Cipher
from storage.database import Database
from storage.faults import StartFault
from storage.server import Server
from storage.tables import Area, PlanVersion, Sender

ACCOUNT = "AC" + "0" * 32


@pytest.fixture
def storage(empty_server: Server, owner: Database, database: Database, web: Database, cipher: Cipher) -> Storage:
    return Storage(empty_server, owner, database, web, cipher)


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", ACCOUNT)
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "12345")
    monkeypatch.setenv("TWILIO_FROM", "+15005550006, +15005550007")
    monkeypatch.setenv("FANXIAO_PUBLIC_URL", "https://school.example.cn/")
    return Settings()


async def test_the_engine_speaks_with_the_plans_words_and_the_countys_name(storage: Storage, settings: Settings) -> None:
    async with storage.worker.session() as session, session.begin():
        session.add(Area(code="6229", name="临夏回族自治州", level="prefecture", parent_code=None))
        await session.flush()
        session.add(Area(code="622924", name="广河县", level="county", parent_code="6229"))
    catalogue, clock = load_catalogue(), SystemClock()
    plan = await put_plan_in_force(storage, settings, catalogue, await clock.now())

    engine = await build_engine(storage, plan, catalogue, clock, provider_channels(settings), public_url=settings.public_url)

    assert engine.settings.signatures == {"6229": "临夏回族自治州教育局", "622924": "广河县教育局", "": "临夏回族自治州教育局"}
    assert engine.settings.labels["duty"]["home_visit"] == "入户家访并记录情况"
    assert engine.settings.labels["level"]["3"] == "学校和村委会"
    assert (engine.settings.policy.quiet_from, engine.settings.policy.quiet_until) == (time(21), time(7))
    assert engine.settings.status_urls == {"twilio_sms": "https://school.example.cn/hooks/twilio/status"}


async def test_plan_and_senders_are_put_in_once(storage: Storage, settings: Settings) -> None:
    for _ in range(2):
        await put_plan_in_force(storage, settings, load_catalogue(), await SystemClock().now())
        assert await open_senders(storage, settings) == 2
    async with storage.worker.session() as session:
        assert await session.scalar(select(func.count()).select_from(PlanVersion)) == 1
        assert await session.scalar(select(func.count()).select_from(Sender)) == 2


def test_only_our_own_names_are_answered(settings: Settings) -> None:
    assert allowed_hosts(settings) == ("school.example.cn", "127.0.0.1", "localhost")


def test_a_taken_port_is_said_in_a_sentence() -> None:
    first = listen("127.0.0.1", 0)
    first.listen()
    with pytest.raises(StartFault) as fault:
        listen("127.0.0.1", first.getsockname()[1])
    first.close()
    assert fault.value.kind == "port_taken"
