"""`fanxiao channels`: the accounts and numbers that messages leave from."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Annotated, Any

import typer

from bot.channels.registry import MAIN, Line
from bot.outbox.senders import (
    URGENCIES,
    SenderState,
    add_sender,
    change_terms,
    drain_sender,
    pause_sender,
    remove_sender,
    resume_sender,
    sender_states,
    was_used,
)
from fanxiao.commands import channels_check, channels_people, channels_report, channels_send
from fanxiao.commands.channels_lines import known_line, local_day, opened, own_address, sender_of
from fanxiao.commands.channels_terms import Cap, Hours, Price, hours_text, read_terms, told
from fanxiao.commands.once import once, refuse
from fanxiao.commands.tables import print_table
from fanxiao.engine import load_catalogue
from fanxiao.settings import Settings
from fanxiao.wiring import Storage
from storage.rows import LARGEST_ID
from storage.tables import Sender
from storage.work import Work, working

app = typer.Typer(help="通道与发送号码 · channels: the accounts and numbers that messages leave from", no_args_is_help=True)

SenderId = Annotated[int, typer.Argument(metavar="ID", max=LARGEST_ID, help="编号，见 channels list · id, see `channels list`")]
AsJson = Annotated[bool, typer.Option("--json", help="供程序读取 · for programs")]
Rate = Annotated[str, typer.Option("--rate", help="每秒几条，如 0.25 · a second, like 0.25")]

STATES = {"open": "启用 on", "draining": "收尾 draining", "paused": "暂停 paused", "stopped": "停用 stopped"}
HEADERS = (
    "编号\nid", "通道\nchannel", "账户\naccount", "地址\naddress", "状态\nstate", "停用原因\nstopped because", "每秒\nrate",
    "今日/上限\ntoday/cap", "时段\nhours", "单价\nCNY", "等待：安全\nwaiting: safety", "待办\nduty", "宣传\nbulk",
)  # fmt: skip


@app.command("list")
def show(as_json: AsJson = False) -> None:
    """列出发送号码 · What messages leave from, in which state, and what waits."""

    async def use(work: Work, _: Storage) -> list[SenderState]:
        return await sender_states(work.session, await local_day(work))

    found = once(use)
    if as_json:
        typer.echo(json.dumps([_as_json(one) for one in found], ensure_ascii=False, indent=1))
        return
    print_table(HEADERS, map(_row, found))
    if not found:
        typer.echo("还没有发送号码，用 fanxiao channels add 添加。 / There is no sender yet: `fanxiao channels add` makes one.")


def _as_json(one: SenderState) -> dict[str, Any]:
    row = asdict(one)
    since, until = row.pop("hours_from"), row.pop("hours_until")
    price, try_at = None if one.price is None else str(one.price), None if one.try_at is None else one.try_at.isoformat()
    return row | {"hours": hours_text(since, until), "price": price, "try_at": try_at}


def _row(one: SenderState) -> tuple[str, ...]:
    cap = "—" if one.daily_cap is None else str(one.daily_cap)
    price = "" if one.price is None else f"{one.price.normalize():f}"
    return (
        str(one.id), one.channel, one.account, one.address, STATES[one.state], one.stopped_reason or "", f"{one.rate_per_second:g}",
        f"{one.used}/{cap}", hours_text(one.hours_from, one.hours_until) or "", price,
        *(str(one.waiting[urgency]) for urgency in URGENCIES),
    )  # fmt: skip


@app.command()
def add(
    channel: Annotated[str, typer.Argument(help="通道，如 twilio_sms · channel, like twilio_sms")],
    address: Annotated[str, typer.Argument(help="发送号码，或应用编号 · our number there, or the id of our application")],
    rate: Rate,
    account: Annotated[str, typer.Option("--account", help="账户名，即设置名的后缀 · account: the suffix of its settings")] = MAIN,
    cap: Cap = None,
    hours: Hours = None,
    price: Price = None,
) -> None:
    """添加发送号码 · Add a number or application that messages leave from. Its account's settings must be in the environment."""
    terms, settings = read_terms(rate, cap, hours, price), Settings()
    line = known_line(channel, account, settings)

    async def use(work: Work, _: Storage) -> tuple[int, str]:
        ours = await _normal(line, address, settings)
        made = await add_sender(work, *line, ours, terms)
        if made is None:
            await _is_there(work, line, ours)
        return made or 0, ours

    sender_id, ours = once(use)
    typer.echo(f"已添加发送号码 {sender_id}：{channel} {ours}。再运行 fanxiao channels check {sender_id} 检查。")
    typer.echo(f"Sender {sender_id} added: {channel} {ours}. Now `fanxiao channels check {sender_id}` looks at it.")


