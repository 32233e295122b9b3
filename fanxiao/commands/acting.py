"""In whose name a command acts: decisions are a named person's, also when they are typed."""

from __future__ import annotations

from sqlalchemy import select

from cases.plans import plan_in_force
from cases.responsible import in_force
from fanxiao.commands.once import refuse
from plan.calendar import Calendar
from plan.model import Plan
from storage.tables import Area, Person, Responsibility, School
from storage.work import Work

BY = "经办人编号或姓名 · who decides: a responsible person's number or name"


async def acting(work: Work, who: str, area_code: str = "") -> Person:
    """The one responsible person with this number, or with this name within the area; refuses where there is none or several."""
    _, plan = await plan_in_force(work.session)
    in_office = select(Responsibility.person_id).where(*in_force(Calendar(plan).day_of(work.now)))
    query = select(Person).where(Person.id.in_(in_office))
    query = (
        query.where(Person.id == int(who)) if who.isdecimal() else query.where(Person.name == who, Person.area_code.startswith(area_code))
    )
    found = list(await work.session.scalars(query.limit(6)))
    if not found:
        refuse(f"没有这位责任人：{who}", f"No responsible person has this number or name: {who}")
    if len(found) > 1:
        listed = "、".join([f"{one.id} {one.name}（{await _posts_of(work, plan, one)}）" for one in found])
        refuse(f"有几位同名的责任人，请用编号：{listed}", f"Several responsible people have this name; give the number: {listed}")
    return found[0]


async def _posts_of(work: Work, plan: Plan, person: Person) -> str:
    """Where somebody answers for what, so that namesakes are told apart."""
    today = Calendar(plan).day_of(work.now)
    query = (
        select(Responsibility.role, Area.name, School.name)
        .outerjoin(Area, Area.code == Responsibility.area_code)
        .outerjoin(School, School.id == Responsibility.school_id)
        .where(Responsibility.person_id == person.id, *in_force(today))
        .order_by(Responsibility.id)
    )
    rows = (await work.session.execute(query)).all()
    return "、".join(f"{school or area or ''}{plan.role_name(role)}" for role, area, school in rows)
