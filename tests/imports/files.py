"""Spreadsheets for tests, and a look at everything that is stored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import xlsxwriter
from sqlalchemy import text

from storage.database import Database
from storage.tables import Base

ROSTER = [
    "学校标识码", "学籍号", "姓名", "性别", "出生日期", "民族", "身份证件号", "年级", "班级", "班内学号", "户口所在地行政区划", "现住址",
    "是否留守儿童", "残疾人类型", "成员1姓名", "成员1关系", "成员1联系电话", "成员1是否监护人", "成员2姓名", "成员2关系", "成员2联系电话",
]  # fmt: skip
SCHOOLS = ["学校标识码", "学校名称", "学段", "区划代码", "是否寄宿", "电话"]
SCHOOL_ROWS: list[list[Any]] = [
    ["2162003451", "锁南镇中心小学", "小学", "622926100004", "否", "0930-7121234"],
    ["0062003452", "锁南镇初级中学", "初中", "622926100", "是", ""],
]


def write_xlsx(path: Path, *sheets: Sequence[Sequence[Any]], merges: Sequence[tuple[int, int, int, int, Any]] = ()) -> Path:
    """Each sheet is a list of rows; `merges` (first row, first column, last row, last column, value) are in the first sheet."""
    with xlsxwriter.Workbook(str(path)) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for rows in sheets:
            sheet = book.add_worksheet()
            for y, row in enumerate(rows):
                for x, value in enumerate(row):
                    if isinstance(value, date):
                        sheet.write_datetime(y, x, value, day)
                    else:
                        sheet.write(y, x, value)
            if rows is sheets[0]:
                for merge in merges:
                    sheet.merge_range(*merge)
    return path


def child(name: str, **cells: Any) -> list[Any]:
    """A row of the ROSTER columns with sensible values; `cells` replace them by heading."""
    number = f"L6229262014{abs(hash(name)) % 10**7:07d}"
    row: dict[str, Any] = {
        "学校标识码": "2162003451", "学籍号": number, "姓名": name, "性别": "男", "出生日期": "20170305", "民族": "东乡族",
        "年级": "三年级", "班级": "2班", "户口所在地行政区划": "622926100", "现住址": "锁南镇毛毛村二社", "是否留守儿童": "否",
        "残疾人类型": "无残疾", "成员1姓名": "马福海", "成员1关系": "父亲", "成员1联系电话": "13893012345", "成员1是否监护人": "是",
    }  # fmt: skip
    row |= cells
    return [row.get(column, "") for column in ROSTER]


async def contents(database: Database) -> dict[str, list[Any]]:
    """Every row of every table."""
    async with database.session() as session:
        found: dict[str, list[Any]] = {}
        for name in Base.metadata.tables:
            rows = await session.execute(text(f'select t::text from "{name}" t order by 1'))
            found[name] = list(rows.scalars())
        return found


async def one(database: Database, query: str) -> Any:
    """The only value that a query gives."""
    async with database.session() as session:
        return await session.scalar(text(query))


async def every(database: Database, query: str) -> list[Any]:
    """The rows that a query gives, as tuples (as values where there is one column)."""
    async with database.session() as session:
        rows = [tuple(row) for row in await session.execute(text(query))]
        return [row[0] for row in rows] if rows and len(rows[0]) == 1 else rows
