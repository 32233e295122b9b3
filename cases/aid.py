"""Aid 助学: what a child has a claim to, asked for by a reply, decided by a named person, told to the family (art. 2.1⑤)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import or_, select

from cases.aid_payment import await_payment
from cases.desk import Desk, desk_of_student
from cases.guardians import reachable_guardians
from cases.letter_numbers import next_number
from plan.support import Entitlement, Pupil, claimable, entitlements
from plan.targets import STAGES
from storage.tables import AidRequest, CaseFile, SchoolClass, Student, StudentCategory
from storage.work import Work


@dataclass(frozen=True)
class Grant:
    """What is granted: a kind of the plan, or only a person's word; an amount in CNY for each `per`, or help in kind."""

    kind: str | None = None
    amount: Decimal | None = None
    per: str | None = None


async def pupil_of(work: Work, student: Student, desk: Desk) -> Pupil:
    """What entitlements depend on, as the registers have it today."""
    grade = await work.session.scalar(select(SchoolClass.grade).where(SchoolClass.id == student.class_id))
    stage = next((name for name, grades in STAGES.items() if grade in grades), "")
    held = select(StudentCategory.category).where(
        StudentCategory.student_id == student.id, StudentCategory.since <= desk.today,
        or_(StudentCategory.until.is_(None), StudentCategory.until >= desk.today),
    )  # fmt: skip
    return Pupil(stage, student.boarder, frozenset(await work.session.scalars(held)))


async def entitled_to(work: Work, student: Student) -> list[Entitlement]:
    """What the child has a claim to today."""
    desk = await desk_of_student(work, student)
    return entitlements(desk.plan.aid, await pupil_of(work, student, desk))


async def common_help(work: Work, student: Student) -> str:
    """What every child of the stage has, for a message that says nothing about a family."""
    desk = await desk_of_student(work, student)
    return "、".join(desk.plan.aid.kinds[one.kind].zh for one in await entitled_to(work, student) if one.is_for_all)


async def request_aid(work: Work, student: Student, case: CaseFile | None) -> int:
    """Keeps the family's request; one is enough while it is undecided. Returns its id."""
    waiting = select(AidRequest.id).where(AidRequest.student_id == student.id, AidRequest.state == "requested")
    if (known := await work.session.scalar(waiting)) is not None:
        return known
    request = AidRequest(
        student_id=student.id, case_id=case.id if case else None, area_code=student.area_code, state="requested", requested_at=work.now
    )
    work.session.add(request)
    await work.session.flush()
    work.record("aid_requested", f"student:{student.id}", area_code=student.area_code, case_id=request.case_id)
    return request.id


async def suggested(work: Work, student: Student) -> Grant:
    """The first kind that the child certainly has a claim to and that has to be asked for; none where there is none."""
    found = next((one for one in claimable(await entitled_to(work, student)) if not one.unsure), None)
    return Grant(found.kind, found.amount, found.per) if found is not None else Grant()


async def grant_named(work: Work, student: Student, words: str) -> Grant:
    """The kind that an officer's words name, with the plan's amount for the child's stage; else what is suggested."""
    desk = await desk_of_student(work, student)
    if (kind := desk.plan.aid.named(words)) is None:
        return await suggested(work, student)
    pupil = await pupil_of(work, student, desk)
    entry = desk.plan.aid.kinds[kind]
    amount: Decimal | None = {str(stage): sum_ for stage, sum_ in entry.amounts.items()}.get(pupil.stage)
    return Grant(kind, amount, entry.per)


async def waiting_request(work: Work, student_id: int) -> AidRequest | None:
    """The child's undecided request, locked for this use case."""
    query = select(AidRequest).where(AidRequest.student_id == student_id, AidRequest.state == "requested")
    return await work.session.scalar(query.with_for_update())


async def decide_aid(work: Work, student_id: int, *, granted: bool, by: int, note: str, grant: Grant | None = None) -> bool:
    """A named person grants or refuses the request, and the family is told. False where none is waiting.

    Without a grant named it is the kind in the words, or the one that the registers suggest.
    """
    request = await waiting_request(work, student_id)
    if request is None:
        return False
    student = await work.session.get_one(Student, student_id)
    desk = await desk_of_student(work, student)
    request.state, request.decided_at, request.decided_by, request.note = "granted" if granted else "refused", work.now, by, note
    request.number = await next_number(work, "aid", student.school_area_code, desk.today.year)
    if granted:
        _fill(request, grant or await grant_named(work, student, note))
    work.record(
        "aid_decided", f"student:{student_id}", area_code=request.area_code, case_id=request.case_id, actor=f"person:{by}",
        state=request.state, kind=request.aid_kind,
    )  # fmt: skip
    await _tell_family(work, desk, request)
    if granted:
        await await_payment(work, desk, request)
    return True


def _fill(request: AidRequest, grant: Grant) -> None:
    request.aid_kind, request.amount, request.per = grant.kind, grant.amount, grant.per


async def _tell_family(work: Work, desk: Desk, request: AidRequest) -> None:
    for person_id in await reachable_guardians(work, request.student_id, desk.today):
        work.say(
            f"aid:{request.id}:{request.state}:{person_id}", person_id, "aid_status", area_code=request.area_code,
            facts={"result": request.state}, case_id=request.case_id, student_id=request.student_id,
        )  # fmt: skip


async def tell_entitlements(work: Work, student: Student, by: int) -> int:
    """Tells the family what every child has and how to ask for more, once a day; how many are written to."""
    desk, common = await desk_of_student(work, student), await common_help(work, student)
    people = await reachable_guardians(work, student.id, desk.today) if common else []
    for person_id in people:
        work.say(
            f"aid_entitled:{student.id}:{desk.today}:{person_id}", person_id, "aid_entitled", area_code=student.area_code,
            facts={"every_child": common}, student_id=student.id,
        )  # fmt: skip
    work.record("aid_told", f"student:{student.id}", area_code=student.area_code, actor=f"person:{by}", people=people)
    return len(people)
