"""`fanxiao admin`: what an operator needs to look after the installation."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from fanxiao.commands import (
    admin_api_keys,
    admin_calendar,
    admin_corrections,
    admin_families,
    admin_officers,
    admin_plan,
    admin_retention,
    admin_triage,
)
from fanxiao.settings import Settings
from fanxiao.wiring import open_storage
from storage import keys, restored, rotation
from storage.roles import Role
from storage.status import Status
from storage.status import status as read_status

app = typer.Typer(help="Look after the installation. 运维", no_args_is_help=True)
app.add_typer(admin_calendar.app, name="calendar")
app.add_typer(admin_api_keys.app, name="api-keys")
for commands in (admin_families, admin_plan, admin_corrections, admin_triage, admin_officers, admin_retention):
    commands.register(app)


@app.command()
def status(as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """Database, migrations, roles and queues. 数据库、迁移、角色、队列"""
    found = read_status(open_storage(Settings()).server)
    if as_json:
        typer.echo(json.dumps(asdict(found), ensure_ascii=False))
    else:
        Console().print(_table(found))


def _table(found: Status) -> Table:
    table = Table(show_header=False, title="fanxiao 返校")
    kind = "embedded" if found.embedded else "DATABASE_URL"
    table.add_row("database 数据库", f"{found.where} ({kind}, PostgreSQL {found.server_version}, {found.size_bytes / 1e6:.0f} MB)")
    table.add_row("migrations 迁移", f"{found.revision} / {found.latest_revision}")
    for role, works in found.roles.items():
        table.add_row(f"role 角色 {role}", "[green]ok[/]" if works else "[red]cannot log in 无法登录[/]")
    for queue, length in found.queues.items():
        table.add_row(f"queue 队列 {queue}", str(length))
    return table


@app.command("new-key")
def new_key() -> None:
    """Print a fresh encryption key for FANXIAO_KEYS. 生成密钥"""
    typer.echo(keys.new_key())


@app.command("restored")
def after_restore() -> None:
    """Once after a restore, before the worker starts. 恢复备份后、启动工作进程前运行一次"""
    storage = open_storage(Settings())
    with storage.server.direct(Role.OWNER) as connection:
        restored.begin_anew(storage.server, connection)
    typer.echo(
        "已记下：一天之内，每条消息第一次发出前，先向能查询的服务商核实是否已经发过；备份之后用过的编号不再使用。\n"
        "Noted: for a day, before a message leaves for the first time its provider is asked, where it can be, whether it has it already. "
        "Ids that were given after the backup are not given again."
    )


@app.command("rotate-keys")
def rotate_keys() -> None:
    """Encrypt all numbers again with the newest key. 用最新密钥重新加密"""
    storage = open_storage(Settings())
    with storage.server.direct(Role.OWNER) as connection:
        done = rotation.rotate(storage.server, connection, storage.cipher)
    typer.echo(f"{done} values / 项")
