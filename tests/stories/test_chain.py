"""The main job: a child stops coming, and the case climbs the plan's chain until the child is back."""

from __future__ import annotations

from tests.stories.county import County


async def test_one_child_climbs_to_the_second_notice_and_comes_back(county: County) -> None:
    await county.begin("2026-11-02 07:00")
    await county.student("马小龙", guardians=["father"])
    await county.others(5)
    phones = county.phones

    await county.to("2026-11-02 08:31")
    await phones["class_teacher"].expects("三(2)班", "全到回0")
    await phones["class_teacher"].replies("1")
    await phones["class_teacher"].expects("马小龙")
    await phones["father"].expects_nothing()
    await county.stage.advance(minutes=4)
    await phones["father"].expects("小龙", "没到校")

    await county.to("2026-11-02 13:01")
    await phones["father"].expects("小龙")
    assert await county.levels("马小龙") == [(1, "absence"), (2, "no_accepted_answer")]
    await phones["class_teacher"].expects("与家长联系")

    await county.to("2026-11-03 12:01")
    await phones["principal"].expects("动员返校")
    await phones["village_committee"].expects("家访")
    await county.to("2026-11-05 12:01")
    await phones["township_officer"].expects("签发返校通知书")
    await phones["county_officer"].expects("签收学校报告")
    await phones["township_officer"].replies("3")
    await phones["father"].expects("返校")
    await phones["father"].replies("1")
    notice = (await county.notices())[0]
    assert notice.delivered_at is not None
    assert notice.number is not None
    await county.to("2026-11-13 12:01")
    await phones["township_head"].expects("签发返校通知书")
    assert [level for level, _ in await county.levels("马小龙")] == [1, 2, 3, 4, 5]

    await county.to("2026-11-16 08:31")
    await phones["class_teacher"].new()
    await phones["class_teacher"].replies("0")
    await phones["father"].expects("返校")
    await phones["father"].replies("1")
    case = await county.case("马小龙")
    assert (case.state, case.exit) == ("closed", "returned")
    await phones["father"].expects("小龙")
