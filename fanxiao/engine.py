"""The parts that speak and listen, put together once for every command that needs them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import select

from bot.channels import simulator
from bot.channels.base import Channel
from bot.channels.registry import Line, build_channels
from bot.dialogs.route import route
from bot.outbox.policy import DeliveryPolicy
from bot.outbox.senders import ensure_sender
from bot.outbox.settings import OutboxSettings
from bot.outbox.wording import county_signatures
from bot.rendering import Catalogue, CatalogueError, load_once
from bot.rendering.frames import saying
from bot.worker import Worker
from cases.plans import plan_in_force
from fanxiao.files import PLAN, TEMPLATES
from fanxiao.plan_file import install_file
from fanxiao.settings import Settings
from fanxiao.wiring import Storage
from plan.model import Plan
from storage.clock import Clock
from storage.faults import StartFault
from storage.tables import Sender
from storage.work import working

SIMULATED_NUMBER, SIMULATED_RATE = "1069000000", 100.0
SIMULATED = (simulator.SMS.name, simulator.VOICE.name, simulator.CHAT.name)
SIMULATOR = "FANXIAO_SIMULATOR"


@dataclass(frozen=True)
class Engine:
    """Everything that sends and hears, over one storage."""

    storage: Storage
    plan: Plan
    clock: Clock
    catalogue: Catalogue
    settings: OutboxSettings
    worker: Worker

    @property
    def channels(self) -> Mapping[Line, Channel]:
        return self.settings.channels


def load_catalogue() -> Catalogue:
    """The messages that come along with the code, read once. Raises StartFault."""
    try:
        return load_once(TEMPLATES)
    except CatalogueError as error:
        raise StartFault("templates_faulty", reason=error) from error


async def put_plan_in_force(storage: Storage, settings: Settings, catalogue: Catalogue, now: datetime) -> Plan:
    """Installs the plan of `FANXIAO_PLAN`; without it the one in force stays (a new installation takes ours).

    The same file again changes nothing. Raises StartFault.
    """
    if settings.plan is None:
        return await plan_at_hand(storage, settings, catalogue, now)
    async with working(storage.worker, now) as work:
        await install_file(work, settings.plan, catalogue.templates)
        return (await plan_in_force(work.session))[1]


async def plan_at_hand(storage: Storage, settings: Settings, catalogue: Catalogue, now: datetime) -> Plan:
    """The plan in force, or on a new installation the one of `FANXIAO_PLAN` or the one that comes along. Raises StartFault."""
    async with working(storage.worker, now) as work:
        try:
            return (await plan_in_force(work.session))[1]
        except LookupError:
            await install_file(work, settings.plan or PLAN, catalogue.templates)
            return (await plan_in_force(work.session))[1]


def simulated_channels() -> dict[Line, Channel]:
    """The simulated phones, with the faults that are asked for. Raises StartFault."""
    return _built({SIMULATOR: "1", simulator.FAULTS: os.environ.get(simulator.FAULTS, "")})


def provider_channels(settings: Settings) -> dict[Line, Channel]:
    """The accounts for which there are settings in the environment. Raises StartFault for one that cannot be used."""
    if settings.simulator:  # training: nothing may reach a real phone, whatever else is set
        return simulated_channels()
    return _built({name: value for name, value in os.environ.items() if value and name != SIMULATOR})


def _built(environment: Mapping[str, str]) -> dict[Line, Channel]:
    try:
        return build_channels(environment)
    except ValueError as error:  # it names the setting, never its value
        raise StartFault("setting_wrong", names=error) from error


async def open_senders(storage: Storage, channels: Mapping[Line, Channel]) -> int:
    """Those of the simulated phones are made; gives how many senders the accounts have in all."""
    async with storage.worker.session() as session, session.begin():
        for channel, account in channels:
            if channel in SIMULATED:
                await ensure_sender(session, channel, SIMULATED_NUMBER, account=account, rate_per_second=SIMULATED_RATE)
        found = await session.execute(select(Sender.channel, Sender.account))
        return sum((channel, account) in channels for channel, account in found)


async def build_engine(
    storage: Storage, plan: Plan, catalogue: Catalogue, clock: Clock, channels: Mapping[Line, Channel], *, public_url: str | None = None
) -> Engine:
    """Labels, signatures and quiet hours from the plan and the areas that are stored; `public_url` is where providers reach us."""
    async with storage.worker.session() as session:
        signatures = await county_signatures(session, catalogue)
    settings = OutboxSettings(
        policy=DeliveryPolicy.of(plan),
        catalogue=catalogue, channels=channels, cipher=storage.cipher, labels=plan_labels(plan), signatures=signatures,
        public_url=(public_url or "").rstrip("/"), registered=partial(saying, catalogue),
    )  # fmt: skip
    return Engine(storage, plan, clock, catalogue, settings, Worker(storage.worker, clock, settings, route(storage.cipher)))


def plan_labels(plan: Plan) -> dict[str, dict[str, str]]:
    """The plan's own words for duties and levels, as messages use them."""
    return {
        "duty": {name: label.zh for name, label in plan.tasks.items()},
        "level": {str(rung.level): rung.name.zh for rung in plan.levels},
    }
