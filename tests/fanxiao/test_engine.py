"""What the commands that stay are put together from."""

from __future__ import annotations

from datetime import time
from pathlib import Path

import pytest
from sqlalchemy import func, select

from fanxiao.commands.serve import allowed_hosts
from fanxiao.engine import build_engine, load_catalogue, open_senders, provider_channels, put_plan_in_force
from fanxiao.files import PLAN
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
    assert engine.settings.hooks(("twilio_sms", "main")) == "https://school.example.cn/hooks/twilio_sms/main"


async def test_the_plan_is_put_in_once(storage: Storage, settings: Settings) -> None:
    for _ in range(2):
        await put_plan_in_force(storage, settings, load_catalogue(), await SystemClock().now())
    async with storage.worker.session() as session:
        assert await session.scalar(select(func.count()).select_from(PlanVersion)) == 1


async def test_a_plan_put_in_force_stays_without_the_setting(storage: Storage, tmp_path: Path) -> None:
    """A start without FANXIAO_PLAN does not bring back the plan that came along."""
    own = tmp_path / "own.yaml"
    own.write_text(PLAN.read_text(encoding="utf-8").replace("relapse_days: 30", "relapse_days: 20"), encoding="utf-8")
    now = await SystemClock().now()
    for chosen, expected in ((None, 30), (own, 20), (None, 20)):
        settings = Settings().model_copy(update={"plan": chosen})
        assert (await put_plan_in_force(storage, settings, load_catalogue(), now)).relapse_days == expected


async def test_in_training_nothing_leaves_through_a_provider(storage: Storage, settings: Settings) -> None:
    training = settings.model_copy(update={"simulator": True})
    assert set(provider_channels(training)) == {("simulator", "main"), ("simulator_voice", "main"), ("simulator_chat", "main")}
    for _ in range(2):
        assert await open_senders(storage, provider_channels(training)) == 3
    async with storage.worker.session() as session:
        assert set(await session.scalars(select(Sender.channel))) == {"simulator", "simulator_voice", "simulator_chat"}


def test_faulty_templates_are_said_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fanxiao.engine.TEMPLATES", tmp_path)
    with pytest.raises(StartFault) as fault:
        load_catalogue()
    assert fault.value.kind == "templates_faulty"


def test_only_our_own_names_are_answered(settings: Settings) -> None:
    assert allowed_hosts(settings) == ("school.example.cn", "127.0.0.1", "localhost")


def test_a_taken_port_is_said_in_a_sentence() -> None:
    first = listen("127.0.0.1", 0)
    first.listen()
    with pytest.raises(StartFault) as fault:
        listen("127.0.0.1", first.getsockname()[1])
    first.close()
    assert fault.value.kind == "port_taken"
