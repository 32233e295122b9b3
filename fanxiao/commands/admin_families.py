"""`fanxiao admin no-contact`: who of a family may not be told about the child. Shows relations and ids, never names or numbers."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from cases.imports.intake import student_key
from cases.imports.numbers import read_number
from cases.no_contact import Relative, bar, lift_bar, relatives, student_of_case, student_of_register
from fanxiao.commands.once import once, refuse
from fanxiao.wiring import Storage
from storage.tables import Student
from storage.work import Work

Case = Annotated[str | None, typer.Option("--case", help="台账编号 · number of the child's case")]
Register = Annotated[str | None, typer.Option("--student", help="学籍号 · the child's register number")]
PersonId = Annotated[int | None, typer.Option("--person", help="家长编号，见列表 · the guardian's id, from the list")]
Barred = Annotated[bool | None, typer.Option("--on/--off", help="停止/恢复联系 · bar, or lift the bar")]


def no_contact(case: Case = None, student: Register = None, person: PersonId = None, barred: Barred = None) -> None:
    """不得联系 · List a child's guardians; with --person and --on or --off, bar one from all messages about the child, or lift it."""
    if (person is None) != (barred is None):
        refuse("--person 要与 --on 或 --off 一起用。", "Give --person together with --on or --off.")

    async def use(work: Work, storage: Storage) -> list[Relative]:
        child = await _child(work, storage, case, student)
        if person is not None:
            await _change(work, child, person, barred=bool(barred))
        return await relatives(work, child.id)

    found = once(use)
    Console(soft_wrap=True, highlight=False).print(_table(found))
    _warn(found)


async def _child(work: Work, storage: Storage, case: str | None, register: str | None) -> Student:
    if case is not None and register is None:
        found = await student_of_case(work, case)
    elif register is not None and case is None:
        found = await student_of_register(work, student_key(storage.cipher, read_number(register) or ""))
    else:
        refuse("请用 --case 或 --student 指定一个学生。", "Give one of --case and --student.")
    if found is None:
        refuse("没有找到这个学生。", "There is no such child.")
    return found


async def _change(work: Work, child: Student, person: int, *, barred: bool) -> None:
    changed = await (bar if barred else lift_bar)(work, child, person)
    if not changed:
        refuse(f"{person} 不是这个学生的家长。", f"{person} is no guardian of this child.")


def _table(found: list[Relative]) -> Table:
    table = Table("编号 id", "关系 relation", "顺序 asked", "可用电话 phones", "不得联系 no contact")
    for one in found:
        table.add_row(str(one.person_id), one.relation, str(one.rank), str(one.phones), "是 yes" if one.no_contact else "")
    return table


def _warn(found: list[Relative]) -> None:
    if any(one.no_contact and one.shared for one in found):
        typer.echo("注意：被停止联系的家长与另一位家长共用电话，发给后者的消息他仍会看到。", err=True)
        typer.echo("Mind: the barred guardian shares a phone with another guardian, and still sees what that one is sent.", err=True)
    if found and all(one.no_contact or not one.phones for one in found):
        typer.echo("注意：没有一位可以联系的家长了，请告知班主任。", err=True)
        typer.echo("Mind: no guardian is left who may and can be told; tell the class teacher.", err=True)


def register(admin: typer.Typer) -> None:
    """Puts the command into the group `admin`."""
    admin.command("no-contact")(no_contact)
