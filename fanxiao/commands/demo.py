"""`fanxiao demo`: a county with phones to type on, all in one process and in a folder of its own."""

from __future__ import annotations

import os
import socket
import sys
import threading
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from bot.inbox.listening import Listeners
from console.app import create_app
from console.parts import Parts
from console.webhooks import Hooks
from fanxiao.commands.story import tell_story
from fanxiao.demo_county import DemoCounty, demo_settings, open_county, start_over
from fanxiao.running import run
from fanxiao.serving import listen, serve
from fanxiao.settings import Settings
from fanxiao.wiring import Storage, running_storage
from storage.server import home_lock

HOST = "127.0.0.1"
HOSTS = (HOST, "localhost")


def demo(
    port: Annotated[int, typer.Option(min=1, max=65535, help="端口 · port")] = 8420,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="不打开浏览器 · do not open a browser")] = False,
    home: Annotated[Path | None, typer.Option(help="演示数据目录 · folder of the demo", file_okay=False)] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="从头开始 · start over")] = False,
    story: Annotated[bool, typer.Option("--story", help="自动演完一个月并打印 · play a month and print it")] = False,
    language: Annotated[str, typer.Option("--lang", help="--story: zh, en")] = "zh",
) -> None:
    """演示 · Play it: five phones on a page, invented people, nothing is really sent."""
    settings = demo_settings(Settings(), home)
    if story:
        raise typer.Exit(tell_story(settings.model_copy(update={"home": settings.home / "story"}), language))
    with home_lock(settings.home):
        at = listen(HOST, port)
        if fresh:
            start_over(settings.home)
        if not (settings.home / "postgres").exists():
            typer.echo("首次启动，正在准备演示数据，约半分钟…… / First start: preparing the demo, about half a minute…")
        run(_play(settings, at, f"http://{HOST}:{port}/", browser=not no_browser))


async def _play(settings: Settings, at: socket.socket, url: str, *, browser: bool) -> None:
    async with running_storage(settings) as storage:
        county = await open_county(storage, settings)
        hooks = Hooks(storage.web, storage.cipher, county.engine.clock, county.engine.channels, url, settings.home)
        parts = demo_parts(storage, county, url)
        app = create_app(hooks, parts=parts, stand=county.stand, allowed_hosts=HOSTS)
        late = Listeners(storage.worker, storage.cipher, county.engine.clock, county.engine.channels, has_hooks=False)
        late.follow(county.engine.channels.keys())
        try:
            async with hooks.running(), parts.news.listening(storage.web):
                await serve(app, at, started=lambda: _announce(url, browser))
        finally:
            await late.stop()


def demo_parts(storage: Storage, county: DemoCounty, url: str) -> Parts:
    """The console of the demo. `url`: where it runs, so that the code on a printed notice leads to the demo's own receipt page."""
    engine = county.engine
    return Parts(storage.web, storage.worker, storage.cipher, engine.clock, engine.catalogue, engine.channels, public_url=url.rstrip("/"))


def _announce(url: str, browser: bool) -> None:
    typer.echo(f"演示已启动：{url} 。在网页上按“下一事件”开始，按 Ctrl+C 结束；下次启动接着演，--fresh 从头开始。")
    typer.echo(f'The demo runs at {url}demo?lang=en - press "Next event" on the page to begin, Ctrl+C here to stop.')
    typer.echo("It goes on where it was at the next start; --fresh starts over.")
    if browser and _has_screen():
        threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()


def _has_screen() -> bool:
    """Without one, Python would open a text browser in this terminal."""
    return not sys.platform.startswith("linux") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def register(app: typer.Typer) -> None:
    """Puts the command on the command line."""
    app.command("demo")(demo)
