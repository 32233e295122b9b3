"""What many commands check first: a plan is in force, and the area that is named exists."""

from __future__ import annotations

from cases.calendar_days import find_place
from cases.plans import plan_in_force
from fanxiao.commands.once import refuse
from plan.model import Plan
from storage.work import Work


async def in_force(work: Work) -> Plan:
    """The plan; refuses before there is one."""
    try:
        return (await plan_in_force(work.session))[1]
    except LookupError:
        refuse("还没有启用方案，请先运行 fanxiao admin plan。", "No plan is in force yet: run `fanxiao admin plan` first.")


async def known_area(work: Work, area: str) -> None:
    """Refuses a code that no area has; empty means all."""
    if area and await find_place(work, area=area) is None:
        refuse(f"没有这个区划代码：{area}", f"There is no such area code: {area}")
