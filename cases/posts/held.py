"""Whether a person answers for this place, in a post or in somebody's stead: what is typed needs the same right as what is texted."""

from __future__ import annotations

from collections.abc import Iterable

from cases.desk import Desk
from cases.responsible import holders
from storage.work import Work

LOW = {"class", "school", "village", "township"}


async def answers_for(work: Work, desk: Desk, person_id: int, roles: Iterable[str]) -> bool:
    """Whether the person holds one of these roles for the desk's place today, stands in for its holder, or is the substitute."""
    for role in roles:
        if role not in desk.plan.roles:
            continue
        for holder in await holders(work.session, desk.plan, role, desk.place, desk.today):
            if person_id in {holder.person_id, holder.substitute_id}:
                return True
    return False


async def answers_for_any_above(work: Work, desk: Desk, person_id: int, role: str) -> bool:
    """The same for a role and those above it."""
    return await answers_for(work, desk, person_id, [role, *desk.plan.ladder(role)])


async def is_above_township(work: Work, desk: Desk, person_id: int) -> bool:
    """Whether the person answers for the place's county or prefecture in any role but a department's."""
    roles = [name for name, role in desk.plan.roles.items() if not LOW & set(role.scope) and name != "department_liaison"]
    return await answers_for(work, desk, person_id, roles)
