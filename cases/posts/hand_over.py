"""A person leaves: their posts end, another one begins, and nothing open stays behind. Both are told, families are not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import or_, select, update

from cases.boarding import hand_checks_over
from cases.desk import Desk, desk_of_area
from cases.entitled import may_hold
from cases.handing_over import hand_back, pass_task
from cases.outside import barred_from
from cases.posts.checks import name_of_post, withdraw_checks
from cases.reminders import desk_of_task
from cases.responsible import in_force, reachable_people
from cases.sheet_asking import ask_takeover_again, hand_sheets_over
from cases.tasks import LIVING, first_holders
from storage.tables import Intent, Person, Question, Responsibility, StandIn, Task, TaskHolder
from storage.work import Work

OF_STAFF = ("task", "sheet", "boarding", "pick", "colleague", "child", "visit", "still_you")
"""Questions that belong to a post, not to a family."""
FARTHEST = timedelta(days=180)
NAMED = 3


class HandOverRefused(Exception):
    """Why it cannot be: the name of a sentence in templates/areas.yaml, `refusals`."""


@dataclass(frozen=True)
class Handed:
    """What went over. `elsewhere`: tasks that the successor may not hold, and who has them now."""

    posts: tuple[str, ...]
    tasks: int
    elsewhere: int
    stays: int


async def hand_over(work: Work, person_id: int, to_id: int, since: date, by: int) -> Handed:
    """Ends everything that the person answers for on the day before `since`, and begins it for the other.

    What is open goes over at once, or on that morning where it lies ahead. Raises HandOverRefused; nothing has changed then.
    """
    person, successor = await work.session.get_one(Person, person_id), await work.session.get_one(Person, to_id)
    posts = await _posts(work, person_id, since)
    desk = await desk_of_area(work, posts[0].area_code if posts else person.area_code)
    await _check(work, desk, posts, person_id, to_id, since, by)
    names = tuple([f"{await name_of_post(work, post)}{desk.plan.role_name(post.role)}" for post in posts])
    for post in posts:
        await _pass_post(work, post, to_id, since)
    await _pass_deputyships(work, person_id, to_id, since)
    await work.session.flush()
    handed = Handed(names, 0, 0, 0)
    if since <= desk.today:
        handed = await move_open(work, desk, posts, person_id, to_id, names)
    await withdraw_checks(work, person_id)
    _tell(work, desk, person, successor, since, handed)
    work.record(
        "post_handed_over", f"person:{person_id}", area_code=desk.place.area_code, actor=f"person:{by}",
        to=to_id, since=since.isoformat(), posts=[post.id for post in posts], tasks=handed.tasks,
    )  # fmt: skip
    return handed


async def _posts(work: Work, person_id: int, since: date) -> Sequence[Responsibility]:
    """Those that have not ended before that day."""
    living = or_(Responsibility.valid_until.is_(None), Responsibility.valid_until >= since)
    query = select(Responsibility).where(Responsibility.person_id == person_id, living)
    return (await work.session.scalars(query.order_by(Responsibility.id))).all()


async def _check(
    work: Work, desk: Desk, posts: Sequence[Responsibility], person_id: int, to_id: int, since: date, by: int
) -> None:  # fmt: skip
    if to_id == person_id:
        raise HandOverRefused("same_person")
    if not posts and not await _held(work, person_id):
        raise HandOverRefused("nothing_held")
    if since - desk.today > FARTHEST:
        raise HandOverRefused("too_far")
    if to_id not in await reachable_people(work.session, [to_id], desk.today):
        raise HandOverRefused("unreachable")
    if not await _may_decide(work, posts, by, desk.today):
        raise HandOverRefused("not_allowed")


async def _may_decide(work: Work, posts: Sequence[Responsibility], by: int, day: date) -> bool:
    """Somebody who answers for an area in which all these posts lie; a principal for the posts of the school."""
    own = (await work.session.scalars(select(Responsibility).where(Responsibility.person_id == by, *in_force(day)))).all()
    return all(any(_covers(mine, post) for mine in own) for post in posts)


def _covers(mine: Responsibility, post: Responsibility) -> bool:
    if mine.school_id is not None:
        return mine.role == "principal" and mine.school_id == post.school_id
    return mine.department is None and post.area_code.startswith(mine.area_code)


async def _pass_post(work: Work, post: Responsibility, to_id: int, since: date) -> None:
    same = (
        Responsibility.person_id == to_id, Responsibility.role == post.role, Responsibility.area_code == post.area_code,
        Responsibility.school_id.is_not_distinct_from(post.school_id), Responsibility.class_id.is_not_distinct_from(post.class_id),
        Responsibility.department.is_not_distinct_from(post.department), *in_force(since),
    )  # fmt: skip
    if await work.session.scalar(select(Responsibility.id).where(*same).limit(1)) is None:
        substitute = post.substitute_person_id if post.substitute_person_id != to_id else None
        work.session.add(
            Responsibility(
                person_id=to_id,
                role=post.role,
                area_code=post.area_code,
                school_id=post.school_id,
                class_id=post.class_id,
                department=post.department,
                substitute_person_id=substitute,
                valid_from=since,
                valid_until=post.valid_until,
            )
        )
    post.valid_until = since - timedelta(days=1)


async def _pass_deputyships(work: Work, person_id: int, to_id: int, since: date) -> None:
    """Where the person stood behind others, the successor does; nobody is their own substitute."""
    deputy = Responsibility.substitute_person_id == person_id
    await work.session.execute(update(Responsibility).where(deputy, Responsibility.person_id == to_id).values(substitute_person_id=None))
    await work.session.execute(update(Responsibility).where(deputy).values(substitute_person_id=to_id))
    away = (StandIn.ends_on >= since, StandIn.substitute_person_id == person_id)
    await work.session.execute(update(StandIn).where(*away, StandIn.person_id != to_id).values(substitute_person_id=to_id))
    await work.session.execute(update(StandIn).where(*away, StandIn.person_id == to_id).values(ends_on=since - timedelta(days=1)))


async def move_open(
    work: Work, desk: Desk, posts: Sequence[Responsibility], person_id: int, to_id: int, names: tuple[str, ...] = ()
) -> Handed:  # fmt: skip
    """Everything open that the person holds: tasks (reports among them), sheets, evening checks, questions, and what waits to be said."""
    await _end_own_leave(work, desk, person_id)
    tasks = await _held(work, person_id)
    moved = [await _move(work, task, person_id, to_id) for task in tasks]
    await _end_questions(work, person_id)
    await hand_sheets_over(work, person_id, desk.today)
    await ask_takeover_again(work, [post.school_id for post in posts if post.school_id and not post.class_id], person_id, desk.today)
    await hand_checks_over(work, desk.plan, [post.class_id for post in posts if post.class_id], desk.today)
    return Handed(names, moved.count("successor"), moved.count("elsewhere"), moved.count("stays"))


async def _held(work: Work, person_id: int) -> Sequence[Task]:
    held = select(Task).join(TaskHolder).where(TaskHolder.person_id == person_id, TaskHolder.until.is_(None), Task.state.in_(LIVING))
    return (await work.session.scalars(held.order_by(Task.due_at, Task.id))).all()


async def _end_own_leave(work: Work, desk: Desk, person_id: int) -> None:
    """Whoever stood in for the one who has left no longer does; the successor is there."""
    running = select(StandIn).where(StandIn.person_id == person_id, StandIn.ends_on >= desk.today)
    for stand_in in (await work.session.scalars(running)).all():
        stand_in.ends_on = desk.today - timedelta(days=1)
        await work.session.flush()
        await hand_back(work, person_id, stand_in.substitute_person_id)


async def _move(work: Work, task: Task, person_id: int, to_id: int) -> str:
    """To the successor, or where the successor may not hold it, to the next who may."""
    desk = await desk_of_task(work, task)
    if await may_hold(work, task, to_id):
        await pass_task(work, desk, task, person_id, ([to_id], "holder", 0), tell=bool(task.facts.get("urgent")))
        return "successor"
    found = await first_holders(work, desk, task.role, barred={*await barred_from(work, task), person_id})
    if not found[0]:
        return "stays"
    await pass_task(work, desk, task, person_id, found)
    return "elsewhere"


async def _end_questions(work: Work, person_id: int) -> None:
    """What was asked of the post is withdrawn, and what was still to be said of it is not said. What is asked of a parent stays."""
    asked = (Question.person_id == person_id, Question.state == "open", Question.kind.in_(OF_STAFF))
    await work.session.execute(update(Question).where(*asked).values(state="withdrawn", ended_at=work.now))
    of_post = or_(Intent.task_id.is_not(None), Intent.sheet_id.is_not(None), Intent.question.in_(OF_STAFF))
    waiting = (Intent.person_id == person_id, Intent.state == "pending", of_post)
    await work.session.execute(update(Intent).where(*waiting).values(state="dropped", reason="handed_over"))


def _tell(work: Work, desk: Desk, person: Person, successor: Person, since: date, handed: Handed) -> None:
    named = "、".join(handed.posts[:NAMED])
    facts = {
        "posts": named, "post_count": len(handed.posts), "task_count": handed.tasks,
        "since": f"{since.month}月{since.day}日", "left": person.name, "to_name": successor.name,
    }  # fmt: skip
    key = f"post:{person.id}:{successor.id}:{since}:{work.now.isoformat()}"
    work.say(f"{key}:left", person.id, "post_left", area_code=desk.place.area_code, facts=facts)
    work.say(f"{key}:taken", successor.id, "post_taken", area_code=desk.place.area_code, facts=facts)


async def replaced_by_import(work: Work, ended: Sequence[Responsibility], today: date) -> int:
    """A file has ended these posts: where one other person holds the place now, what is open goes over to them. Gives how many people."""
    successors: dict[int, set[int]] = {}
    for post in ended:
        place = (
            Responsibility.role == post.role, Responsibility.area_code == post.area_code, Responsibility.person_id != post.person_id,
            Responsibility.school_id.is_not_distinct_from(post.school_id), Responsibility.class_id.is_not_distinct_from(post.class_id),
            Responsibility.department.is_not_distinct_from(post.department), *in_force(today),
        )  # fmt: skip
        successors.setdefault(post.person_id, set()).update(await work.session.scalars(select(Responsibility.person_id).where(*place)))
    moved = 0
    for person_id, people in successors.items():
        left = await work.session.scalar(select(Responsibility.id).where(Responsibility.person_id == person_id, *in_force(today)).limit(1))
        reached = await reachable_people(work.session, list(people), today)
        if left is None and len(reached) == 1:
            await _replace(work, [post for post in ended if post.person_id == person_id], person_id, reached.pop())
            moved += 1
    return moved


async def _replace(work: Work, posts: Sequence[Responsibility], person_id: int, to_id: int) -> None:
    desk = await desk_of_area(work, posts[0].area_code)
    names = tuple([f"{await name_of_post(work, post)}{desk.plan.role_name(post.role)}" for post in posts])
    await _pass_deputyships(work, person_id, to_id, desk.today)
    handed = await move_open(work, desk, posts, person_id, to_id, names)
    await withdraw_checks(work, person_id)
    person, successor = await work.session.get_one(Person, person_id), await work.session.get_one(Person, to_id)
    _tell(work, desk, person, successor, desk.today, handed)
    work.record(
        "post_handed_over", f"person:{person_id}", area_code=desk.place.area_code, actor="operator",
        to=to_id, since=desk.today.isoformat(), posts=[post.id for post in posts], tasks=handed.tasks,
    )  # fmt: skip
