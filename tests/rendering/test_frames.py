"""Every message can be said where registered texts only may be sent: in its own, or in pieces. With names and lists as long as they get."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from bot.rendering.catalogue import MessageTemplate, unsigned
from bot.rendering.frames import all_candidates, carried, cut, frames, mute, saying
from bot.rendering.lint import sample
from bot.rendering.parts import parts
from bot.rendering.registered import LONGEST_TEXT, LONGEST_VALUE, Unfit, filled, is_publicity
from tests.rendering.test_registered import CATALOGUE, PLAN

ALL = {one.template.id: one.registered for one in all_candidates(CATALOGUE) if one.registered is not None}
FRAMES = frozenset(frame.id for frame in frames())
OWED = [template for template in CATALOGUE.templates.values() if not is_publicity(template)]
MOST_PARTS = 5  # of an SMS in pieces; on other channels three are the most
SCHOOL = "积石山保安族东乡族撒拉族自治县大河家镇第二中心小学"
NAMES = "、".join(["马·阿卜杜拉", "才让卓玛", "阿布都热合曼", "麻色力麦", "韩阿依莎", "祁牙古白", "马尔里", "牟索菲亚"])
LONG: dict[str, Any] = {
    "child": "阿布都热合曼", "child_full": "马·阿卜杜拉热合曼", "school": SCHOOL, "to_school": SCHOOL, "from_school": SCHOOL,
    "class_name": "九(12)班", "place": "积石山保安族东乡族撒拉族自治县大河家镇", "area": "积石山保安族东乡族撒拉族自治县",
    "names": NAMES, "absent_names": NAMES, "missing_names": NAMES, "unanswered": "、".join(f"九({number})班" for number in range(1, 13)),
    "who": "县教育局控辍保学负责人马·阿卜杜拉", "writer": f"{SCHOOL}班主任马·阿卜杜拉", "substitute": "马·阿卜杜拉热合曼",
    "level_name": max((level.name.zh for level in PLAN.levels), key=len),
    "duty": max((task.zh for task in PLAN.tasks.values()), key=len),
    "holder_role": max((role.zh for role in PLAN.roles.values()), key=len),
    "letter": "孩子他爷爷病了住院，家里没人，" * 8,
    "listed": " ".join(f"{number}马·阿卜杜拉({SCHOOL}三(2)班 2017-03)" for number in (1, 2, 3)),
    "story": "11月4日入户家访并记录情况：见到奶奶，" * 9,
    "reason": "家长说孩子在兰州他舅舅家里住着，等路通了马上就回来上学，请再等几天",
    "said": "省内其他地方，兰州市七里河区第一小学，他舅舅接走的",
}  # fmt: skip
LINES = {
    "guardian": [f"{child}（{SCHOOL}三(2)班）" for child in ("阿布都热合曼", "才让卓玛", "马·阿卜杜拉")],
    "teacher": [f"九({number})班11月24日缺勤马·阿卜杜拉、才让卓玛，家长马上会收到询问" for number in (1, 2, 3)],
    "officer": [f"{code} 升级 大河家镇第二中心小学阿布都热合曼 入户家访并记录情况 11月26日12:00前" for code in ("A7", "B2", "C4", "D1")],
}  # fmt: skip


def facts_of(template: MessageTemplate) -> dict[str, Any]:
    facts = sample(CATALOGUE, template, longest=True)
    facts |= {name: value for name, value in LONG.items() if name in facts}
    if "lines" in facts:
        several = LINES[template.audience]
        facts["lines"] = several if isinstance(facts["lines"], list) else "；".join(several)[:130]
    return facts


def contexts(template: MessageTemplate) -> Iterator[dict[str, Any]]:
    """As long as it gets, and as in daily life; with all that may be missing and without it."""
    for whole in (facts_of(template), sample(CATALOGUE, template)):
        yield whole
        yield {name: value for name, value in whole.items() if name not in template.optional}


def piecewise(body: str) -> str:
    """What stands in a message in pieces, without what stands between them."""
    return re.sub(r"\W", "", body.replace("（续）", ""))


@pytest.mark.parametrize("template", OWED, ids=[template.id for template in OWED])
def test_every_message_can_be_said_however_long_its_facts(template: MessageTemplate) -> None:
    for facts in contexts(template):
        said = saying(CATALOGUE, template.id, facts, ALL)
        assert said.body == f"【{facts['signature']}】" + filled(ALL[said.template].text, said.values)
        assert all(1 <= len(value) <= LONGEST_VALUE for value in said.values.values())
        assert (len(said.body) <= LONGEST_TEXT, parts(said.body) <= MOST_PARTS) == (True, True)
        assert said.template in (template.id, *FRAMES)


@pytest.mark.parametrize("template", OWED, ids=[template.id for template in OWED])
def test_in_pieces_nothing_is_lost(template: MessageTemplate) -> None:
    """With the frames alone approved, as in a county's first days."""
    facts = sample(CATALOGUE, template)
    if template.law:
        with pytest.raises(Unfit, match="not_approved"):
            saying(CATALOGUE, template.id, facts, FRAMES)
        return
    body = saying(CATALOGUE, template.id, facts, FRAMES).body
    facts |= {"school_phone": "（见文末）"} if body.endswith("0930-7123456") else {}
    assert piecewise(unsigned(CATALOGUE.render(template.id, "sms", facts))) in piecewise(body)


