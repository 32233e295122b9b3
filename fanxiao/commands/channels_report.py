"""`fanxiao channels report`: what became of the messages, per sender and day."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.outbox.report import ReportRow, delivery_report
from fanxiao.commands.channels_lines import local_zone
from fanxiao.commands.once import once, refuse
from fanxiao.commands.tables import print_table
from fanxiao.wiring import Storage
from storage.work import Work

DAYS = timedelta(days=6)
"""Before the last one, when no first day is given: a week."""
TOTAL = "合计 total"
HEADERS = (
    "日期\nday", "号码\nsender", "消息\nmessages", "条数\nparts", "待发\nqueued", "已发\nsent", "送达\ndelivered", "已回\nanswered",
    "失败\nfailed", "过期\nexpired", "费用\nCNY", "送达秒数\nmedian s", "失败原因\nfailures",
)  # fmt: skip
COUNTS = ("messages", "parts", "queued", "sent", "delivered", "answered", "failed", "expired")
DAY = ["%Y-%m-%d"]

First = Annotated[
    datetime | None, typer.Option("--from", formats=DAY, help="第一天，默认最后一天前六天 · first day; default: a week in all")
]
Last = Annotated[datetime | None, typer.Option("--to", formats=DAY, help="最后一天，默认今天 · last day, included; default: today")]
AsJson = Annotated[bool, typer.Option("--json", help="供程序读取 · for programs")]
AsCsv = Annotated[Path | None, typer.Option("--csv", dir_okay=False, help="写入表格文件 · write a file for spreadsheets")]


def report(first: First = None, last: Last = None, as_json: AsJson = False, as_csv: AsCsv = None) -> None:
    """发送统计 · Messages per sender and day: how many, what became of them, what they cost, how fast they arrived."""

    async def use(work: Work, _: Storage) -> tuple[date, date, list[ReportRow]]:
        zone = await local_zone(work.session)
        until = last.date() if last else work.now.astimezone(zone).date()
        since = first.date() if first else until - DAYS
        if since > until:
            refuse(f"--from（{since}）晚于 --to（{until}）。", f"--from ({since}) lies after --to ({until}).")
        return since, until, await delivery_report(work.session, since, until, zone)

    since, until, rows = once(use)
    if as_csv is not None:
        _write(as_csv, rows)
        typer.echo(f"已写入 {as_csv.name} / written to {as_csv.name}")
    elif as_json:
        days, total = [_plain(row) for row in rows[:-1]], _plain(rows[-1])
        typer.echo(json.dumps({"from": f"{since}", "to": f"{until}", "rows": days, "total": total}, ensure_ascii=False, indent=1))
    else:
        print_table(HEADERS, map(_row, rows))


def _plain(row: ReportRow) -> dict[str, Any]:
    return asdict(row) | {"day": f"{row.day}" if row.day else None, "cost": None if row.cost is None else f"{row.cost}"}


def _write(file: Path, rows: Sequence[ReportRow]) -> None:
    try:
        with file.open("w", encoding="utf-8-sig", newline="") as opened:  # spreadsheets know Chinese by this mark
            writer = csv.DictWriter(opened, [field.name for field in fields(ReportRow)])
            writer.writeheader()
            for row in rows:
                writer.writerow(_plain(row) | {"failures": _reasons(row.failures), "day": f"{row.day}" if row.day else TOTAL})
    except OSError as error:
        refuse(f"无法写入 {file}（{error.strerror}）。", f"{file} cannot be written ({error.strerror}).")


def _row(row: ReportRow) -> tuple[str, ...]:
    return (
        f"{row.day}" if row.day else TOTAL, f"{row.sender_id} {row.channel} {row.address}" if row.day else "",
        *(str(getattr(row, name)) for name in COUNTS), "—" if row.cost is None else f"{row.cost}",
        "—" if row.median_seconds is None else f"{row.median_seconds:.0f}", _reasons(row.failures),
    )  # fmt: skip


def _reasons(failures: Mapping[str, int]) -> str:
    """The most frequent first."""
    ordered = sorted(failures.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{reason} {count}" for reason, count in ordered)


def register(app: typer.Typer) -> None:
    """Puts the command into the group `channels`."""
    app.command("report")(report)
