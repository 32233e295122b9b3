"""What the commands of aid, referrals and complaints share: dates, sums, faults in both languages, the plan in force, files."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from cases.calendar_days import find_place
from cases.plans import plan_in_force
from fanxiao.commands.once import refuse
from plan.model import Plan
from storage.work import Work

Area = Annotated[str, typer.Option("--area", help="区划代码，不写为全部 · area code; all without it")]
AsJson = Annotated[bool, typer.Option("--json", help="供程序读取 · for programs")]
Out = Annotated[Path, typer.Option("--out", help="写到这个文件 · write this file", dir_okay=False)]

FAULTS = {
    "paid_before": ("已登记发放", "paid before"),
    "not_granted": ("还没有批准", "not granted"),
    "in_kind": ("批准的是实物或服务，没有金额", "granted in kind: there is no amount"),
    "future": ("发放日期在今天以后", "the day of payment lies in the future"),
    "before_decision": ("发放日期早于批准日期", "the day of payment lies before the decision"),
    "not_positive": ("金额要大于0", "the amount must be above 0"),
    "too_much": ("金额超过批准的数", "the amount is above what was granted"),
    "no_proof": ("要写凭证", "a proof is needed"),
    "closed": ("这个台账已销号", "the case is closed"),
    "no_kind": ("方案里没有启用这种移送", "the plan has no such kind of referral, or it is not enabled"),
    "not_its_department": ("这种移送不能给这个部门", "this kind of referral does not go to this department"),
    "not_entitled": ("这位同志无权办理", "this person is not entitled to do this"),
    "already": ("同样的移送已经提出，还没有办结", "the same referral is under way already"),
    "ended": ("已经办结，不能再改", "it has ended and cannot be changed"),
    "say_why": ("要写理由", "a reason is needed"),
}


def refuse_for(fault: str, what: str) -> NoReturn:
    """Ends the command with the fault's sentence; `what` names the row it is about."""
    zh, en = FAULTS[fault]
    refuse(f"{what}：{zh}", f"{what}: {en}")


async def known_plan(work: Work, area: str = "") -> Plan:
    """The plan in force; refuses where there is none, or no such area."""
    if area and await find_place(work, area=area) is None:
        refuse(f"没有这个区划代码：{area}", f"There is no such area code: {area}")
    try:
        return (await plan_in_force(work.session))[1]
    except LookupError:
        refuse("还没有启用方案，请先运行 fanxiao admin plan。", "No plan is in force yet: run `fanxiao admin plan` first.")


def day_of(text: str, field: str = "--on") -> date:
    """A day as 2026-11-27."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        refuse(f"{field}：日期要写成 2026-11-27，不是“{text}”", f"{field}: write a day as 2026-11-27, not {text!r}")


def sum_of(text: str | None, field: str = "--amount") -> Decimal | None:
    """An amount in CNY, to the fen."""
    if text is None:
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation:
        refuse(f"{field}：金额要写数字，不是“{text}”", f"{field}: write an amount as a number, not {text!r}")
    if not amount.is_finite() or amount != amount.quantize(Decimal("0.01")):
        refuse(f"{field}：金额最多两位小数", f"{field}: at most two decimals")
    return amount


def write(out: Path, content: bytes) -> None:
    """Writes the file and says where it is."""
    try:
        out.write_bytes(content)
    except OSError as error:
        refuse(f"写不了 {out}：{error.strerror}", f"Cannot write {out}: {error.strerror}")
    typer.echo(str(out))
