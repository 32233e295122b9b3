"""A visitor plays the demo."""

from __future__ import annotations

from sqlalchemy import select

from storage.tables import Area, Guardianship, Inbound, PersonContact, School, SchoolClass, Student
from tests.console.conftest import Visitor, texts


async def test_the_next_event_moves_the_clock_to_the_sheet(visitor: Visitor) -> None:
    before = await visitor.sees()
    assert before["clock"]["text"] == "11月2日 周一 08:25"
    assert texts(before, "teacher") == []

    after = await visitor.steps()

    assert after["clock"]["text"] == "11月2日 周一 08:30"
    assert "全到回0" in texts(after, "teacher")[0]
    assert [chip["send"] for chip in after["phones"]["teacher"]["chips"]] == ["0", "1"]
    assert "08:30" in after["moved"]


async def test_hour_and_day_move_the_clock_by_so_much(visitor: Visitor) -> None:
    assert (await visitor.steps("hour"))["clock"]["text"] == "11月2日 周一 09:25"
    assert (await visitor.steps("day"))["clock"]["text"] == "11月3日 周二 09:25"


async def test_a_typed_reply_reaches_the_inbox_and_its_answer_appears(visitor: Visitor) -> None:
    await visitor.steps()

    after = await visitor.types("teacher", "1")

    async with visitor.county.database.session() as session:
        stored = (await session.scalars(select(Inbound))).one()
    assert (stored.body, stored.outcome) == ("1", "sheet_answered")
    assert texts(after, "teacher")[1] == "1"
    assert "马小龙" in texts(after, "teacher")[2]
    assert [line["action"] for line in after["story"]][:2] == ["case_opened", "level_entered"]
    assert [level["level"] for level in after["levels"] if level["state"] == "now"] == [1]


async def test_a_guardian_answers_by_the_digits_offered(visitor: Visitor) -> None:
    await visitor.steps()
    await visitor.types("teacher", "1")
    asked = await visitor.steps()
    assert [chip["send"] for chip in asked["phones"]["guardian"]["chips"]] == ["1", "2", "3", "4", "5", "6", "7"]

    after = await visitor.types("guardian", "3")

    assert after["phones"]["guardian"]["chips"] == []
    assert "11月3日" in texts(after, "guardian")[-1]


async def test_the_officer_asked_last_is_shown_and_does_the_task_by_a_chip(visitor: Visitor) -> None:
    await visitor.steps()
    await visitor.types("teacher", "1")
    await visitor.county.to("2026-11-05 12:01")

    shown = await visitor.sees()
    village = next(who for who in shown["phones"]["officer"]["who"] if "马主任" in who["label"])
    assert village["last"] > 0
    township = next(who for who in shown["phones"]["officer"]["who"] if "赵干事" in who["label"])
    seen = await visitor.sees(officer=township["contact"])
    chip = next(chip for chip in seen["phones"]["officer"]["chips"] if chip["label"] == "签发通知书")
    answer = await visitor.does("/demo/reply", contact=township["contact"], text=chip["send"])

    assert "notice_issued" in [line["action"] for line in answer.json()["story"]]


async def test_hostile_text_stays_text(visitor: Visitor) -> None:
    await visitor.steps()
    hostile = '<script>alert("x")</script><img src=x onerror=alert(1)>'

    answer = await visitor.types("teacher", hostile)

    assert hostile in texts(answer, "teacher")
    raw = await visitor.http.get("/demo/state")
    assert raw.headers["content-type"].startswith("application/json")
    assert raw.headers["x-content-type-options"] == "nosniff"
    assert "alert" not in (await visitor.http.get(f"/demo?lang={hostile}")).text


async def test_only_the_page_itself_may_act(visitor: Visitor) -> None:
    for headers in ({}, {"X-CSRF-Token": "guessed"}):
        refused = await visitor.http.post("/demo/step", json={"to": "event"}, headers=headers)
        assert refused.status_code == 403
    visitor.http.cookies.clear()
    assert (await visitor.does("/demo/step", to="event")).status_code == 403
    visitor.http.cookies.clear()
    assert (await visitor.http.post("/demo/step", json={"to": "event"}, headers={"X-CSRF-Token": ""})).status_code == 403
    assert (await visitor.sees())["clock"]["text"].endswith("08:25")


