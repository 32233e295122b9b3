"""`fanxiao admin senders` and `fanxiao admin sender`: the numbers that messages leave from."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bot.outbox.senders import SenderState, disable_sender, enable_sender, sender_states
from fanxiao.commands.once import once, refuse
from fanxiao.wiring import Storage
from storage.work import Work

app = typer.Typer(help="启用或停用发送号码 · switch a sender on or off", no_args_is_help=True)
SenderId = Annotated[int, typer.Argument(help="编号，见 admin senders · id, see `admin senders`")]


def senders() -> None:
    """发送号码 · The numbers that messages leave from, and what waits for them."""

    async def use(work: Work, _: Storage) -> list[SenderState]:
        return await sender_states(work.session)

    table = Table("编号 id", "通道 channel", "号码 number", "状态 state", "停用原因 stopped because", "每秒 per second", "等待 waiting")
    for found in once(use):
        state = "启用 on" if found.state == "open" else "停用 off"
        table.add_row(
            str(found.id), found.channel, found.address, state, found.stopped_reason, f"{found.rate_per_second:g}", str(found.waiting)
        )
    Console(soft_wrap=True, highlight=False).print(table)


@app.command()
def enable(sender_id: SenderId) -> None:
    """启用 · Let messages leave from it again, after the account has been mended."""
    if not once(lambda work, _: enable_sender(work, sender_id)):
        _unknown(sender_id)
    typer.echo(f"发送号码 {sender_id} 已启用 / sender {sender_id} is on")


@app.command()
def disable(sender_id: SenderId) -> None:
    """停用 · Nothing leaves from it any more; what waits for it expires in its time."""
    if not once(lambda work, _: disable_sender(work, sender_id)):
        _unknown(sender_id)
    typer.echo(f"发送号码 {sender_id} 已停用 / sender {sender_id} is off")


def _unknown(sender_id: int) -> None:
    refuse(
        f"没有编号为 {sender_id} 的发送号码，见 fanxiao admin senders。", f"There is no sender {sender_id}; see `fanxiao admin senders`."
    )


def register(admin: typer.Typer) -> None:
    """Puts the commands into the group `admin`."""
    admin.command("senders")(senders)
    admin.add_typer(app, name="sender")
