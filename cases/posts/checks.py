"""The monthly "is this still you?": asked once a month, reminded once, and who stays silent is listed as unconfirmed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import Select, func, select, update
from sqlalchemy.dialects.postgresql import insert

from cases.desk import Desk, desk_of_area
from cases.names import place_name
from cases.plans import plan_in_force
from cases.responsible import Place, in_force
from cases.tasks import NewTask, open_task
from plan.areas import StillYou
from plan.calendar import Calendar
from plan.model import Plan
from storage.tables import Area, Person, PostCheck, Question, Responsibility, School
from storage.work import Work

QUESTION = "still_you"
AHEAD = "posts read ahead of questions, and their places, which the session would forget"
PLACES = 3
"""So many of a person's places are named in the question; the rest is counted."""


async def ask_posts(work: Work, plan: Plan, day: date) -> None:
    """From the month's day on: everybody who is to be asked and was not yet this month."""
    asked = plan.areas.still_you
    month = day.replace(day=1)
    if asked is None or day < Calendar(plan).nth_school_day(month, asked.school_day):
        return
    known_since = day - timedelta(days=asked.known_days)
    posts = (
        select(Responsibility.person_id, Responsibility.area_code)
        .where(Responsibility.role.in_(asked.roles), Responsibility.valid_from <= known_since, *in_force(day))
        .order_by(Responsibility.id)
    )
    first: dict[int, str] = {}
    for person_id, area_code in await work.session.execute(posts):
        first.setdefault(person_id, area_code)
    rows = [
        {"person_id": person, "area_code": code, "month": month, "state": "due", "asked_at": work.now, "next_at": work.now}
        for person, code in first.items()
    ]
    if rows:
        await work.session.execute(insert(PostCheck).on_conflict_do_nothing(index_elements=["person_id", "month"]), rows)


async def advance_check(work: Work, check: PostCheck) -> None:
    """Asks, reminds once, and at last lists as unconfirmed. Who has left meanwhile is asked nothing."""
    plan = (await plan_in_force(work.session))[1]
    asked, calendar = plan.areas.still_you, Calendar(plan)
    posts = await _posts(work, plan, check.person_id, calendar.day_of(work.now))
    if asked is None or not posts:
        check.state, check.next_at = "withdrawn", None
        return
    remind, silent = (calendar.after(check.asked_at, wait) for wait in (asked.remind, asked.silent))
    if work.now >= silent and check.state == "asked":
        check.state, check.next_at = "silent", None
        work.record("post_unconfirmed", f"person:{check.person_id}", area_code=check.area_code)
        return
    await _ask(work, plan, check, posts)
    check.state, check.next_at = "asked", remind if work.now < remind else silent


async def ahead_of_checks(work: Work, checks: Sequence[PostCheck]) -> None:
    """What many questions need, read together: the posts of everybody who is asked, and where they are held."""
    plan = (await plan_in_force(work.session))[1]
    people = [check.person_id for check in checks]
    held: dict[int, list[Responsibility]] = {person: [] for person in people}
    posts = (await work.session.scalars(_held(plan, people, Calendar(plan).day_of(work.now)))).all()
    for post in posts:
        held[post.person_id].append(post)
    schools = select(School).where(School.id == func.any([post.school_id for post in posts if post.school_id is not None]))
    areas = select(Area).where(Area.code == func.any([post.area_code for post in posts if post.school_id is None]))
    work.session.info[AHEAD] = held, [*await work.session.scalars(schools), *await work.session.scalars(areas)]


async def _posts(work: Work, plan: Plan, person_id: int, day: date) -> Sequence[Responsibility]:
    ahead: dict[int, list[Responsibility]] = work.session.info.get(AHEAD, ({},))[0]
    return ahead[person_id] if person_id in ahead else (await work.session.scalars(_held(plan, [person_id], day))).all()


def _held(plan: Plan, person_ids: Sequence[int], day: date) -> Select[Responsibility]:
    roles = plan.areas.still_you.roles if plan.areas.still_you else []
    of_people = (Responsibility.person_id == func.any(list(person_ids)), Responsibility.role.in_(roles), *in_force(day))
    return select(Responsibility).where(*of_people).order_by(Responsibility.id)


async def _ask(work: Work, plan: Plan, check: PostCheck, posts: Sequence[Responsibility]) -> None:
    names = list(dict.fromkeys([await name_of_post(work, post) for post in posts]))
    roles = list(dict.fromkeys(plan.role_name(post.role) for post in posts))
    expires = work.now + timedelta(days=14)
    facts = {
        "role_name": "、".join(roles), "place": "、".join(names[:PLACES]), "more": max(len(names) - PLACES, 0),
        "check_id": check.id, "question_expires": expires.isoformat(),
    }  # fmt: skip
    key = f"post_check:{check.id}:{check.state}"
    work.say(key, check.person_id, "still_you", area_code=check.area_code, question=QUESTION, still="post_unconfirmed", facts=facts)


async def name_of_post(work: Work, post: Responsibility) -> str:
    """The school and class, or the area."""
    return await place_name(work.session, Place(post.area_code, post.area_code, post.school_id, post.class_id))


async def confirm_post(work: Work, check: PostCheck) -> None:
    """Still the same person."""
    _answered(work, check, "confirmed")


async def deny_post(work: Work, check: PostCheck, said: str) -> None:
    """Somebody else answers now: a person brings the register up to date, and has what was said. Nothing else changes by itself."""
    _answered(work, check, "denied")
    check.said = said or None
    plan = (await plan_in_force(work.session))[1]
    desk = await desk_of_area(work, check.area_code)
    posts = await _posts(work, plan, check.person_id, desk.today)
    if plan.areas.still_you is None or not posts:
        return
    task = await _open_task(work, desk, plan.areas.still_you, check, posts)
    check.task_id = task


async def _open_task(work: Work, desk: Desk, asked: StillYou, check: PostCheck, posts: Sequence[Responsibility]) -> int | None:
    duty = desk.plan.duties["post_changed"]
    told = asked.told_instead.get(posts[0].role, asked.told)
    person = await work.session.get_one(Person, check.person_id)
    facts = {
        "who": person.name, "role_name": desk.plan.role_name(posts[0].role), "place": await name_of_post(work, posts[0]),
        "said": check.said or "",
    }  # fmt: skip
    new = NewTask(
        f"post_check:{check.id}:changed", "post_changed", told, desk.calendar.after(work.now, duty.due), duty.template, facts=facts
    )
    task = await open_task(work, desk, new)
    return task.id if task is not None else None


def _answered(work: Work, check: PostCheck, state: str) -> None:
    check.state, check.answered_at, check.next_at = state, work.now, None
    actor = f"person:{check.person_id}"
    work.record(f"post_{state}", f"person:{check.person_id}", area_code=check.area_code, actor=actor)


async def check_of(work: Work, check_id: int) -> PostCheck | None:
    """The check, locked; None once it is gone."""
    return await work.session.scalar(select(PostCheck).where(PostCheck.id == check_id).with_for_update())


async def withdraw_checks(work: Work, person_id: int) -> None:
    """Who has left is asked nothing more."""
    living = (PostCheck.person_id == person_id, PostCheck.state.in_(("due", "asked", "silent")))
    await work.session.execute(update(PostCheck).where(*living).values(state="withdrawn", next_at=None))
    open_ones = (Question.person_id == person_id, Question.kind == QUESTION, Question.state == "open")
    await work.session.execute(update(Question).where(*open_ones).values(state="withdrawn", ended_at=work.now))
