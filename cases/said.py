"""Who says something of a child's enrolment or register, when it happened, on what evidence; and whether they may."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from cases.colleagues import own_posts
from cases.enrolment_words import NotTaken
from plan.enrolment import Enrolment, Happening
from plan.model import Plan
from storage.tables import EnrolmentEvent, Responsibility, Student
from storage.work import Work

SHORTEST = 2
"""Characters of evidence."""
ACCOUNT = 4
"""Characters of an account of what was done: "done" and "been there" tell nothing."""


@dataclass(frozen=True)
class Said:
    """A responsible person's word. `on`: local day on which it happened; `posts`: what they answer for today."""

    plan: Plan
    by: int
    on: date
    today: date
    evidence: str
    posts: Sequence[Responsibility]

    @property
    def rules(self) -> Enrolment:
        """Raises NotTaken where the plan in force has no section `enrolment`."""
        if self.plan.enrolment is None:
            raise NotTaken("not_in_plan")
        return self.plan.enrolment


async def said_by(work: Work, plan: Plan, by: int, *, today: date, on: date | None = None, evidence: str) -> Said:
    """The word of somebody who answers for something today."""
    return Said(plan, by, on or today, today, evidence.strip(), await own_posts(work, by, today))


def covers(post: Responsibility, school_id: int | None, class_id: int | None, areas: Collection[str]) -> bool:
    """Whether a post answers for this class, school or one of these areas."""
    if post.class_id is not None:
        return post.class_id == class_id
    if post.school_id is not None:
        return post.school_id == school_id
    return any(area.startswith(post.area_code) for area in areas)


def may_say(said: Said, roles: Collection[str], student: Student) -> None:
    """Raises NotTaken: not_yours without such a role, not_your_child where it does not cover the child."""
    own = [post for post in said.posts if post.role in roles]
    if not own:
        raise NotTaken("not_yours", roles="、".join(said.plan.role_name(role) for role in roles))
    areas = (student.area_code, student.school_area_code)
    if not any(covers(post, student.school_id, student.class_id, areas) for post in own):
        raise NotTaken("not_your_child", child=student.name)


def may_say_at(said: Said, happening: Happening, school_id: int, area_code: str) -> None:
    """For what happens at a school: raises NotTaken not_yours, as above."""
    roles = said.rules.by.get(happening, [])
    own = [post for post in said.posts if post.role in roles]
    if not any(covers(post, school_id, None, (area_code,)) for post in own):
        raise NotTaken("not_yours", roles="、".join(said.plan.role_name(role) for role in roles))


def check_day(said: Said, born: date | None) -> None:
    """Raises NotTaken: future, before_birth, too_old; say_evidence where there is none."""
    if said.on > said.today:
        raise NotTaken("future")
    if born is not None and said.on < born:
        raise NotTaken("before_birth")
    if (said.today - said.on).days > said.rules.longest_back_days:
        raise NotTaken("too_old", days=said.rules.longest_back_days)
    if len(said.evidence) < SHORTEST:
        raise NotTaken("say_evidence")


def place_left(student: Student) -> dict[str, int | str | None]:
    """Facts of an enrolment event, taken before the child moves: by them the rolls of any earlier day are read back."""
    return {"from_school_id": student.school_id, "from_class_id": student.class_id, "from_status": student.status}


def note_event(work: Work, said: Said, student: Student, kind: str, **facts: Any) -> None:
    """Keeps what happened with its evidence; the record holds no words."""
    kept = {"on": said.on.isoformat(), "evidence": said.evidence, **facts}
    work.session.add(EnrolmentEvent(student_id=student.id, kind=kind, at=work.now, by_person_id=said.by, facts=kept))
    actor, on = f"person:{said.by}", said.on.isoformat()
    work.record("enrolment_noted", f"student:{student.id}", area_code=student.area_code, actor=actor, on=on, kind=kind)
