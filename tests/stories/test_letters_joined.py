"""A family writes on while somebody is going to call: it hears once that this is read, too, and the teacher reads all of it."""

from __future__ import annotations

from tests.stories.county import County


async def test_the_first_text_that_joins_is_answered_and_the_others_are_read(county: County) -> None:
    await county.begin("2026-11-02 07:00")
    await county.student("马小龙", guardians=["father"])
    await county.others(5)
    await county.to("2026-11-02 08:31")
    await county.phones["class_teacher"].replies("1")
    await county.to("2026-11-02 08:40")
    father, teacher = county.phones["father"], county.phones["class_teacher"]
    await father.expects("小龙")
    for text, words in (("那个事情你们看着办", "请回数字"), ("就那样子了嘛", "打电话联系您"), ("唉这个怎么说呢", "马老师")):
        await father.replies(text)
        await father.expects(words)
        await county.stage.advance(minutes=6)
    await father.replies("反正就是那么个情况")
    await father.expects_nothing()
    code = (await county.task("triage")).code
    await teacher.replies(f"{code} 看")
    await teacher.expects("就那样子了嘛", "唉这个怎么说呢", "反正就是那么个情况")
