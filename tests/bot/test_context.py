"""The real templates, filled from the rows that an intent points to."""

from __future__ import annotations

from datetime import date, timedelta
from importlib.resources import files

import pytest

from bot.outbox.policy import DeliveryPolicy
from bot.rendering import load_once
from fanxiao.files import TEMPLATES
from plan.check import read_plan
from storage.tables import AttendanceSheet, CaseFile, Notice, PlanVersion, Task
from tests.bot.world import AREA, NOW, World

PLAN = read_plan(files("plan").joinpath("linxia.yaml").read_text(encoding="utf-8"))
CATALOGUE = load_once(TEMPLATES)


@pytest.fixture
async def links(world: World) -> dict[str, int]:
    """One case with a task, a notice and a sheet."""
    async with world.database.session() as session, session.begin():
        plan = PlanVersion(name="p", digest="d", body="", loaded_at=NOW)
        session.add(plan)
        await session.flush()
        student = {"student_id": world.student_id, "area_code": AREA}
        case = CaseFile(
            number="DX-2026-0001", school_id=world.school_id, class_id=world.class_id, school_area_code=AREA, plan_version_id=plan.id,
            state="open", level=4, opened_at=NOW, first_absent_on=NOW.date(), **student,
        )  # fmt: skip
        sheet = AttendanceSheet(
            class_id=world.class_id, school_id=world.school_id, area_code=AREA, on=NOW.date(), state="asked", enrolled=42, asked_at=NOW
        )
        session.add_all([case, sheet])
        await session.flush()
        notice = Notice(
            case_id=case.id, episode=1, kind="first", number="2026-007", drafted_at=NOW, deadline_on=date(2026, 12, 1), **student
        )
        task = Task(
            key="t", kind="home_visit", role="village_committee", code="A7", area_code=AREA, case_id=case.id, plan_version_id=plan.id,
            opened_at=NOW, due_at=NOW + timedelta(days=2, hours=3), alerted_at=NOW,
        )  # fmt: skip
        session.add_all([notice, task])
        await session.flush()
        return {"case_id": case.id, "sheet_id": sheet.id, "notice_id": notice.id, "task_id": task.id}


@pytest.mark.parametrize(
    ("template", "about", "words"),
    [
        ("absence_question", ["student_id"], ["【东乡县教育局】", "小龙家长", "锁南小学三(2)班", "0930-7120001"]),
        ("return_notice", ["notice_id"], ["2026-007", "12月1日前", "小龙", "锁南小学"]),
        ("task_new", ["task_id"], ["DX-2026-0001", "第四层", "小龙", "入户走访", "11月26日12:00前", "A7 3"]),
        ("daily_sheet", ["sheet_id"], ["三(2)班今天42人"]),
    ],
)
async def test_messages_know_what_they_are_about(
    world: World, links: dict[str, int], template: str, about: list[str], words: list[str]
) -> None:
    await world.sender()
    ids = links | {"student_id": world.student_id}
    await world.say(await world.person("+8613893010001"), template, **{name: ids[name] for name in about})
    labels = {"duty": {"home_visit": "入户走访"}, "level": {"4": "第四层"}}
    await world.worker(catalogue=CATALOGUE, labels=labels).drain(NOW)
    (message,) = await world.messages()
    assert [word for word in words if word not in message.body] == []
    assert message.state == "delivered"


async def test_an_intent_s_own_facts_win(world: World, links: dict[str, int]) -> None:
    await world.sender()
    await world.say(await world.person("+8613893010001"), "daily_sheet", sheet_id=links["sheet_id"], facts={"enrolled": 41})
    await world.worker(catalogue=CATALOGUE).drain(NOW)
    assert "今天41人" in (await world.messages())[0].body


@pytest.mark.parametrize(
    ("kind", "facts", "postponed", "words", "never"),
    [
        ("home_visit", {}, 1, ["1收到 2转交 3已办 4延期", "A7 3 加办理情况"], []),
        ("home_visit", {}, 2, ["3已办"], ["4"]),
        ("safety", {"urgent": True}, 0, ["3已办"], ["4"]),
        ("bullying_check", {"urgent": True}, 0, ["3已办"], ["4"]),
        ("complaint", {}, 0, ["1收到 2转交 4延期", "A7 回复 加是否属实"], ["3"]),
        ("issue_notice", {}, 0, ["如：A7 3 签发"], []),
    ],
)
async def test_only_what_a_task_takes_is_offered(
    world: World, links: dict[str, int], kind: str, facts: dict[str, bool], postponed: int, words: list[str], never: list[str]
) -> None:
    await world.sender()
    async with world.database.session() as session, session.begin():
        task = await session.get_one(Task, links["task_id"])
        task.kind, task.facts, task.postponed = kind, facts, postponed
    await world.say(await world.person("+8613893010001"), "task_reminder", task_id=links["task_id"])
    policy = DeliveryPolicy(DeliveryPolicy.of(PLAN).zone, never_later=frozenset(PLAN.postponing.never), put_off=2)
    await world.worker(catalogue=CATALOGUE, policy=policy).drain(NOW)
    (message,) = await world.messages()
    said = message.body.partition("没有结果。")[2]
    assert [digit for digit in never if f" {digit}" in said] == []
    assert [word for word in words if word not in said] == []
