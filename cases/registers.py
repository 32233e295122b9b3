"""What is said of the special groups: who belongs to them since when, and how a disabled child is taught (art. 2.6, 2.7)."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import select

from cases.enrolment_words import NotTaken
from cases.home_teaching import cancel_lessons
from cases.home_watch import rest_chain
from cases.rolls import AT_HOME
from cases.said import SHORTEST, Said, may_say
from plan.model import Plan
from plan.registers import Registers
from storage.tables import Arrangement, CareCard, Guardianship, Person, Student, StudentCategory
from storage.work import Work

AGENT_PARENT = "agent_parent"
BETWEEN = " ,，:：(（)）"


def register_rules(plan: Plan) -> Registers:
    """The plan's section. Raises NotTaken where it has none."""
    if plan.registers is None:
        raise NotTaken("not_in_plan")
    return plan.registers


def category_named(rules: Registers, said: str) -> str:
    """The key of a category by its key or its Chinese name. Raises NotTaken category_unknown."""
    plain = said.strip().removesuffix("儿童").removesuffix("家庭")
    for key, category in rules.categories.items():
        if plain in (key, category.zh, *category.kinds):
            return key
    raise NotTaken("category_unknown", said=said.strip(), known="、".join(category.zh for category in rules.categories.values()))


def kind_named(rules: Registers, category: str, said: str) -> str | None:
    """The kind of a category that these words name; None for no words, or for the category's own name. Raises NotTaken kind_unknown.

    A category without kinds takes any words.
    """
    plain, known = said.strip().removesuffix("儿童"), rules.categories[category]
    if not plain or plain in (category, known.zh):
        return None
    if known.kinds and plain not in known.kinds:
        raise NotTaken("kind_unknown", said=said.strip(), known="、".join(known.kinds))
    return plain


async def category_of(work: Work, student_id: int, category: str) -> StudentCategory | None:
    """The child's present membership of a group."""
    return await work.session.scalar(
        select(StudentCategory)
        .where(StudentCategory.student_id == student_id, StudentCategory.category == category, StudentCategory.until.is_(None))
        .with_for_update()
    )


async def set_category(work: Work, said: Said, student: Student, category: str, *, present: bool, detail: str | None = None) -> None:
    """The child belongs to the group from that day on, or no longer; what was so before stays as history. Raises NotTaken."""
    rules = register_rules(said.plan)
    may_say(said, rules.by, student)
    check_day(said, student)
    detail = kind_named(rules, category, detail or "")
    now = await category_of(work, student.id, category)
    if present == (now is not None) and (not present or detail is None or (now is not None and now.detail == detail)):
        raise NotTaken("category_same")
    if now is not None:
        check_end(now.since, said.on)
        now.until = said.on
    if present:
        work.session.add(StudentCategory(student_id=student.id, category=category, detail=detail, since=said.on))
    elif category == "disabled":
        await end_arrangement(work, student.id, said.on)
    _record(work, said, student, "category_set", category=category, present=present)
    await work.session.flush()


def check_day(said: Said, student: Student) -> None:
    """Raises NotTaken for a day that has not come, or on which the child was not born."""
    if said.on > said.today:
        raise NotTaken("future")
    if student.birth_date is not None and said.on < student.birth_date:
        raise NotTaken("before_birth")


def check_end(since: date, until: date) -> None:
    """Raises NotTaken where something would have ended before it began."""
    if until < since:
        raise NotTaken("before_since", since=since.isoformat())


def _record(work: Work, said: Said, student: Student, action: str, **facts: Any) -> None:
    work.record(action, f"student:{student.id}", area_code=student.area_code, actor=f"person:{said.by}", **facts)


def arrangement_named(rules: Registers, said: str) -> tuple[str, str]:
    """(key of the arrangement that stands at the beginning, what follows it: on what it is based). Raises NotTaken arrangement_unknown."""
    plain = said.strip()
    for key, label in rules.arrangements.items():
        for name in (key, label.zh):
            if plain.startswith(name):
                return key, plain.removeprefix(name).strip(BETWEEN)
    raise NotTaken("arrangement_unknown", said=plain, known="、".join(label.zh for label in rules.arrangements.values()))


async def arrange(work: Work, said: Said, student: Student, named: str, evidence: str = "") -> str:
    """Decides how a disabled child is taught, and gives the arrangement's key. Raises NotTaken.

    `evidence`: the paper it is decided on, where it does not stand behind the arrangement's name.
    """
    rules = register_rules(said.plan)
    may_say(said, rules.arranged_by or rules.by, student)
    check_day(said, student)
    kind, basis = arrangement_named(rules, named)
    if rules.arrangements[kind].evidence and len(basis or evidence) < SHORTEST:
        raise NotTaken("say_basis", child=student.name, named=rules.arrangements[kind].zh)
    if await category_of(work, student.id, "disabled") is None:
        raise NotTaken("not_in_register", child=student.name)
    now = await arrangement_of(work, student.id)
    if now is not None and now.kind == kind:
        raise NotTaken("category_same")
    await end_arrangement(work, student.id, said.on)
    work.session.add(Arrangement(student_id=student.id, kind=kind, since=said.on, decided_by=said.by, evidence=said.evidence))
    _record(work, said, student, "arrangement_set", kind=kind)
    await work.session.flush()
    if kind == AT_HOME:
        await rest_chain(work, student.id)
    return kind


async def arrangement_of(work: Work, student_id: int) -> Arrangement | None:
    """How the child is taught now."""
    query = select(Arrangement).where(Arrangement.student_id == student_id, Arrangement.until.is_(None))
    return await work.session.scalar(query.with_for_update())


async def end_arrangement(work: Work, student_id: int, on: date) -> None:
    """The child is no longer taught as it was: visits that were planned are off. Raises NotTaken before_since."""
    if (now := await arrangement_of(work, student_id)) is not None:
        check_end(now.since, on)
        now.until = on
        await work.session.flush()
        if now.kind == AT_HOME:
            await cancel_lessons(work, student_id)


async def write_card(work: Work, said: Said, student: Student, *, studies: str | None = None, living: str | None = None) -> None:
    """What somebody knows of the child's studies and living goes on its card; what is left out stays. Raises NotTaken."""
    may_say(said, register_rules(said.plan).by, student)
    if not studies and not living:
        raise NotTaken("say_words")
    card = await work.session.get(CareCard, student.id)
    if card is None:
        card = CareCard(student_id=student.id, updated_at=work.now)
        work.session.add(card)
    card.studies, card.living = studies or card.studies, living or card.living
    card.updated_at, card.updated_by = work.now, said.by
    _record(work, said, student, "card_written")


async def set_agent_parent(work: Work, said: Said, student: Student, person: Person) -> None:
    """Somebody looks after the child in its parents' stead (代理家长); asked after the family itself. Raises NotTaken."""
    may_say(said, register_rules(said.plan).by, student)
    if await work.session.get(Guardianship, (student.id, person.id)) is not None:
        raise NotTaken("category_same")
    last = select(Guardianship.rank).where(Guardianship.student_id == student.id).order_by(Guardianship.rank.desc()).limit(1)
    rank = (await work.session.scalar(last) or 0) + 1
    work.session.add(Guardianship(student_id=student.id, person_id=person.id, relation=AGENT_PARENT, is_guardian=False, rank=rank))
    _record(work, said, student, "agent_parent_set")