async def _normal(line: Line, address: str, settings: Settings) -> str:
    try:
        async with opened(line, settings) as channel:
            ours = own_address(channel.capabilities.contact, address)
            for trouble in channel.misaddressed(ours)[:1]:
                refuse(
                    load_catalogue().phrase(f"check.{trouble.kind}", {"detail": trouble.detail}),
                    f"{ours} can be no sender of {line[0]} ({trouble.kind}); docs/channels.md says what its address is.",
                )
            return ours
    except (KeyError, ValueError, TypeError) as error:
        refuse(
            f"通道 {line[0]} 的账户 {line[1]} 的设置有误（{type(error).__name__}），请对照 docs/channels.md 检查。",
            f"The settings of account {line[1]} of {line[0]} cannot be used ({type(error).__name__}): compare docs/channels.md.",
        )


async def _is_there(work: Work, line: Line, address: str) -> None:
    found = await sender_states(work.session, await local_day(work))
    number = next(one.id for one in found if (one.channel, one.account, one.address) == (*line, address))
    refuse(
        f"这个发送号码已经有了，编号 {number}，没有改动；要改用 fanxiao channels set {number}。",
        f"It is there already as sender {number}, and was left as it is; `fanxiao channels set {number}` changes it.",
    )


@app.command("set")
def change(
    sender_id: SenderId,
    rate: Annotated[str | None, typer.Option("--rate", help="每秒几条，如 0.25 · a second, like 0.25")] = None,
    cap: Cap = None,
    hours: Hours = None,
    price: Price = None,
) -> None:
    """修改速率、上限、时段、单价 · Change rate, cap, hours, price; none clears one."""
    terms = read_terms(rate, cap, hours, price)
    if not terms:
        refuse("请写明要改什么：--rate、--cap、--hours 或 --price。", "Say what to change: --rate, --cap, --hours or --price.")

    async def use(work: Work, sender: Sender) -> None:
        change_terms(work, sender, terms)

    _with_sender(sender_id, use)
    typer.echo(f"发送号码 {sender_id} / sender {sender_id}: {told(terms)}")


@app.command()
def pause(sender_id: SenderId) -> None:
    """暂停 · Nothing leaves from it until it is resumed; what waits goes another way, where there is one."""

    async def use(work: Work, sender: Sender) -> None:
        pause_sender(work, sender)

    _with_sender(sender_id, use)
    typer.echo(f"发送号码 {sender_id} 已暂停 / sender {sender_id} is paused")


@app.command()
def resume(sender_id: SenderId) -> None:
    """恢复 · Let messages leave from it again, also after an error of its account has been mended."""

    async def use(work: Work, sender: Sender) -> None:
        resume_sender(work, sender)

    _with_sender(sender_id, use)
    typer.echo(f"发送号码 {sender_id} 已启用 / sender {sender_id} is on")


@app.command()
def drain(sender_id: SenderId) -> None:
    """收尾 · It takes nothing new, and sends what waits for it: before a number is given up."""

    async def use(work: Work, sender: Sender) -> None:
        if sender.state == "stopped":
            refuse(
                f"发送号码 {sender_id} 因账户出错已停用，等待的发不出去。排除故障后先运行 fanxiao channels resume {sender_id}。",
                f"Sender {sender_id} is stopped by an error of its account and cannot send what waits. "
                f"Mend it and run `fanxiao channels resume {sender_id}` first.",
            )
        drain_sender(work, sender)

    _with_sender(sender_id, use)
    typer.echo(f"发送号码 {sender_id} 不再接新消息，发完为止 / sender {sender_id} takes nothing new and sends what waits")


@app.command()
def remove(sender_id: SenderId) -> None:
    """删除 · Remove a sender that was never used; one that was is drained and paused instead."""

    async def use(outer: Work, storage: Storage) -> None:
        async with working(storage.owner, outer.now) as work:  # only the owner may drop queues
            sender = await sender_of(work, sender_id)
            if await was_used(work, sender):
                refuse(
                    f"发送号码 {sender_id} 已有消息记录，不能删除。"
                    f"先用 channels drain {sender_id} 发完等待的，再用 channels pause {sender_id} 停用。",
                    f"Messages wait for sender {sender_id} or have left from it, so it stays. "
                    f"`channels drain {sender_id}` sends what waits, then `channels pause {sender_id}`.",
                )
            await remove_sender(work, sender)

    once(use)
    typer.echo(f"发送号码 {sender_id} 已删除 / sender {sender_id} is removed")


def _with_sender(sender_id: int, use: Callable[[Work, Sender], Awaitable[None]]) -> None:
    async def go(work: Work, _: Storage) -> None:
        await use(work, await sender_of(work, sender_id))

    once(go)


for commands in (channels_check, channels_send, channels_report, channels_people):
    commands.register(app)
