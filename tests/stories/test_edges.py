"""Odd days: old questions, promises on holidays, two roles, holes at the top, a clock that jumps."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select, update

from bot.outbox.aftermath import stop_sender
from storage.tables import (
    AttendanceSheet,
    AuditRun,
    Contact,
    Intent,
    Leave,
    Responsibility,
    Sender,
    Task,
)  # fmt: skip
from storage.work import working
from tests.stories.classes import answer_sheet
from tests.stories.county import STAFF, County, local


async def begin(county: County, *, roles: tuple[str, ...] = tuple(STAFF)) -> None:
    await county.begin("2026-11-02 07:00", roles=roles)
    await county.student("马小龙", guardians=["father"])
    await county.others(5)


async def test_a_sender_that_stops_again_is_told_again(county: County) -> None:
    await begin(county)
    async with county.database.session() as session:
        sender_id = (await session.scalars(select(Sender.id))).one()
    for hour in (10, 15):
        await county.to(f"2026-11-02 {hour}:00")
        await county.phones["county_officer"].new()
        async with working(county.database, await county.stage.now()) as work:
            await stop_sender(work, sender_id, "20003", county.settings.policy)
            await stop_sender(work, sender_id, "20003", county.settings.policy)
        async with working(county.database, await county.stage.now()) as work:
            (await work.session.get_one(Sender, sender_id)).state = "open"
        told = await county.phones["county_officer"].expects("停")
        assert all(word in told for word in (f"{sender_id}号发送号码（模拟短信）", "代码20003", f"fanxiao channels resume {sender_id}"))
        await county.phones["county_officer"].expects_nothing()


async def test_sheets_and_digests_that_expired_are_somebody_s_task(county: County) -> None:
    """Nothing can leave all day: one task for each place, not one for each message."""
    await begin(county)
    async with county.database.session() as session, session.begin():
        await session.execute(update(Sender).values(state="paused"))
    await county.to("2026-11-03 07:00")
    async with county.database.session() as session:
        opened = (
            await session.execute(select(Task.role, Task.school_id).where(Task.kind == "resend_expired", Task.student_id.is_(None)))
        ).all()
    assert ("attendance_officer", county.school_id) in [tuple(row) for row in opened]
    assert len(opened) == len(set(opened))


async def test_a_receipt_belongs_to_the_notice_that_was_answered(county: County) -> None:
    await begin(county)
    await answer_sheet(county, "2026-11-02", "1")
    await county.to("2026-11-05 12:01")
    await county.phones["township_officer"].replies(f"{(await county.task('issue_notice')).code} 3")
    await county.phones["father"].expects("返校")
    await county.to("2026-11-12 12:02")
    await county.phones["village_committee"].replies(f"{(await county.task('deliver_notice')).code} 3 当面送达，父亲签收")
    await county.to("2026-11-20 12:02")
    await county.phones["father"].new()
    await county.phones["township_head"].replies(f"{(await county.task('issue_notice')).code} 3")
    _first, second = await county.notices()
    assert second.issued_at is not None
    await county.phones["father"].expects("责令")
    await county.phones["father"].replies("1")
    _, second = await county.notices()
    assert second.delivered_at is not None


async def test_a_relapse_asks_the_family_although_an_old_question_is_open(county: County) -> None:
    await begin(county)
    await answer_sheet(county, "2026-11-02", "1")
    await answer_sheet(county, "2026-11-03", "1")
    await answer_sheet(county, "2026-11-04", "0")
    await county.phones["father"].expects("返校")
    await answer_sheet(county, "2026-11-05", "1")
    await county.phones["father"].new()
    await county.stage.advance(minutes=5)
    await county.phones["father"].expects("小龙", "没到校")
    await county.phones["father"].replies("1")
    async with county.database.session() as session:
        assert len(list(await session.scalars(select(Leave)))) == 1


async def test_a_promise_for_a_holiday_means_the_next_school_day(county: County) -> None:
    await begin(county)
    await answer_sheet(county, "2026-11-06", "1")  # a Friday
    await county.stage.advance(minutes=4)
    await county.phones["father"].replies("3")
    text = await county.phones["father"].expects("送孩子")
    await county.to("2026-11-08 20:00")
    await county.phones["father"].expects_nothing()
    await county.to("2026-11-09 07:01")
    await county.phones["father"].expects("小龙", "11月9日")
    assert "11月9日" in text


async def test_the_same_need_said_again_after_a_correction_still_has_somebody(county: County) -> None:
    await begin(county)
    await answer_sheet(county, "2026-11-02", "1")
    await county.stage.advance(minutes=4)
    await county.phones["father"].replies("5")
    await county.phones["father"].replies("不对")
    await county.phones["father"].replies("5")
    assert "aid" in {task.kind for task in await county.tasks()}


async def test_a_hole_at_the_county_is_told_above_it(county: County) -> None:
    await begin(county, roles=tuple(role for role in STAFF if role not in {"county_officer", "village_committee"}))
    await answer_sheet(county, "2026-11-02", "1")
    await county.to("2026-11-03 12:01")
    await county.phones["education_head"].expects("村委会")


async def test_a_sheet_is_taken_over_by_the_next_level_where_the_school_has_no_officer(county: County) -> None:
    await begin(county, roles=tuple(role for role in STAFF if role != "attendance_officer"))
    await county.to("2026-11-02 11:01")
    await county.phones["principal"].expects("三(2)班")


async def test_one_person_with_two_roles_is_told_of_a_task_once_in_the_digest(county: County) -> None:
    await begin(county, roles=tuple(role for role in STAFF if role != "township_head"))
    async with county.database.session() as session, session.begin():
        session.add(
            Responsibility(
                person_id=county.people["township_officer"], role="township_head", area_code="622926100", valid_from=date(2026, 1, 1)
            )
        )
    await answer_sheet(county, "2026-11-02", "1")
    await county.to("2026-11-07 07:31")
    async with county.database.session() as session:
        facts = list(
            await session.scalars(
                select(Intent.facts).where(Intent.person_id == county.people["township_officer"], Intent.template == "digest_morning")
            )
        )
    for one in facts:
        assert one["below_count"] + one["overdue_count"] <= one["open_count"], one


async def test_all_numbers_of_a_family_are_bad(county: County) -> None:
    await county.begin("2026-11-02 07:00")
    await county.student("马小龙", guardians=["father", "mother"])
    await county.others(5)
    async with county.database.session() as session, session.begin():
        for key in ("father", "mother"):
            index = county.cipher.index(county.phones[key].number)
            (await session.scalars(select(Contact).where(Contact.address_index == index))).one().state = "bad"
    await answer_sheet(county, "2026-11-02", "1")
    await county.phones["class_teacher"].expects("电话")
    await county.to("2026-11-05 12:01")
    await county.phones["township_officer"].replies(f"{(await county.task('issue_notice')).code} 3")
    await county.to("2026-11-09 12:02")
    await county.phones["village_committee"].expects("送达")


async def test_a_week_is_lost_with_everything_pending(county: County) -> None:
    await begin(county)
    await answer_sheet(county, "2026-11-02", "1")
    await county.to("2026-11-05 12:01")
    await county.phones["township_officer"].replies(f"{(await county.task('issue_notice')).code} 3")
    await county.phones["father"].expects("返校")
    await county.phones["father"].replies("周一送来")
    await county.to("2026-11-06 08:31")
    for phone in county.phones.values():
        await phone.new()
    await county.stage.sleep_to(local("2026-11-13 09:00"))
    async with county.database.session() as session:
        states = dict((await session.execute(select(AttendanceSheet.on, AttendanceSheet.state))).all())
        run = (await session.scalars(select(AuditRun).order_by(AuditRun.id.desc()).limit(1))).one()
    assert states[date(2026, 11, 6)] == "unanswered"
    assert run.findings == {}
    for phone in county.phones.values():
        texts = await phone.new()
        assert len(texts) == len(set(texts))
        assert not any("11月9日" in text and "等着" in text for text in texts)
    assert any(not task.facts.get("quiet") for task in await county.tasks())


async def test_a_bare_answer_to_a_step_that_is_gone_does_not_end_another(county: County) -> None:
    await county.begin("2026-11-02 07:00")
    await county.student("马小龙", guardians=["father"])
    await county.student("马小虎", guardians=["mother"])
    await county.others(8)
    await answer_sheet(county, "2026-11-02", "1 2")
    await county.stage.advance(minutes=4)
    await county.phones["father"].replies("5")
    await county.to("2026-11-03 08:31")
    await county.phones["class_teacher"].replies("2")
    await county.to("2026-11-03 12:05")
    await county.phones["class_teacher"].replies("2到了")
    await county.phones["principal"].replies("3 已见到家长，答应周一送")
    assert (await county.task("aid")).state != "done"
