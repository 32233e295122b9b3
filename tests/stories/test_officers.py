"""What responsible people are told, answer, hand on, and what happens when they do not."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from storage.tables import Event, Hole, Intent, Notice, Referral, Task, TaskHolder
from tests.stories.county import STAFF, County, local


async def absent_child(county: County, *, roles: tuple[str, ...] = tuple(STAFF)) -> None:
    await county.begin("2026-11-02 07:00", roles=roles)
    await county.student("马小龙", guardians=["father"])
    await county.others(5)
    await county.to("2026-11-02 08:31")
    await county.phones["class_teacher"].replies("1")


@pytest.fixture
async def level_three(county: County) -> County:
    """Tuesday noon: principal and village committee have just been asked."""
    await absent_child(county)
    await county.to("2026-11-03 12:01")
    return county


async def test_principal_and_village_are_both_asked_and_each_records_what_was_found(level_three: County) -> None:
    await level_three.phones["principal"].expects("马小龙"[1:], "动员返校")
    await level_three.phones["village_committee"].expects("家访")
    await level_three.phones["village_committee"].replies("3")
    await level_three.phones["village_committee"].expects("没办成")
    await level_three.phones["village_committee"].replies("3 见到奶奶，孩子在家带弟弟")
    visit = await level_three.task("home_visit")
    assert (visit.state, visit.result) == ("done", "见到奶奶,孩子在家带弟弟")


async def test_acknowledging_stops_the_alerts_but_not_the_deadline(level_three: County) -> None:
    await level_three.phones["principal"].replies("1")
    await level_three.to("2026-11-03 19:00")
    await level_three.phones["township_officer"].expects("小龙")  # above the silent village committee only
    kinds = {task.kind: task.alert_stage for task in await level_three.tasks()}
    assert kinds["principal_contact"] == 0
    assert kinds["home_visit"] >= 2
    await level_three.to("2026-11-05 12:01")
    assert (await level_three.case("马小龙")).level == 4


async def test_an_acknowledgement_without_progress_lapses(level_three: County) -> None:
    await level_three.phones["principal"].replies("1")
    await level_three.to("2026-11-05 11:00")
    async with level_three.database.session() as session:
        actions = set(
            await session.scalars(select(Event.action).where(Event.subject == f"task:{(await level_three.task('principal_contact')).id}"))
        )
    assert {"task_acknowledged", "acknowledgement_lapsed", "task_widened"} <= actions


async def test_a_task_is_handed_to_a_named_colleague(level_three: County) -> None:
    await level_three.staff("village_committee", key="deputy", name="牟文书")
    await level_three.phones["village_committee"].replies("2 牟文书")
    await level_three.phones["deputy"].expects("家访")
    await level_three.phones["deputy"].replies("3 已入户，父母在外务工")
    assert (await level_three.task("home_visit")).state == "done"


async def _another_of_its_code(county: County, kind: str, holder: str) -> tuple[str, int]:
    """The same code on a task that `holder` has already; gives the code and that task."""
    async with county.database.session() as session, session.begin():
        like = await session.scalar(select(Task).where(Task.kind == kind))
        assert like is not None
        other = Task(
            key="other", kind="triage_unknown", role=holder, code=like.code, area_code=like.area_code, state="open",
            plan_version_id=like.plan_version_id, opened_at=like.opened_at, due_at=local("2026-11-20 18:00"), alerted_at=like.opened_at,
            alert_stage=0, facts={"text": "问个路"},
        )  # fmt: skip
        session.add(other)
        await session.flush()
        session.add(TaskHolder(task_id=other.id, person_id=county.people[holder], why="holder", since=like.opened_at))
        return like.code, other.id


async def test_a_task_handed_to_somebody_with_another_of_its_code_gets_a_new_one(level_three: County) -> None:
    await level_three.staff("village_committee", key="deputy", name="牟文书")
    code, other = await _another_of_its_code(level_three, "home_visit", "deputy")
    await level_three.phones["village_committee"].replies("2 牟文书")
    visit = await level_three.task("home_visit")
    assert visit.code != code
    await level_three.phones["deputy"].expects(f"回{visit.code}加数字")
    await level_three.phones["deputy"].replies(f"{visit.code} 3 已入户，父母在外务工")
    assert {task.id: task.state for task in await level_three.tasks()}[other] == "open"
    assert (await level_three.task("home_visit")).state == "done"


async def test_whoever_had_it_first_may_go_on_using_the_code_that_they_were_told(level_three: County) -> None:
    code, _ = await _another_of_its_code(level_three, "home_visit", "township_officer")
    await level_three.to("2026-11-03 19:00")  # the township is asked too
    assert (await level_three.task("home_visit")).code != code
    village = level_three.phones["village_committee"]
    await village.replies(f"{code} 3 见到奶奶，孩子在家带弟弟")
    assert (await level_three.task("home_visit")).state == "done"
    await village.new()
    await village.replies(f"{code} 3 见到奶奶，孩子在家带弟弟")
    await village.expects("已经办结")


async def test_postponing_has_limits(level_three: County) -> None:
    await level_three.phones["village_committee"].replies("4 延到12月30号，路不通")
    await level_three.phones["village_committee"].expects("没办成")
    await level_three.phones["village_committee"].replies("4 延到周五，路不通")
    assert (await level_three.task("home_visit")).due_at == local("2026-11-06 18:00")


async def test_who_is_away_names_a_stand_in(level_three: County) -> None:
    await level_three.staff("principal", key="vice", name="牟副校长")
    await level_three.phones["vice"].new()
    await level_three.phones["principal"].replies("请假到周五，由牟副校长代")
    await level_three.phones["principal"].expects("牟副校长")
    await level_three.phones["vice"].expects("动员返校")


async def test_bare_digits_are_asked_back_when_several_alerts_are_open(level_three: County) -> None:
    await level_three.to("2026-11-05 12:01")
    county_officer = level_three.phones["county_officer"]
    township = level_three.phones["township_officer"]
    await township.new()
    held = [task for task in await level_three.tasks() if task.role == "township_officer" and not task.facts.get("quiet")]
    assert held
    await county_officer.replies("我的")
    await county_officer.expects("签收学校报告")


async def test_a_case_is_shown_to_those_of_its_area_only(level_three: County) -> None:
    number = (await level_three.case("马小龙")).number
    await level_three.phones["principal"].replies(f"查 {number}")
    await level_three.phones["principal"].expects(number)
    await level_three.person("stranger", "外人")
    await level_three.phones["stranger"].replies(f"查 {number}")
    texts = await level_three.phones["stranger"].new()
    assert not any(number in text for text in texts)


async def test_nobody_responsible_is_a_hole_that_the_county_hears_of_and_the_case_still_has_an_owner(county: County) -> None:
    await absent_child(county, roles=tuple(role for role in STAFF if role != "village_committee"))
    await county.to("2026-11-03 12:01")
    await county.phones["county_officer"].expects("村委会")
    await county.phones["township_officer"].expects("家访")
    async with county.database.session() as session:
        assert ("village_committee", "nobody_reachable") in {(hole.role, hole.reason) for hole in await session.scalars(select(Hole))}


async def test_a_level_with_nobody_on_it_is_passed_at_once(county: County) -> None:
    gone = {"principal", "village_committee"}
    await absent_child(county, roles=tuple(role for role in STAFF if role not in gone))
    await county.to("2026-11-03 12:01")
    levels = await county.levels("马小龙")
    assert levels[-1] == (4, "nobody_responsible")
    await county.phones["township_officer"].expects("签发返校通知书")


async def test_notice_undelivered_goes_to_the_village_then_to_the_county(level_three: County) -> None:
    await level_three.to("2026-11-05 12:01")
    await level_three.phones["township_officer"].replies("3")
    notice = (await level_three.notices())[0]
    assert notice.number == "锁南返通〔2026〕1号"
    await level_three.to("2026-11-09 12:02")
    await level_three.phones["village_committee"].expects("送达")
    await level_three.to("2026-11-12 12:02")
    await level_three.phones["county_officer"].expects("送达")
    await level_three.phones["village_committee"].replies("3 当面送达，父亲签收")
    notice = (await level_three.notices())[0]
    assert (notice.delivered_at, str(notice.deadline_on)) == (local("2026-11-12 12:02"), "2026-11-19")


async def test_a_notice_that_nobody_issues_climbs_with_that_reason(level_three: County) -> None:
    await level_three.to("2026-11-27 12:01")
    levels = await level_three.levels("马小龙")
    assert levels[-1] == (5, "notice_not_issued")
    async with level_three.database.session() as session:
        assert (await session.scalars(select(Notice.number))).all() == [None, None]


async def test_only_an_approved_referral_reaches_a_department(level_three: County) -> None:
    for day in ("2026-11-05 12:01",):
        await level_three.to(day)
    await level_three.phones["township_officer"].replies("3")
    await level_three.phones["father"].replies("1")
    await level_three.to("2026-11-13 12:01")
    await level_three.phones["township_head"].replies("3")
    await level_three.phones["father"].replies("1")
    await level_three.to("2026-11-21 12:01")
    assert (await level_three.case("马小龙")).level == 6
    assert not any("依法" in text or "移送" in text for text in await level_three.phones["department_liaison"].new())
    group = level_three.phones["leading_group"]
    code = (await level_three.task("decide_measures")).code
    await group.replies(f"{code} 3 移送人社 疑似在外务工")
    approval = await level_three.task("approve_referral")
    await level_three.phones["department_liaison"].expects_nothing()
    await group.expects("人社")
    await group.replies(f"{approval.code} 同意")
    await group.expects("确认")
    assert (await level_three.case("马小龙")).level == 6
    await level_three.phones["department_liaison"].expects_nothing()
    await group.replies(f"{approval.code} 确认")
    await group.replies(f"{approval.code} 确认")  # twice changes nothing
    assert (await level_three.case("马小龙")).level == 7
    await level_three.phones["department_liaison"].expects("依法处理")
    async with level_three.database.session() as session:
        assert (await session.scalars(select(Referral.state))).all() == ["approved"]


async def test_thirty_school_days_bring_in_the_prefecture_beside_the_chain(level_three: County) -> None:
    await level_three.after_outage("2026-12-10 18:00")
    await level_three.to("2026-12-11 12:01")
    levels = dict(await level_three.levels("马小龙"))
    assert levels[8] == "absent_school_day_30"
    assert (await level_three.case("马小龙")).level != 8
    await level_three.phones["prefecture_officer"].expects("督办")


async def test_overdue_work_is_said_once_a_day_with_a_copy_above(level_three: County) -> None:
    await level_three.to("2026-11-05 12:01")
    await level_three.to("2026-11-08 07:31")
    async with level_three.database.session() as session:
        keys = list(await session.scalars(select(Intent.dedupe_key).where(Intent.dedupe_key.startswith("morning:2026-11-07"))))
    people = {int(key.rsplit(":", 1)[1]) for key in keys}
    assert level_three.people["township_officer"] in people
    assert level_three.people["township_head"] in people
    assert len(keys) == len(people)
