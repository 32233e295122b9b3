"""`fanxiao read`: what a reply means, for each child, with the words that decided; no database is needed."""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import date
from pathlib import Path
from typing import Annotated, Any, NoReturn
from zoneinfo import ZoneInfo

import typer

from bot.replies import Child, Reading, SchoolYear, action, read_guardian, school_year_of, unread_words
from fanxiao.commands.read_table import BadRows, Row, read_rows
from fanxiao.files import PLAN
from fanxiao.own_words import use_own_words
from fanxiao.plan_file import load_plan
from fanxiao.settings import Settings

QUESTIONS = ("absence", "notice", "confirm_return", "none", "publicity")
NOTHING_ASKED = "none"
HOME_ZONE = ZoneInfo("Asia/Shanghai")


def register(app: typer.Typer) -> None:
    app.command("read")(read)


def read(
    text: Annotated[str | None, typer.Argument(help="回复的文字 · the reply")] = None,
    question: Annotated[str, typer.Option("--question", help=f"问的是什么 · what was asked: {', '.join(QUESTIONS)}")] = NOTHING_ASKED,
    child: Annotated[
        list[str] | None, typer.Option("--child", help="孩子姓名，可多个，大的在前 · a child's name, the eldest first")
    ] = None,
    today: Annotated[str | None, typer.Option("--today", help="日期 · the day it came: YYYY-MM-DD")] = None,
    file: Annotated[Path | None, typer.Option("--file", help="表格 · a TSV file: id, question, reply [, children, today]")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """读回复 · Say what a guardian's reply means and what would be done with it: act, ask, or give it to a person."""
    settings = Settings()
    use_own_words(settings)
    names, day = tuple(child or ()), _day(today)
    school = school_year_of(load_plan(settings.plan or PLAN))
    if (text is None) == (file is None):
        _refuse("请给出回复的文字，或用 --file 给出表格。", "Give the text of a reply, or a table with --file.")
    if file is None:
        if question not in QUESTIONS:
            _refuse(
                f"--question “{question}”不认识，可用：{'、'.join(QUESTIONS)}", f"--question is unknown; there are {', '.join(QUESTIONS)}"
            )
        _show(_meant(Row("", question, text or "", names, day), school), as_json=as_json)
        return
    try:
        rows = read_rows(file, questions=QUESTIONS, children=names, today=day)
    except BadRows as bad:
        for zh, en in bad.problems:
            typer.echo(f"{file.name}: {zh} / {en}", err=True)
        raise typer.Exit(1) from bad
    _show_all(rows, school, as_json=as_json)


def _day(said: str | None) -> date:
    if said is None:
        from storage.clock import SystemClock

        return asyncio.run(SystemClock().now()).astimezone(HOME_ZONE).date()
    try:
        return date.fromisoformat(said)
    except ValueError:
        _refuse(f"--today “{said}”不是日期，应为 2026-11-24 的形式。", "--today is no day; write it like 2026-11-24.")


def _refuse(zh: str, en: str) -> NoReturn:
    typer.echo(zh, err=True)
    typer.echo(en, err=True)
    raise typer.Exit(1)


def _meant(row: Row, school: SchoolYear) -> list[dict[str, Any]]:
    """The readings as they are printed. `date`: what the words name, so the last day of a leave rather than the day after.

    Only where there are such, `also_read`: the words for which a person reads the text although the machine acts on it, or asks;
    `doubt`: why what was understood is asked; `put`: what is asked as right or wrong in one line, instead of the whole question.
    """
    asked = None if row.question == NOTHING_ASKED else row.question
    children = [Child(place, name, rank=place) for place, name in enumerate(row.children, start=1)]
    names = {child.student_id: child.name for child in children}
    unread = unread_words(row.reply, children=children, today=row.today, school=school)
    found = read_guardian(row.reply, question=asked, children=children, today=row.today, school=school)
    actions = [action(one, question=asked, children=len(children)) for one in found]
    put = _put(found, row, children, school) if len(children) == 1 and "ask" in actions else None
    return [
        {
            "child": names.get(one.student_id) if one.student_id is not None else None,
            "intent": one.intent,
            "date": _named(one),
            "confidence": one.confidence,
            "evidence": one.evidence,
            "action": done,
            **({"also_read": " ".join(unread)} if unread and done != "person" else {}),
            **({"doubt": one.doubt} if one.doubt else {}),
            **({"put": put} if done == "ask" and put else {}),
        }
        for one, done in zip(found, actions, strict=True)
    ]


def _put(found: list[Reading], row: Row, children: list[Child], school: SchoolYear) -> str | None:
    from bot.dialogs.checking_back import one_line  # what is not asked needs no dialog, which takes time to load

    put = one_line(found, row.reply, question=row.question, children=children, today=row.today, school=school)
    return " ".join(filter(None, (put.intent, _named(put)))) if put is not None else None


def _named(one: Reading) -> str | None:
    day = one.until or one.on
    return day.isoformat() if day is not None else None


def _show(readings: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(readings, ensure_ascii=False))
    else:
        _print_table([("", one) for one in readings])


def _show_all(rows: list[Row], school: SchoolYear, *, as_json: bool) -> None:
    if not as_json:
        _print_table([(row.id, one) for row in rows for one in _meant(row, school)])
        return
    for row in rows:
        sys.stdout.write(json.dumps({"id": row.id, "readings": _meant(row, school)}, ensure_ascii=False) + "\n")


HEADERS = (
    "编号\nid",
    "孩子\nchild",
    "意思\nintent",
    "日期\ndate",
    "把握\nconfidence",
    "依据\nevidence",
    "处理\naction",
    "另请人看\nalso read",
    "疑点\ndoubt",
    "核对\nput",
)


COLUMNS = ("child", "intent", "date", "confidence", "evidence", "action", "also_read", "doubt", "put")


def _print_table(readings: list[tuple[str, dict[str, Any]]]) -> None:
    from fanxiao.commands.tables import print_table  # only a person who looks needs what it loads

    print_table(HEADERS, ((id_, *(_cell(one.get(name)) for name in COLUMNS)) for id_, one in readings))


def _cell(value: Any) -> str:
    return "" if value is None else str(value)
