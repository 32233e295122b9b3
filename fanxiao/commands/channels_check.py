"""`fanxiao channels check`: asks each sender's provider, and says in words what is wrong before a family is not reached."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

import typer

from bot.channels.base import Channel, Polls, Trouble
from bot.channels.registry import PROVIDERS, Line, build_channel
from bot.outbox.senders import SenderState, sender_states
from bot.rendering import Catalogue, RenderingError
from fanxiao.commands.channels_lines import environment, hooks_of, is_idle, local_day, missing_settings
from fanxiao.commands.channels_reach import reach_troubles
from fanxiao.commands.once import once, refuse
from fanxiao.engine import SIMULATED, load_catalogue
from fanxiao.running import run
from fanxiao.settings import Settings
from fanxiao.wiring import Storage
from storage.work import Work

SECONDS = 20.0
"""How long one provider may take to answer all questions."""
STATE_TROUBLES = ("stopped", "paused")

Chosen = Annotated[int | None, typer.Argument(metavar="[ID]", help="编号，不写为全部 · id; all of them without it")]


@dataclass
class Checked:
    """One sender: what was looked at, and what is wrong."""

    sender: SenderState
    looked_at: list[str] = field(default_factory=lambda: ["状态 state", "发送进程 worker"])
    troubles: list[Trouble] = field(default_factory=list)
    is_idle: bool = False  # a simulated phone outside training

    @property
    def line(self) -> Line:
        return self.sender.channel, self.sender.account

    def add(self, *troubles: Trouble) -> None:
        """What was found already is not said twice."""
        self.troubles += [trouble for trouble in dict.fromkeys(troubles) if trouble not in self.troubles]


def check(sender_id: Chosen = None) -> None:
    """检查通道 · Look at settings, webhooks and the provider's account of every sender, or of one; exit 1 if anything is wrong."""

    async def use(work: Work, _: Storage) -> list[SenderState]:
        found = await sender_states(work.session, await local_day(work))
        return [one for one in found if sender_id in (None, one.id)]

    senders, settings = once(use), Settings()
    if not senders:
        refuse(
            "没有这个发送号码，见 fanxiao channels list；用 channels add 添加。",
            "There is no such sender; see `fanxiao channels list`, `channels add` makes one.",
        )
    catalogue = load_catalogue()
    checked = run(_check_all(senders, settings))
    for one in checked:
        _print(one, catalogue)
    wrong = sum(bool(one.troubles) for one in checked)
    typer.echo(f"检查了{len(checked)}个，有问题的{wrong}个 / {len(checked)} checked, {wrong} with troubles")
    if wrong:
        raise typer.Exit(1)


async def _check_all(senders: Sequence[SenderState], settings: Settings) -> list[Checked]:
    # All built before any is asked: importing one provider's client takes seconds, in which another's call would time out.
    pairs = [_looked_at(sender, settings) for sender in senders]
    await asyncio.gather(*(_ask(found, channel, hooks_of(found.line, settings)) for found, channel in pairs if channel is not None))
    return [found for found, _ in pairs]


def _looked_at(sender: SenderState, settings: Settings) -> tuple[Checked, Channel | None]:
    """What is seen without asking anybody, and the channel that is to be asked, if any."""
    found = Checked(sender)
    if sender.state in STATE_TROUBLES:
        found.add(Trouble(sender.state, sender.stopped_reason or ""))
    if sender.channel not in PROVIDERS:
        found.add(Trouble("channel_unknown", sender.channel))
    elif not is_idle(sender.channel, settings):
        if not sender.is_held:
            found.add(Trouble("unheld", f"{sender.channel}/{sender.account}"))
        return found, _built(found, settings)
    elif sender.channel not in SIMULATED:
        found.add(Trouble("training"))
    else:
        found.is_idle = True
    return found, None


def _built(found: Checked, settings: Settings) -> Channel | None:
    found.looked_at.append(f"设置 settings {', '.join(PROVIDERS[found.sender.channel].needs)}")
    missing = missing_settings(found.line, environment(settings))
    if missing:
        found.add(Trouble("settings_missing", ", ".join(missing)))
        return None
    try:
        return build_channel(*found.line, environment(settings))
    except Exception as error:  # noqa: BLE001 - a provider's own client says in its own ways that a key is none
        found.add(Trouble("settings_unusable", type(error).__name__))
        return None


async def _ask(found: Checked, channel: Channel, hooks: str | None) -> None:
    found.looked_at += [f"收信 webhooks {hooks or '—'}", "服务商 provider"]
    if hooks is None and not isinstance(channel, Polls) and found.sender.channel not in SIMULATED:
        found.add(Trouble("public_url_missing"))
    try:
        async with asyncio.timeout(SECONDS):
            if hooks is not None and channel.capabilities.calls_back:
                found.add(*await reach_troubles(hooks))
            found.add(*await channel.check(found.sender.address, hooks))
    except TimeoutError:
        found.add(Trouble("no_answer", f"{SECONDS:g}"))
    except Exception as error:  # noqa: BLE001 - the other senders are looked at whatever happens here
        found.add(Trouble("failed", type(error).__name__))
    finally:
        await channel.close()


def _print(found: Checked, catalogue: Catalogue) -> None:
    sender = found.sender
    typer.echo(f"{sender.id} {sender.channel}/{sender.account} {sender.address}")
    typer.echo(f"  看了 looked at: {'; '.join(found.looked_at)}")
    if found.is_idle:
        typer.echo("  培训用的模拟号码，现在不用 / simulated, for training; idle now")
    elif not found.troubles:
        typer.echo("  正常 / nothing is wrong")
    for trouble in found.troubles:
        typer.echo(f"  ✗ {_sentence(catalogue, trouble)} [{trouble.kind}{': ' if trouble.detail else ''}{trouble.detail}]")


def _sentence(catalogue: Catalogue, trouble: Trouble) -> str:
    try:
        return catalogue.phrase(f"check.{trouble.kind}", {"detail": trouble.detail or "—"})
    except RenderingError:
        return trouble.kind


def register(app: typer.Typer) -> None:
    """Puts the command into the group `channels`."""
    app.command("check")(check)
