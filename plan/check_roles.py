"""Which roles a plan file names, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from plan.check_counting import counting_roles
from plan.check_enrolment import enrolment_roles
from plan.model import Plan
from plan.reading import Problem


def role_problems(plan: Plan) -> Iterator[Problem]:
    """Roles that are not there, and ladders that turn in a circle."""
    for place, role in named_roles(plan):
        if role not in plan.roles:
            yield Problem(place, f"没有“{role}”这个岗位，请先写进 roles", f"unknown role {role!r}: add it under roles")
    for name, role_entry in plan.roles.items():
        if role_entry.above is not None and role_entry.above not in plan.roles:
            yield Problem(f"roles.{name}.above", f"没有“{role_entry.above}”这个岗位", f"unknown role {role_entry.above!r}")
    yield from _ladder_problems(plan)


def _ladder_problems(plan: Plan) -> Iterator[Problem]:
    for name in plan.roles:
        seen, above = {name}, plan.roles[name].above
        while above is not None and above in plan.roles:
            if above in seen:
                if above == name:
                    yield Problem(f"roles.{name}.above", f"上级岗位绕成了圈（{above}）", f"the roles above form a loop at {above!r}")
                break
            seen.add(above)
            above = plan.roles[above].above


def named_roles(plan: Plan) -> Iterator[tuple[str, str]]:
    """(place, role) wherever the file names a role."""
    yield from _of_the_day(plan)
    yield from _of_the_chain(plan)
    yield from _of_help(plan)
    yield from enrolment_roles(plan)
    yield from plan.publicity.roles()
    yield from counting_roles(plan)
    yield from plan.reports.roles()
    yield from plan.areas.roles()


def _of_the_day(plan: Plan) -> Iterator[tuple[str, str]]:
    yield "attendance.role", plan.attendance.role
    yield "attendance.takeover.role", plan.attendance.takeover.role
    yield "attendance.digest.role", plan.attendance.digest.role
    yield "attendance.mass_absence.role", plan.attendance.mass_absence.role
    yield from _each("closures.roles", plan.closures.roles)
    if plan.boarding is not None:
        yield "boarding.role", plan.boarding.role
        yield "boarding.told", plan.boarding.told
    yield from _each("digest.weekly.roles", plan.digest.weekly.roles if plan.digest.weekly else ())


def _of_the_chain(plan: Plan) -> Iterator[tuple[str, str]]:
    for index, rung in enumerate(plan.levels):
        for number, step in enumerate(rung.owed):
            yield f"levels[{index}].owed[{number}].role", step.role
        for number, told in enumerate(rung.told):
            yield f"levels[{index}].told[{number}].role", told.role
        yield f"levels[{index}].follow_up.role", rung.follow_up.role
    for name, answer in plan.answers.items():
        if answer.role is not None:
            yield f"answers.{name}.role", answer.role
    for name, duty in plan.duties.items():
        yield f"duties.{name}.role", duty.role
    for name, way in plan.exits.items():
        yield from _each(f"exits.{name}.by", way.by)
    yield from _each("safety.roles", plan.safety.roles)
    yield "holes.role", plan.holes.role
    yield "audit.role", plan.audit.role
    yield from _each("deliveries.by", plan.deliveries.by)
    yield from _each("postponing.by", plan.postponing.by)


def _of_help(plan: Plan) -> Iterator[tuple[str, str]]:
    yield "aid.payment.role", plan.aid.payment.role or plan.holes.role
    yield "complaints.role", plan.complaints.role or plan.holes.role
    for name, kind in plan.referrals.items():
        yield from _each(f"referrals.{name}.by", kind.by if kind.enabled else ())


def _each(place: str, roles: Iterable[str]) -> Iterator[tuple[str, str]]:
    yield from ((place, role) for role in roles)
