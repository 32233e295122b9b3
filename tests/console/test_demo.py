"""A visitor plays the demo."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from cases.reports.preparing import prepare
from plan.periods import Period
from storage.tables import Area, AttendanceSheet, Guardianship, Inbound, PersonContact, Report, School, SchoolClass, Student
from storage.work import working
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


async def test_each_officer_has_a_phone_and_does_the_task_by_a_chip(visitor: Visitor) -> None:
    await visitor.steps()
    await visitor.types("teacher", "1")
    await visitor.county.to("2026-11-05 12:01")

    shown = await visitor.sees()
    assert "马主任" in shown["phones"]["village"]["who"][0]["label"]
    assert shown["phones"]["village"]["who"][0]["last"] > 0
    township = shown["phones"]["township"]
    assert "赵干事" in next(who["label"] for who in township["who"] if who["contact"] == township["contact"])
    chip = next(chip for chip in township["chips"] if chip["label"] == "签发通知书")
    answer = await visitor.does("/demo/reply", contact=township["contact"], text=chip["send"])

    assert "notice_issued" in [line["action"] for line in answer.json()["story"]]


async def test_a_chat_is_connected_pressed_and_blocked(visitor: Visitor) -> None:
    family = (await visitor.sees())["phones"]["guardian"]["contact"]
    linked = (await visitor.does("/demo/chat", contact=family, on=True)).json()["phones"]["guardian"]
    assert (linked["chat"], linked["bubbles"][-1]["way"]) == (True, "chat")

    await visitor.steps()
    await visitor.types("teacher", "1")
    asked = (await visitor.steps())["phones"]["guardian"]["bubbles"][-1]
    assert [label for _, label in asked["keys"]][:2] == ["生病请假", "今天送来"]
    after = await visitor.does("/demo/press", contact=family, message=asked["id"], key="1")
    assert [bubble["keys"] for bubble in after.json()["phones"]["guardian"]["bubbles"] if bubble["id"] == asked["id"]] == [[]]
    assert "病" in texts(after.json(), "guardian")[-1]

    blocked = (await visitor.does("/demo/chat", contact=family, on=False)).json()["phones"]["guardian"]
    assert not blocked["chat"]


async def test_a_call_is_answered_by_its_keypad(visitor: Visitor) -> None:
    await visitor.steps()
    await visitor.types("teacher", "1")
    await visitor.county.to("2026-11-02 18:31")
    phone = (await visitor.sees())["phones"]["guardian"]
    call = next(bubble for bubble in phone["bubbles"] if bubble["way"] == "call")
    assert len(call["keys"]) == 10
    after = await visitor.does("/demo/press", contact=phone["contact"], message=call["id"], key="3")
    assert "11月3日" in texts(after.json(), "guardian")[-1]
    other = (await visitor.sees())["phones"]["teacher"]["contact"]
    assert (await visitor.does("/demo/press", contact=other, message=call["id"], key="3")).status_code == 404


async def test_without_a_network_the_question_waits_and_then_arrives(visitor: Visitor) -> None:
    family = (await visitor.sees())["phones"]["guardian"]["contact"]
    shown = (await visitor.does("/demo/afflict", contact=family, plight="no_network")).json()
    assert shown["phones"]["guardian"]["plight"] == "no_network"
    await visitor.steps()
    await visitor.types("teacher", "1")
    assert (await visitor.steps())["phones"]["guardian"]["bubbles"][-1]["state"] == "waiting"
    await visitor.does("/demo/afflict", contact=family, plight=None)
    assert (await visitor.steps("hour"))["phones"]["guardian"]["bubbles"][-1]["state"] == "arrived"


async def test_a_number_that_does_not_exist_is_out_and_the_page_says_so(visitor: Visitor) -> None:
    family = (await visitor.sees())["phones"]["guardian"]["contact"]
    await visitor.does("/demo/afflict", contact=family, plight="wrong_number")
    await visitor.steps()
    await visitor.types("teacher", "1")
    after = await visitor.steps("hour")
    assert (after["phones"]["guardian"]["contact"], after["phones"]["guardian"]["who"]) == (None, [])


async def test_no_report_of_delivery_is_shown_as_such(visitor: Visitor) -> None:
    family = (await visitor.sees())["phones"]["guardian"]["contact"]
    await visitor.does("/demo/afflict", contact=family, plight="no_reports")
    await visitor.steps()
    await visitor.types("teacher", "1")
    assert (await visitor.steps())["phones"]["guardian"]["bubbles"][-1]["state"] == "unconfirmed"


async def _plays(visitor: Visitor, script: str, days: int) -> dict[str, Any]:
    begun = await visitor.does("/demo/play", script=script)
    assert begun.status_code == 200, begun.text
    child = begun.json()["child"]["id"]
    for _ in range(days):
        await visitor.steps("day")
    return await visitor.sees(child=child)


@pytest.mark.parametrize(
    ("script", "days", "exit_label"),
    [
        ("sick", 8, "返校"),
        pytest.param("promise", 7, "返校", marks=pytest.mark.long),
        pytest.param("hardship", 9, "返校", marks=pytest.mark.long),
        pytest.param("moved", 5, "转学", marks=pytest.mark.long),
        pytest.param("danger", 8, "返校", marks=pytest.mark.long),
    ],
)
async def test_a_script_plays_by_itself_to_its_end(visitor: Visitor, script: str, days: int, exit_label: str) -> None:
    state = await _plays(visitor, script, days)
    assert exit_label in state["child"]["standing"], state["child"]
    assert state["playing"]
    assert state["child"]["ended"]
    async with visitor.county.database.session() as session:  # also for a child who has left, whom no teacher can name any more
        assert set(await session.scalars(select(AttendanceSheet.state))) == {"answered"}


async def test_where_nobody_answers_the_script_climbs_to_the_township(visitor: Visitor) -> None:
    state = await _plays(visitor, "nobody", 4)
    assert {level["level"] for level in state["levels"] if level["state"] in {"now", "done"}} >= {1, 2, 3, 4}
    again = await visitor.does("/demo/play", script="sick", child=state["child"]["id"])
    assert again.status_code == 409  # that child's story goes on, and no classmate has a family with a number
    assert (await visitor.does("/demo/play", script="no such")).status_code == 404


async def test_paperwork_is_done_by_itself_and_folds_away(visitor: Visitor) -> None:
    """A month's end: the reports are confirmed and signed, nothing of them waits on a phone, and their texts are not this child's."""
    county = visitor.county
    async with working(county.database, await county.stage.now()) as work:
        assert await prepare(work, "monthly", Period(date(2026, 11, 1), date(2026, 11, 30)), "622926") > 0
    await visitor.steps("day")
    state = await visitor.sees()
    async with county.database.session() as session:
        schools = (await session.scalars(select(Report.state).where(Report.of == "school"))).all()
    assert set(schools) == {"submitted"}
    shown = [bubble for phone in state["phones"].values() for bubble in phone["bubbles"]]
    papers = [bubble["aside"] for bubble in shown if "月报" in bubble["text"] or bubble["text"].endswith(("确认", "签字"))]
    assert len(papers) >= 4
    assert all(papers)
    assert not any("核对" in chip["label"] or "签字" in chip["label"] for phone in state["phones"].values() for chip in phone["chips"])


async def test_what_happened_is_seen_in_the_console(visitor: Visitor) -> None:
    await visitor.steps()
    state = await visitor.types("teacher", "1")
    form = {"contact": state["phones"]["county"]["contact"], "child": state["child"]["id"], "case": state["child"]["case_id"], "lang": "zh"}
    assert (await visitor.http.post("/demo/console", data={**form, "csrf": "guessed"})).status_code == 403
    entered = await visitor.http.post("/demo/console", data={**form, "csrf": visitor.token})
    assert (entered.status_code, entered.headers["location"]) == (303, f"/cases/{state['child']['case_id']}")
    page = await visitor.http.get(entered.headers["location"])
    assert page.status_code == 200
    assert state["child"]["case"] in page.text
    family = {**form, "contact": state["phones"]["guardian"]["contact"], "csrf": visitor.token}
    assert (await visitor.http.post("/demo/console", data=family)).status_code == 404


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
