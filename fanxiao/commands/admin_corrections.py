"""`fanxiao admin corrections`: replies that staff say were read wrongly, for the next version of the lexicon."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from cases.reply_corrections import Corrected, corrections
from fanxiao.commands.once import once
from fanxiao.wiring import Storage
from storage.work import Work


def show(
    area: Annotated[str, typer.Option("--area", help="区划代码，不写为全部 · area code; all without it")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="供程序读取 · for programs")] = False,
) -> None:
    """改正过的回复 · What was written, what it was read as, what it meant. Holds families' words."""

    async def use(work: Work, _: Storage) -> list[Corrected]:
        return await corrections(work, area)

    found = once(use)
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in found], ensure_ascii=False, default=str))
        return
    table = Table("时间 at", "原文 text", "读成 read as", "本意 meant")
    for one in found:
        table.add_row(f"{one.at:%Y-%m-%d}", one.text, _said(one.read_as, one.read_on), _said(one.meant, one.meant_on))
    Console().print(table, markup=False)


def _said(intent: str, on: object) -> str:
    return f"{intent} {on}" if on else intent


def register(app: typer.Typer) -> None:
    app.command("corrections")(show)
