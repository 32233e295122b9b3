"""Help for a family in need: asked for by a reply, decided by a person, told to the family (art. 2.1⑤)."""

from __future__ import annotations

from sqlalchemy import select

from cases.desk import desk_of_student
from cases.guardians import reachable_guardians
from storage.tables import AidRequest, CaseFile, Student
from storage.work import Work


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


async def decide_aid(work: Work, student_id: int, *, granted: bool, by: int, note: str) -> bool:
    """A named person grants or refuses the request, and the family is told. False where none is waiting."""
    query = select(AidRequest).where(AidRequest.student_id == student_id, AidRequest.state == "requested")
    request = await work.session.scalar(query.with_for_update())
    if request is None:
        return False
    request.state, request.decided_at, request.decided_by, request.note = "granted" if granted else "refused", work.now, by, note
    work.record(
        "aid_decided",
        f"student:{student_id}",
        area_code=request.area_code,
        case_id=request.case_id,
        actor=f"person:{by}",
        state=request.state,
    )
    desk = await desk_of_student(work, await work.session.get_one(Student, student_id))
    for person_id in await reachable_guardians(work, student_id, desk.today):
        work.say(
            f"aid:{request.id}:{request.state}:{person_id}", person_id, "aid_status", area_code=request.area_code,
            facts={"result": request.state}, case_id=request.case_id, student_id=student_id,
        )  # fmt: skip
    return True
