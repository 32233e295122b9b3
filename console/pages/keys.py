"""Keys of other systems: made in the name of whoever makes them, shown once, listed by their beginnings, ended at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form
from sqlalchemy import select
from starlette.responses import Response

from cases.child_search import schools_called
from cases.outward.hooks import end_hook, resume_hook
from cases.outward.keys import SCOPES, Issue, issue, posts_behind, revoke
from console.letters import Refusal
from console.pages.importing import may_import
from console.pages.ledger import areas_beneath
from console.security import require_csrf_form
from console.visit import Visit, Visiting, gone, see_other
from storage.tables import ApiHook, ApiKey, Area, Person, School
from storage.work import Work

router = APIRouter(prefix="/keys")
ACTING = [Depends(require_csrf_form)]
LONGEST_NAME, LONGEST_LIFE, MOST_CALLS = 60, 1100, 6000
Name = Annotated[str, Form(max_length=LONGEST_NAME)]


@router.get("")
async def show(visit: Visiting) -> Response:
    return await _page(visit)


async def _page(visit: Visit, *, fault: Refusal | None = None, typed: dict[str, Any] | None = None, fresh: str = "") -> Response:
    """`fresh`: the secret of a key that was just made; this answer alone holds it."""
    may = await may_import(visit)
    return await visit.show(
        "keys", may=may, keys=await _keys(visit) if may else [], hooks=await _hooks(visit) if may else [], fault=fault, typed=typed or {},
        fresh=fresh, scopes=SCOPES, areas=await areas_beneath(visit), longest=LONGEST_NAME, longest_life=LONGEST_LIFE,
        most_calls=MOST_CALLS, role=visit.speech("keys").in_dict(visit.plan.roles, visit.plan.holes.role), status=409 if fault else 200,
    )  # fmt: skip


async def _keys(visit: Visit) -> Sequence[Any]:
    """(key, in whose name, area, school) within the post's area, the newest first."""
    query = (
        select(ApiKey, Person.name, Area.name, School.name)
        .join(Person, Person.id == ApiKey.person_id)
        .outerjoin(Area, Area.code == ApiKey.area_code)
        .outerjoin(School, School.id == ApiKey.school_id)
        .where(ApiKey.area_code.startswith(visit.area))
        .order_by(ApiKey.revoked_at.is_not(None), ApiKey.id.desc())
    )
    async with visit.acting() as work:
        return (await work.session.execute(query)).all()


async def _hooks(visit: Visit) -> Sequence[ApiHook]:
    query = select(ApiHook).where(ApiHook.state != "ended").order_by(ApiHook.id)
    return (await visit.session.scalars(query)).all()


@router.post("", dependencies=ACTING)
async def make(
    visit: Visiting, name: Name = "", area: Name = "", school: Name = "", scopes: Annotated[list[str], Form()] = [],  # noqa: B006
    days: Annotated[int, Form(ge=1, le=LONGEST_LIFE)] = 365, per_minute: Annotated[int, Form(ge=1, le=MOST_CALLS)] = 120,
) -> Response:  # fmt: skip
    """The answer shows the secret, this once: it stands in no address and is kept nowhere."""
    typed = {"name": name, "area": area, "school": school, "scopes": scopes, "days": days, "per_minute": per_minute}
    if not await may_import(visit):
        return await _page(visit, fault=Refusal("not_entitled"), typed=typed)
    async with visit.acting() as work:
        asked = await _asked(visit, work, typed)
        secret = (await issue(work, asked, by=visit.actor))[1] if isinstance(asked, Issue) else ""
    return await (_page(visit, fault=asked, typed=typed) if isinstance(asked, Refusal) else _page(visit, fresh=secret))


async def _asked(visit: Visit, work: Work, typed: dict[str, Any]) -> Issue | Refusal:
    """What the form asks for: within the post's area, and for one school without hooks."""
    wanted = [scope for scope in SCOPES if scope in typed["scopes"]]
    if not typed["name"].strip() or not wanted:
        return Refusal("say_name_and_scopes")
    area_code, school_id = typed["area"] or visit.area, None
    if typed["school"].strip():
        found = [one for one in await schools_called(work, typed["school"].strip(), visit.area) if one.area_code.startswith(visit.area)]
        if len(found) != 1:
            return Refusal("no_school", typed["school"].strip())
        area_code, school_id = found[0].area_code, found[0].id
        if "hooks" in wanted:
            return Refusal("hooks_of_areas")
    if not area_code.startswith(visit.area) or not await posts_behind(work, visit.me.person_id, area_code, school_id, visit.today):
        return Refusal("not_your_area")
    return Issue(typed["name"].strip(), visit.me.person_id, area_code, wanted, typed["days"], typed["per_minute"], school_id)


@router.post("/{key_id}/revoke", dependencies=ACTING)
async def end(visit: Visiting, key_id: int) -> Response:
    """Whoever's name it bears."""
    async with visit.acting() as work:
        await revoke(work, await _own(visit, work, key_id), by=visit.actor)
    return see_other("/keys", said="key_revoked")


async def _own(visit: Visit, work: Work, key_id: int) -> ApiKey:
    """404 for a key of another area, and for whom keys are none of their business."""
    key = await work.session.get(ApiKey, key_id, with_for_update=True)
    if key is None or not key.area_code.startswith(visit.area) or not await may_import(visit):
        raise gone()
    return key


@router.post("/hooks/{hook_id}/{act}", dependencies=ACTING)
async def tend(visit: Visiting, hook_id: int, act: str) -> Response:
    """`act`: resume one that was stopped, or end."""
    if act not in ("resume", "end") or await visit.session.get(ApiHook, hook_id) is None:
        raise gone()
    async with visit.acting() as work:
        hook = await work.session.get_one(ApiHook, hook_id, with_for_update=True)
        await _own(visit, work, hook.key_id)
        if hook.state == "ended":
            raise gone()
        if act == "resume":
            await resume_hook(work, hook, by=visit.actor)
        else:
            end_hook(work, hook, by=visit.actor)
    return see_other("/keys", said="hook_resumed" if act == "resume" else "hook_ended")