def test_the_law_of_a_notice_is_never_cut() -> None:
    quoting = [template for template in OWED if template.law]
    assert {"return_notice", "return_notice_second"} <= {template.id for template in quoting}
    for template in quoting:
        assert saying(CATALOGUE, template.id, facts_of(template), ALL).template == template.id


def test_what_cannot_be_said_is_known_before_anybody_waits_for_it() -> None:
    assert mute(CATALOGUE, ALL) == []
    assert mute(CATALOGUE, FRAMES) == [template.id for template in OWED if template.law]
    assert "absence_question" in mute(CATALOGUE, {frame for frame in FRAMES if "staff" in frame})
    assert (carried(FRAMES), carried(())) == ({"guardian", "teacher", "officer"}, frozenset())


def test_publicity_is_said_in_its_own_words_or_not_at_all() -> None:
    with pytest.raises(Unfit, match="value_too_long"):
        saying(CATALOGUE, "publicity", sample(CATALOGUE, CATALOGUE.templates["publicity"]), ALL.keys() | {"publicity"})


def test_a_family_can_call_the_school_whose_number_stands_by_itself() -> None:
    facts = facts_of(CATALOGUE.templates["absence_question_several"])
    said = saying(CATALOGUE, "absence_question_several", facts, ALL)
    assert said.body.endswith("学校电话0930-7123456")
    two = saying(CATALOGUE, "absence_question_several", facts | {"school_phone": "0930-7123456、0930-7123457"}, ALL)
    assert "0930-7123457" in two.body
    assert not two.template.startswith("frame_family_phone")
    without = {name: text for name, text in ALL.items() if "phone" not in name}
    assert "学校电话0930-7123456。" in saying(CATALOGUE, "absence_question_several", facts, without).body.replace("（续）", "").replace(
        "（全", "。"
    )


def test_characters_that_aliyun_refuses_are_written_another_way() -> None:
    facts = sample(CATALOGUE, CATALOGUE.templates["triage_letter"]) | {
        "letter": "老师【急】①孩子「病」了→医院★#3床，明天②再来，多谢多谢多谢"
    }
    assert "老师（急）1孩子“病”了到医院号3床" in saying(CATALOGUE, "triage_letter", facts, ALL).body


def test_a_link_in_a_letter_is_named_to_staff_and_never_sent_to_a_family() -> None:
    facts = sample(CATALOGUE, CATALOGUE.templates["triage_letter"]) | {"letter": "老师您看 https://a.example.com/x?y=1 这是真的吗"}
    assert "您看 （网址） 这是真的吗" in saying(CATALOGUE, "triage_letter", facts, ALL).body
    with pytest.raises(Unfit, match="value_link"):
        saying(CATALOGUE, "triage_reply", sample(CATALOGUE, CATALOGUE.templates["triage_reply"]) | {"words": "请看 www.test.cn"}, ALL)


@pytest.mark.parametrize(
    ("text", "places", "pieces"),
    [
        ("今天没来。明天来", 2, ["今天没来。", "明天来"]),
        ("甲" * 40 + "。乙", 2, ["甲" * 21, "甲" * 19 + "。乙"]),
        ("请回数字：1生病请假 2今天送来", 2, ["请回数字：", "1生病请假 2今天送来"]),
        (
            "请回数字：1生病请假 2今天送来 3明天送来 4已转学搬走 5家里有困难 6孩子不愿上学 7打错了。也可直接写。",
            2,
            ["请回数字：1生病请假 2今天送来 3明天送来 4已转学搬走", "5家里有困难 6孩子不愿上学 7打错了。也可直接写。"],
        ),
        ("长" * 71, 2, None),
        ("短", 2, None),
    ],
)  # fmt: skip
def test_cut_behind_stops_and_never_longer_than_a_value(text: str, places: int, pieces: list[str] | None) -> None:
    assert cut(text, places) == pieces


def test_no_piece_ends_inside_a_number_or_a_code() -> None:
    text = "A7 622926-2026-00001 11月26日12:00前 0930-7123456 B2 622926-2026-00002 C4"
    for places in (3, 4, 5):
        assert " ".join(cut(text, places) or ()) == text
