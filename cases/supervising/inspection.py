"""Random inspection (督导检查, art. 3.3): a sample drawn by a recorded seed, and what was found at each place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from secrets import token_hex

from sqlalchemy import select, text

from cases.history.moment import as_of
from cases.history.rolls import ROLL
from cases.ledger import NOT_ABSENT
from cases.names import area_names
from cases.responsible import CODE_LENGTH
from cases.supervising.sampling import draw
from plan.model import Plan
from storage.tables import CaseFile, InspectionItem, InspectionSample, School, Student
from storage.work import Work

POPULATIONS = ("children", "cases")
STRATA = ("school", "township")
OUTCOMES = ("agrees", "differs")
LARGEST = 5000
CHILDREN = """
    select roll.student_id, null::bigint, place.code, place.area_code from roll join school place on place.id = roll.school_id
    where roll.on_roll and starts_with(place.area_code, :area) order by roll.student_id
"""


class NotDrawn(Exception):
    """Why no sample was drawn, or no result taken: a key of templates/tables.yaml, not_drawn."""


@dataclass(frozen=True)
class Order:
    """What is asked for. `of`: children (on the rolls that day) or cases (of the ledger, opened by that day); `per`: the strata."""

    area_code: str
    of: str
    per: str
    on: date
    size: int
    seed: str


def new_seed() -> str:
    """A seed that nobody could have known."""
    return token_hex(8)


async def draw_sample(work: Work, plan: Plan, order: Order, by: int) -> InspectionSample:
    """Draws and keeps a sample; the same order again is the sample that was drawn already. Raises NotDrawn."""
    _check(order)
    kept = await work.session.scalar(
        select(InspectionSample).where(
            InspectionSample.area_code == order.area_code, InspectionSample.of == order.of, InspectionSample.per == order.per,
            InspectionSample.on == order.on, InspectionSample.size == order.size, InspectionSample.seed == order.seed,
        )
    )  # fmt: skip
    if kept is not None:
        return kept
    people = await _population(work, plan, order)
    if not people:
        raise NotDrawn("nobody")
    return await _keep(work, order, people, by)


def _check(order: Order) -> None:
    if order.of not in POPULATIONS:
        raise NotDrawn("of")
    if order.per not in STRATA:
        raise NotDrawn("per")
    if not 1 <= order.size <= LARGEST:
        raise NotDrawn("size")
    if not order.seed.strip():
        raise NotDrawn("seed")


Member = tuple[int, int | None, str]
"""(child, case, stratum)"""


async def _population(work: Work, plan: Plan, order: Order) -> list[Member]:
    when = as_of(work, plan, order.on)
    if order.of == "children":
        rows = (await work.session.execute(text(ROLL + CHILDREN), {"until": when.until, "area": order.area_code})).all()
    else:
        cases = (
            select(CaseFile.student_id, CaseFile.id, School.code, CaseFile.school_area_code)
            .outerjoin(School, School.id == CaseFile.school_id)
            .where(CaseFile.opened_at <= when.until, CaseFile.exit.is_distinct_from(NOT_ABSENT))
            .where(CaseFile.school_area_code.startswith(order.area_code))
        )
        rows = list((await work.session.execute(cases.order_by(CaseFile.id))).all())
    township = CODE_LENGTH["township"]
    return [(child, case, (code or area) if order.per == "school" else area[:township]) for child, case, code, area in rows]


async def _keep(work: Work, order: Order, people: Sequence[Member], by: int) -> InspectionSample:
    strata: defaultdict[str, list[int]] = defaultdict(list)
    members = {(case or child): (child, case) for child, case, _ in people}
    for child, case, stratum in people:
        strata[stratum].append(case or child)
    drawn = draw(strata, order.size, order.seed)
    sample = InspectionSample(
        area_code=order.area_code, of=order.of, per=order.per, on=order.on, size=order.size, seed=order.seed,
        drawn_by=by, drawn_at=work.now, strata={name: {"of": len(ids), "drawn": len(drawn[name])} for name, ids in strata.items()},
    )  # fmt: skip
    work.session.add(sample)
    await work.session.flush()
    chosen = [(name, number) for name, numbers in drawn.items() for number in numbers]
    for place, (name, number) in enumerate(chosen, start=1):
        child, case = members[number]
        work.session.add(InspectionItem(sample_id=sample.id, place=place, stratum=name, student_id=child, case_id=case))
    work.record(
        "sample_drawn", f"sample:{sample.id}", area_code=order.area_code, actor=f"person:{by}", seed=order.seed, size=len(chosen),
        population=len(people),
    )  # fmt: skip
    return sample


async def record_result(work: Work, sample_id: int, place: int, outcome: str, note: str, by: int) -> None:
    """What was found at one place of a sample; again, it takes the place of what was recorded before. Raises NotDrawn."""
    item = await work.session.get(InspectionItem, (sample_id, place), with_for_update=True)
    sample = await work.session.get(InspectionSample, sample_id)
    if item is None or sample is None:
        raise NotDrawn("no_item")
    if outcome not in OUTCOMES:
        raise NotDrawn("outcome")
    if outcome == "differs" and not note.strip():
        raise NotDrawn("note")
    item.outcome, item.note, item.checked_by, item.checked_at = outcome, note.strip() or None, by, work.now
    work.record(
        "sample_checked", f"sample:{sample_id}", area_code=sample.area_code, actor=f"person:{by}", place=place, outcome=outcome,
        student=item.student_id,
    )  # fmt: skip


async def strata_names(work: Work, sample: InspectionSample) -> dict[str, str]:
    """What the strata of a sample are called: townships or schools."""
    if sample.per == "school":
        return dict((await work.session.execute(select(School.code, School.name).where(School.code.in_(list(sample.strata))))).all())
    return await area_names(work.session, list(sample.strata))


Line = tuple[InspectionItem, str, str | None, str | None]
"""(item, child, school, case number)"""


async def items_of(work: Work, sample_id: int) -> list[Line]:
    """The places of a sample, in order."""
    query = (
        select(InspectionItem, Student.name, School.name, CaseFile.number)
        .join(Student, Student.id == InspectionItem.student_id)
        .outerjoin(School, School.id == Student.school_id)
        .outerjoin(CaseFile, CaseFile.id == InspectionItem.case_id)
        .where(InspectionItem.sample_id == sample_id)
        .order_by(InspectionItem.place)
    )
    return [(item, child, school, number) for item, child, school, number in await work.session.execute(query)]
