"""`fanxiao demo --story`: a whole month, played and printed."""

from __future__ import annotations

import sys
from datetime import date, datetime

import typer
from rich.console import Console
from rich.table import Table

from console.words import Named
from fanxiao.demo_county import start_over
from fanxiao.running import run
from fanxiao.settings import Settings
from fanxiao.story import Ending, play
from fanxiao.telling import Line
from fanxiao.wiring import running_storage
from plan.calendar import Calendar
from storage.server import home_lock

WORDS = {
    "zh": {
        "sheets": "考勤：{} 个班上报", "out": "→ 家长手机：{}", "in": "← 家长回复：{}", "ledger": "控辍台账",
        "kept": "故事里说好的事都做到了。", "broken": "没有做到：{}",
        "columns": ["编号", "学生", "学校", "班级", "开始", "最高级别", "原因", "状态", "销号"],
        "open": "未销号", "weekdays": "一二三四五六日", "day": "{}月{}日 星期{}",
    },
    "en": {
        "sheets": "sheets answered: {}", "out": "-> family's phone: {}", "in": "<- family answers: {}",
        "ledger": "The ledger",
        "kept": "Every promise of the story was kept.", "broken": "Not kept: {}",
        "columns": ["number", "child", "school", "class", "began", "level", "cause", "state", "closed"],
        "open": "open", "weekdays": "", "day": "",
    },
}  # fmt: skip


def tell_story(settings: Settings, language: str) -> int:
    """Plays the month in a folder of its own, and goes on where a killed run stopped. Returns the exit code."""
    if language not in WORDS:
        raise typer.BadParameter("zh, en", param_hint="--lang")
    printer = Printer(language)
    with home_lock(settings.home):
        ending = run(_play(settings, language, printer))
        start_over(settings.home)
    return printer.end(ending)


async def _play(settings: Settings, language: str, printer: Printer) -> Ending:
    async with running_storage(settings) as storage:
        return await play(storage, settings, language, printer.day)


PRINTED_WIDTH = 132
"""Columns where the output goes to a file."""


class Printer:
    """Prints days as they end, then the ledger and the count."""

    def __init__(self, language: str) -> None:
        self._words = WORDS[language]
        self._english = language == "en"
        self._console = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else PRINTED_WIDTH)

    def day(self, day: date, lines: list[Line], calendar: Calendar) -> None:
        """One day of the story; a day on which nothing happened is left out."""
        if not lines:
            return
        self._console.rule(self._title(day), align="left")
        for line in lines:
            self._console.print(self._line(line, calendar.local(line.at)), markup=False)

    def _title(self, day: date) -> str:
        return (
            f"{day:%A, %d %B %Y}" if self._english else self._said("day").format(day.month, day.day, self._said("weekdays")[day.weekday()])
        )

    def _said(self, key: str) -> str:
        return str(self._words[key])

    def _line(self, line: Line, at: datetime) -> str:
        text = line.text if line.kind == "record" else self._said(line.kind).format(line.text)
        who = f"[{line.name}] " if line.name is not None else ""
        return f"{at:%H:%M} {who}{text}"

    def end(self, ending: Ending) -> int:
        """The ledger, the promises and the count; 1 when a promise was broken or anything was lost or said twice."""
        self._console.print(self._ledger(ending))
        for sentence in ending.broken:
            self._console.print(self._said("broken").format(sentence), style="bold red", markup=False)
        failed = bool(ending.broken or ending.tally.lost or ending.tally.twice)
        if not failed:
            self._console.print(self._said("kept"), style="green")
        typer.echo(str(ending.tally))
        return int(failed)

    def _ledger(self, ending: Ending) -> Table:
        table = Table(*self._words["columns"], title=self._said("ledger"))
        for row in ending.ledger:
            began = f"{ending.calendar.local(row.opened_at):%m-%d}"
            closed = f"{ending.calendar.local(row.closed_at):%m-%d}" if row.closed_at else ""
            how = self._label(ending.plan.exits.get(row.exit or "")) or self._said("open")
            cause = self._label(ending.plan.causes.get(row.cause or ""))
            table.add_row(row.number, row.student, row.school, row.class_name, began, str(row.level), cause, how, closed)
        return table

    def _label(self, label: Named | None) -> str:
        return "" if label is None else label.en if self._english else label.zh