async def test_only_phones_on_the_page_may_be_typed_on(visitor: Visitor) -> None:
    stranger = await visitor.county.person("stranger", "陌生人")
    async with visitor.county.database.session() as session:
        contact = (await session.scalars(select(PersonContact.contact_id).where(PersonContact.person_id == stranger))).one()
    assert (await visitor.does("/demo/reply", contact=contact, text="1")).status_code == 404
    teacher = (await visitor.sees())["phones"]["teacher"]["contact"]
    assert (await visitor.does("/demo/reply", contact=teacher, text="   ")).status_code == 404
    assert (await visitor.does("/demo/reply", contact=teacher, text="x" * 501)).status_code == 422


async def test_rows_of_another_prefecture_are_not_seen(visitor: Visitor) -> None:
    """The page reads as the web role: the same queries, with another area, find nothing."""
    async with visitor.county.database.session() as session, session.begin():
        session.add(Area(code="6230", name="甘南藏族自治州", level="prefecture", parent_code=None))
        await session.flush()
        school = School(code="2163000001", name="外州小学", stage="primary", area_code="6230")
        session.add(school)
        await session.flush()
        room = SchoolClass(school_id=school.id, grade=3, number="1", name="三(1)班", area_code="6230")
        session.add(room)
        await session.flush()
        child = Student(
            register_index=b"far", register_number_encrypted=b"x", name="外州孩子", name_pinyin="x", school_id=school.id, class_id=room.id,
            area_code="6230", school_area_code="6230",
        )  # fmt: skip
        session.add(child)
        await session.flush()
        far = child.id
    visitor.stand.played = [visitor.county.class_id, room.id]

    assert (await visitor.http.get("/demo/state", params={"child": far})).status_code == 404
    assert "外州孩子" not in (await visitor.http.get("/demo/state")).text
    visitor.stand.area_code = "6230"
    mine = visitor.county.students["马小龙"]
    assert (await visitor.http.get("/demo/state", params={"child": mine})).status_code == 404
    visitor.stand.area_code = ""
    assert (await visitor.http.get("/demo/state")).status_code == 404


async def test_a_page_that_is_up_to_date_gets_nothing(visitor: Visitor) -> None:
    version = (await visitor.sees())["version"]
    assert (await visitor.http.get("/demo/state", params={"since": version})).status_code == 204
    await visitor.steps()
    assert (await visitor.http.get("/demo/state", params={"since": version})).status_code == 200


async def test_a_child_with_a_case_is_offered_first(visitor: Visitor) -> None:
    await visitor.county.student("牟小红", guardians=["mother"], seat=9)
    await visitor.steps()
    shown = await visitor.types("teacher", "9")
    assert shown["children"][0]["group"] == "控辍台账（未销号）"
    assert [child["label"] for child in shown["children"][0]["children"]] == ["9 牟小红"]


async def test_english_tells_the_same(visitor: Visitor) -> None:
    await visitor.steps()
    await visitor.types("teacher", "1")
    shown = await visitor.sees(lang="en")
    assert shown["clock"]["text"] == "Mon 2 Nov 08:30"
    assert shown["story"][0]["text"] == "Not at school on 2 Nov: the case is opened."
    assert shown["child"]["standing"] == "Level 1 · guardian asked"
    assert shown["phones"]["teacher"]["bubbles"][0]["gloss"] == "The morning attendance sheet"


async def test_a_phone_that_parents_share_bears_both_names(visitor: Visitor) -> None:
    await visitor.county.student("牟小红", guardians=["mother"], seat=9)
    await visitor.county.person("grandmother", "牟奶奶", phone="mother")
    async with visitor.county.database.session() as session, session.begin():
        session.add(
            Guardianship(
                student_id=visitor.county.students["牟小红"], person_id=visitor.county.people["grandmother"], relation="other", rank=2
            )
        )
    shown = await visitor.sees(child=visitor.county.students["牟小红"])
    assert [who["label"] for who in shown["phones"]["guardian"]["who"]] == ["家长 牟mother、牟奶奶"]


async def test_the_teacher_may_add_to_an_answered_sheet_by_a_chip(visitor: Visitor) -> None:
    await visitor.steps()
    present = await visitor.types("teacher", "0")
    assert [chip["send"] for chip in present["phones"]["teacher"]["chips"]] == ["1"]
    absent = await visitor.types("teacher", "1")
    assert absent["child"]["standing"] == "第1级 · 询问监护人"
    assert [chip["send"] for chip in absent["phones"]["teacher"]["chips"]] == ["1到了"]
    arrived = await visitor.types("teacher", "1到了")
    assert arrived["child"]["standing"] == "已销号：当日到校"
