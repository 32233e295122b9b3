"""`fanxiao web` and `fanxiao worker`: the two processes of a real installation. Several of each may run."""

from __future__ import annotations

import asyncio
from typing import Annotated
from urllib.parse import urlsplit

import typer

from bot.channels.registry import close_channels
from bot.hooks.deliver import HookDeliverer
from bot.replies.lexicon import lexicon
from console.app import EVERY_HOST, create_app
from console.parts import Parts
from console.webhooks import Hooks
from fanxiao.engine import Engine, build_engine, load_catalogue, open_senders, provider_channels, put_plan_in_force
from fanxiao.own_words import use_own_words
from fanxiao.running import run
from fanxiao.serving import listen, serve, stopping
from fanxiao.settings import Settings
from fanxiao.wiring import Storage, running_storage
from scheduler.heartbeat import Heartbeat
from scheduler.service import SchedulerService
from storage.clock import SystemClock

LOCAL = ("127.0.0.1", "localhost")


def web(
    host: Annotated[str, typer.Option(help="监听地址 · address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="端口 · port")] = 8421,
) -> None:
    """网页与回调 · The web process: providers' webhooks (and the console's pages)."""
    at = listen(host, port)
    settings = Settings()
    typer.echo(f"网页进程已在 {host}:{port} 启动 / web process on {host}:{port}")

    async def stay() -> None:
        async with running_storage(settings) as storage:
            channels = provider_channels(settings)
            hooks = Hooks(
                storage.web, storage.cipher, SystemClock(), channels, settings.public_url or f"http://{host}:{port}", settings.home
            )
            try:
                parts = Parts(
                    storage.web, storage.worker, storage.cipher, SystemClock(), load_catalogue(), channels, is_https=hooks.is_https,
                    public_url=settings.public_url,
                    private_hooks=settings.private_hooks,
                )  # fmt: skip
                async with hooks.running(), parts.news.listening(storage.web):
                    await serve(create_app(hooks, parts=parts, allowed_hosts=allowed_hosts(settings)), at)
            finally:
                await close_channels(channels)

    run(stay())


def allowed_hosts(settings: Settings) -> tuple[str, ...]:
    """The public name and this machine's own; every name where no public one is set."""
    name = urlsplit(settings.public_url).hostname if settings.public_url else None
    return (name, *LOCAL) if name else EVERY_HOST


def worker() -> None:
    """收发与调度 · The worker: sends, hears, and ticks while it leads."""
    settings = Settings()

    async def stay() -> None:
        async with running_storage(settings) as storage:
            engine = await start_engine(storage, settings)
            try:
                await _work(storage, engine, settings)
            finally:
                await close_channels(engine.channels)

    run(stay())


async def start_engine(storage: Storage, settings: Settings) -> Engine:
    """The plan in force, the senders made, everything put together with the real clock."""
    use_own_words(settings)
    lexicon()  # now: it takes seconds, in which a process that is at work could neither send nor keep its senders
    catalogue, clock = load_catalogue(), SystemClock()
    plan = await put_plan_in_force(storage, settings, catalogue, await clock.now())
    channels = provider_channels(settings)
    senders = await open_senders(storage, channels)
    if settings.simulator:
        typer.echo("培训模式（FANXIAO_SIMULATOR）：消息不会发给任何人。 / Training mode: no message reaches anybody.", err=True)
    if not channels or not senders:
        typer.echo("还没有可用的发送通道，消息会留在队列中（见 docs/channels.md 和 fanxiao channels add）。", err=True)
        typer.echo("No channel can send yet; messages stay waiting (see docs/channels.md and `fanxiao channels add`).", err=True)
    return await build_engine(storage, plan, catalogue, clock, channels, public_url=settings.public_url)


async def _work(storage: Storage, engine: Engine, settings: Settings) -> None:
    stop = asyncio.Event()
    heartbeat = Heartbeat(settings.heartbeat_url) if settings.heartbeat_url else None
    scheduler = SchedulerService(storage.worker, engine.clock, heartbeat=heartbeat)
    outward = HookDeliverer(storage.worker, engine.clock, storage.cipher, allow_private=settings.private_hooks)
    with stopping(stop.set):
        typer.echo("工作进程已启动，按 Ctrl+C 结束 / the worker runs, Ctrl+C stops it")
        await asyncio.gather(engine.worker.run(stop), scheduler.run(stop), outward.run(stop))


def register(app: typer.Typer) -> None:
    """Puts both commands on the command line."""
    app.command("web")(web)
    app.command("worker")(worker)
