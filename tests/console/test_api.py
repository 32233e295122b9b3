"""What another system may say and ask with its key: keys, attendance, enrolment, the state of a case."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select

from cases.outward.keys import revoke
from storage.tables import ApiKey, Arrangement, CaseFile, EnrolmentEvent, EnrolmentGap, Event, Responsibility, School, Student
from storage.work import working
from tests.console.conftest import county
from tests.console.outside import System, number, system_of
from tests.stories.county import County

__all__ = ["county"]
TODAY = "2026-11-02"
SHEET = {"school": "2162000001", "room": "三(2)班", "on": TODAY}


@pytest.fixture
async def place(county: County) -> County:
    await county.begin(f"{TODAY} 08:35")
    await county.student("马小龙", guardians=["father"], seat=1)
    await county.student("马小红", seat=2)
    await county.others(20)
    return county


@pytest.fixture
async def school(place: County) -> System:
    return await system_of(place, "principal", "622926100201", school=True, scopes=("attendance", "cases", "enrolment"))


def reasons(answer: Any) -> list[tuple[str, int, str, str]]:
    assert answer.headers["content-type"] == "application/problem+json"
    return [(row["list"], row["row"], row["field"], row["reason"]) for row in answer.json()["errors"]]


async def test_a_sheet_asks_the_family_and_a_correction_takes_it_back(place: County, school: System) -> None:
    answer = await school.says("/attendance", **SHEET, absent=[{"seat": 1}, {"seat": 2, "reason": "sick", "until": "2026-11-03"}])
    assert (answer.status_code, answer.json()["absent"], answer.json()["excused"]) == (200, 1, 1), answer.text
    await place.stage.settle()
    await place.phones["father"].expects("小龙今天还没到校")
    again = await school.says("/attendance", **SHEET, mode="correction", arrived=[{"seat": 1}])
    assert again.status_code == 200, again.text
    async with place.database.session() as session:
        actor = f"person:{place.people['principal']}"
        assert await session.scalar(select(func.count()).where(Event.action == "sheet_answered", Event.actor == actor)) == 2


async def test_a_correction_of_what_nobody_has_said_makes_nobody_present(place: County, school: System) -> None:
    early = await school.says("/attendance", **SHEET, mode="correction", absent=[{"seat": 1}])
    assert (early.status_code, reasons(early)) == (409, [("", 0, "mode", "nothing_to_correct")])
    async with place.database.session() as session:
        assert await session.scalar(select(func.count()).select_from(CaseFile)) == 0
    assert (await school.says("/attendance", **SHEET)).status_code == 200
    assert (await school.says("/attendance", **SHEET, mode="correction", absent=[{"seat": 1}])).json()["absent"] == 1


async def test_a_child_that_is_taught_at_home_is_left_out_of_what_is_sent(place: County, school: System) -> None:
    async with place.database.session() as session, session.begin():
        child = (await session.scalars(select(Student.id).where(Student.seat_number == 1))).one()
        session.add(Arrangement(student_id=child, kind="at_home", since=date(2026, 10, 1), evidence="县教体送教1号"))
    answer = await school.says("/attendance", **SHEET, absent=[{"seat": 1}])
    assert (answer.status_code, answer.json()["absent"], answer.json()["at_home"]) == (200, 0, 1), answer.text
    assert await place.cases() == []


async def test_bad_rows_are_named_and_nothing_is_half_done(place: County, school: System) -> None:
    rows = [
        {"seat": 1}, {"seat": 99}, {"number": "G622926201503150012"}, {"seat": 1}, {"seat": 2, "until": "2026-10-30"},
        {"number": "6E20150315"},
    ]  # fmt: skip
    answer = await school.says("/attendance", **SHEET, absent=rows)
    assert answer.status_code == 409
    assert reasons(answer) == [
        ("absent", 2, "seat", "no_pupil"), ("absent", 3, "number", "no_pupil"), ("absent", 4, "seat", "twice"),
        ("absent", 5, "until", "until_past"), ("absent", 6, "number", "no_pupil"),
    ]  # fmt: skip
    assert answer.json()["title"] == "有几行不对，没有任何改动"
    malformed = await school.says("/attendance", **SHEET, absent=[{"seat": 1}, {"seat": 2, "why": "x"}])
    assert malformed.status_code == 422
    assert reasons(malformed) == [("absent", 2, "why", "field_wrong")]
    assert reasons(await school.says("/attendance", **SHEET | {"on": "2026-10-01"}))[0][3] == "bad_day"
    async with place.database.session() as session:
        assert await session.scalar(select(func.count()).select_from(CaseFile)) == 0


async def test_the_same_call_is_done_once(place: County, school: System) -> None:
    sheet = {**SHEET, "absent": [{"seat": 1}]}
    first = await school.says("/attendance", once="the-same-call", **sheet)
    again = await school.says("/attendance", once="the-same-call", **sheet)
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    other = await school.says("/attendance", once="the-same-call", **SHEET)
    assert (other.status_code, other.json()["type"]) == (409, "urn:fanxiao:problem:other_call")
    async with place.database.session() as session:
        assert await session.scalar(select(func.count()).where(Event.action == "sheet_answered")) == 1
    no_key = await school.http.post("/attendance", json={"school": "2162000001", "class": "三(2)班", "on": TODAY})
    assert no_key.status_code == 422


async def test_a_case_is_told_without_names_and_each_look_is_recorded(place: County, school: System) -> None:
    await school.says("/attendance", **SHEET, absent=[{"seat": 1}])
    said = await number(place, "马小龙", "G622926201503150012")
    answer = await school.http.post("/cases/status", json={"child": {"number": said}})
    case = answer.json()["cases"][0]
    assert (case["state"], case["level"], case["first_absent_on"]) == ("open", 1, TODAY)
    assert "马" not in answer.text.replace(case["level_name"], "")
    by_number = await school.http.post("/cases/status", json={"case_number": case["case_number"]})
    assert by_number.json()["cases"] == [case]
    async with place.database.session() as session:
        looks = (await session.scalars(select(Event).where(Event.action == "case_status_read"))).all()
    assert [look.facts["api_key_id"] for look in looks] == [school.key_id, school.key_id]


async def test_a_part_of_a_schools_name_is_no_school(place: County, school: System) -> None:
    async with place.database.session() as session:
        name = await session.scalar(select(School.name).where(School.code == "2162000001")) or ""
    assert (await school.says("/attendance", **SHEET | {"school": name})).status_code == 200
    assert (await school.says("/attendance", **SHEET | {"school": name[2:]})).status_code == 404
    bureau = await system_of(place, "enrolment_manager")
    left = await bureau.says("/enrolment/transfer", child={"id": place.students["马小龙"]}, to=name[2:], evidence="转学证明8号")
    assert left.status_code == 200, left.text
    async with place.database.session() as session:
        gap = (await session.scalars(select(EnrolmentGap))).one()
    assert (gap.to_school_id, gap.to_name) == (None, name[2:])  # written down as it was said, and nobody is asked in its place


async def test_a_key_sees_its_own_area_only(place: County, school: System) -> None:
    await school.says("/attendance", **SHEET, absent=[{"seat": 1}])
    async with place.database.session() as session:
        case_number = await session.scalar(select(CaseFile.number))
    async with place.database.session() as session, session.begin():
        post = (await session.scalars(select(Responsibility).where(Responsibility.role == "township_officer"))).one()
        post.area_code = "622926105"
    elsewhere = await system_of(place, "township_officer", "622926105")
    assert (await elsewhere.http.post("/cases/status", json={"case_number": case_number})).json() == {"cases": []}
    child = {"id": place.students["马小龙"]}
    assert (await elsewhere.http.post("/cases/status", json={"child": child})).status_code == 404
    assert (await elsewhere.says("/attendance", **SHEET)).status_code == 404
    told = {"child": child, "to": "兰州市第一小学", "evidence": "转学证明8号"}
    assert (await elsewhere.says("/enrolment/transfer", **told)).status_code == 404


async def test_enrolment_is_said_by_the_officer_behind_the_key(place: County) -> None:
    bureau = await system_of(place, "enrolment_manager")
    child = {"id": place.students["马小龙"]}
    assert (await bureau.says("/enrolment/suspend", child=child, until="2027-03-01", evidence="东教休2026-8号")).status_code == 403
    county_officer = await system_of(place, "county_officer")
    left = await county_officer.says("/enrolment/suspend", child=child, until="2027-03-01", evidence="东教休2026-8号")
    assert left.json() == {"student_id": child["id"], "status": "suspended"}, left.text
    twice = await county_officer.says("/enrolment/suspend", child=child, until="2027-03-01", evidence="东教休2026-8号")
    assert twice.status_code == 409
    assert "马小龙" not in twice.text
    assert "该学生" in twice.json()["detail"]
    back = await bureau.says("/enrolment/resume", child=child, evidence="复学申请3号")
    assert back.json()["status"] == "resumed", back.text
    async with place.database.session() as session:
        events = (await session.scalars(select(EnrolmentEvent).order_by(EnrolmentEvent.id))).all()
    assert [(event.kind, event.by_person_id) for event in events] == [
        ("suspended", place.people["county_officer"]), ("resumed", place.people["enrolment_manager"])
    ]  # fmt: skip


async def test_a_child_enters_leaves_and_arrives(place: County, school: System) -> None:
    bureau = await system_of(place, "enrolment_manager")
    new = {"number": "G622926201604010025", "school": "2162000001", "room": "三(2)班", "evidence": "入学登记5号"}
    unnamed = await bureau.says("/enrolment/enter", **new)
    assert (unnamed.status_code, unnamed.json()["detail_en"]) == (409, "the child is not known yet: give its name")
    impossible = await bureau.says("/enrolment/enter", **new | {"number": "G622926201604010024"}, name="马小云")
    assert "the number is wrong" in impossible.json()["detail_en"]
    entered = await bureau.says("/enrolment/enter", **new, name="马小云", born="2016-04-01")
    assert entered.json()["status"] == "enrolled", entered.text
    child = {"number": new["number"]}
    left = await bureau.says("/enrolment/transfer", child=child, to="兰州市第一小学", evidence="转学证明8号")
    assert left.json()["status"] == "transferring", left.text
    arrived = await bureau.says(
        "/enrolment/arrive", child=child, school="2162000001", room="三(2)班", evidence="接收证明9号"
    )  # fmt: skip
    assert arrived.json() == {"student_id": entered.json()["student_id"], "status": "enrolled"}, arrived.text
    graduated = await bureau.says("/enrolment/graduate", school="2162000001", room="三(2)班", evidence="毕业名册")
    assert (graduated.status_code, graduated.json()["detail_en"]) == (409, "only a class of the last grade of its stage graduates")
    teacher = await system_of(place, "township_officer", "622926100")
    refused = await teacher.says("/enrolment/suspend", child=child, until="2027-03-01", evidence="东教休2026-8号")
    assert refused.status_code == 403
    async with place.database.session() as session:
        assert await session.scalar(select(Student.name).where(Student.id == entered.json()["student_id"])) == "马小云"


async def test_without_a_living_key_nothing_is_told(place: County, school: System) -> None:
    assert (await school.http.get("/hooks")).status_code == 403
    wrong = await school.http.get("/hooks", headers={"Authorization": "Bearer fx_0000000000_guessed"})
    assert (wrong.status_code, wrong.headers["www-authenticate"]) == (401, "Bearer")
    async with working(place.database, await place.stage.now()) as work:
        key = await work.session.get_one(ApiKey, school.key_id)
        assert school.secret.encode() not in key.key_hash
        await revoke(work, key)
    assert (await school.says("/attendance", **SHEET)).status_code == 401


async def test_a_key_ends_with_its_officers_post_and_its_time(place: County, school: System) -> None:
    async with place.database.session() as session, session.begin():
        post = (await session.scalars(select(Responsibility).where(Responsibility.role == "principal"))).one()
        post.valid_until = date(2026, 11, 1)
    assert (await school.says("/attendance", **SHEET)).json()["type"] == "urn:fanxiao:problem:out_of_office"
    bureau = await system_of(place, "enrolment_manager")
    async with place.database.session() as session, session.begin():
        key = await session.get_one(ApiKey, bureau.key_id)
        key.expires_at = await place.stage.now()
    assert (await bureau.http.get("/hooks")).status_code == 401


async def test_too_many_calls_are_refused_in_every_process(place: County) -> None:
    slow = await system_of(place, "enrolment_manager", per_minute=2)
    other = System(place, slow.secret, slow.key_id)
    assert [(await one.http.get("/hooks")).status_code for one in (slow, other, slow)] == [200, 200, 429]
    await place.stage.advance(minutes=1)
    assert (await other.http.get("/hooks")).status_code == 200


async def test_a_body_that_is_too_large_is_refused_whatever_its_header_says(school: System) -> None:
    large = b'{"school": "' + b"x" * 300 * 1024 + b'"}'

    async def in_pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(large), 65536):
            yield large[start : start + 65536]

    for content in (large, in_pieces()):
        headers = {"Idempotency-Key": "too-large-1", "Content-Type": "application/json"}
        answer = await school.http.post("/attendance", content=content, headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (413, "urn:fanxiao:problem:too_large")
        assert answer.headers["content-type"] == "application/problem+json"
