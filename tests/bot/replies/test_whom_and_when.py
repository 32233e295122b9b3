"""Whom a clause is about, and which day is the day of return: one sentence or two for each rule of grammar."""

from __future__ import annotations

from datetime import date

import pytest

from bot.replies import Child, parted, read_guardian

TODAY = date(2026, 11, 24)  # a Tuesday
BOY, GIRL, LITTLE = Child(1, "马建国", "male", 1), Child(2, "马玉兰", "female", 2), Child(3, "马小宝", "male", 3)
FAMILIES = {"one": (BOY,), "two": (BOY, GIRL), "three": (BOY, GIRL, LITTLE), "girls": (GIRL, Child(4, "马玉梅", "female", 4))}


def said(text: str, family: str = "one", question: str = "absence") -> str:
    """child:intent[:day] …, "-" for no child; the smallest number first."""
    readings = read_guardian(text, question=question, children=FAMILIES[family], today=TODAY)
    found = [":".join(str(part) for part in (one.student_id or "-", one.intent, one.on and one.on.day) if part) for one in readings]
    return " ".join(sorted(found))


@pytest.mark.parametrize(
    ("text", "family", "expected"),
    [
        # so many of them
        ("两个都拉肚子", "two", "1:sick 2:sick"),
        ("俩娃周四来", "two", "1:will_return:26 2:will_return:26"),
        ("三个娃都跟我搬到银川了", "three", "1:migrated 2:migrated 3:migrated"),
        ("两个小的咳嗽，老大明天来", "three", "1:will_return:25 2:sick 3:sick"),
        ("两个丫头出水痘了", "girls", "2:sick 4:sick"),
        ("建国发烧，另外两个周五来", "three", "1:sick 2:will_return:27 3:will_return:27"),
        ("两个娃周四来", "three", "-:will_return:26"),
        ("有一个发烧了", "two", "-:sick"),
        # brothers and sisters, where another of them is spoken of
        ("哥哥打工去了，妹妹明天来", "two", "1:working 2:will_return:25"),
        ("玉兰在学校，哥哥发烧", "two", "1:sick 2:returned:24"),
        ("哥哥打工去了", "two", "-:working"),
        ("妹妹明天来", "three", "-:will_return:25"),
        ("姐姐带着弟弟明天来", "three", "2:will_return:25 3:will_return:25"),
        ("哥哥建国腿疼", "two", "1:sick"),
        # what is said before the first name, and of all of them, counts for each
        ("外爷家过事，建国周四来，玉兰周五来", "two", "1:leave:26 2:leave:27"),
        ("手机没电了，两个明天都来", "two", "1:will_return:25 2:will_return:25"),
        ("两个都感冒了，玉兰明天来", "two", "1:sick 2:sick:25"),
        ("建国咳嗽，玉兰打针着，建国周四来", "two", "1:sick:26 2:sick"),
        ("大的两个去了，小宝请假一天", "three", "1:returned:24 2:returned:24 3:leave:25"),
        ("他们俩周四来", "two", "1:will_return:26 2:will_return:26"),
        ("三个都感冒，玉兰周四来，剩下两个周五", "three", "1:sick:27 2:sick:26 3:sick:27"),
        ("除了玉兰，别的都在学校", "three", "-:returned:24"),
        ("不是建国，是玉兰病了", "two", "2:sick"),
        ("建国昨天跟我说玉兰病了", "two", "2:sick"),
        # nobody is left over who is at school as always
        ("建国发烧，玉兰上学着呢", "two", "1:sick 2:returned:24"),
        ("玉兰照常上，建国腿疼", "two", "1:sick 2:returned:24"),
        ("玉兰明天照常上课，建国腿疼", "two", "1:sick 2:will_return:25"),
    ],
)
def test_whom_a_clause_is_about(text: str, family: str, expected: str) -> None:
    assert said(text, family) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("我在砖厂上崴了脚，住院着呢", "1:unknown"),
        ("他爸在新疆打工，发烧了", "1:unknown"),
        ("我在新疆打工，娃发烧了", "1:sick"),
        ("我老婆病了，我照顾着呢", "1:unknown"),
        ("奶奶病了，娃照顾着呢", "1:caring_family"),
        ("我跟老板请了假", "1:unknown"),
        ("给娃请了假", "1:leave"),
        ("后天我请假送他", "1:will_return:26"),
        ("面馆走不开，周四叫他姑姑送", "1:will_return:26"),
        ("周三他妈从兰州回来，周四送娃到校", "1:will_return:26"),
        ("我明天到学校跟您谈", "1:unknown"),
        ("我忙得走不开，叫他爷爷周四送", "1:will_return:26"),
        ("他爸昨天去学校交的钱", "1:unknown"),
        ("外婆不行了，我们都赶过去了，娃也去了，周五上学", "1:leave:27"),
        ("娃说同桌病了，他没病", "1:unknown"),
        ("在他舅舅的饭馆里端盘子", "1:working"),
        ("我是建国，我发烧了", "1:sick"),
        ("我是建国他爸，我发烧了", "1:unknown"),
    ],
)
def test_what_is_said_of_grown_ups_is_not_the_childs(text: str, expected: str) -> None:
    assert said(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # it was so before, it is over by now
        ("上回是感冒，这回是厌学", "1:refuses_school"),
        ("前一阵子咳嗽，早好了，周四来", "1:will_return:26"),
        ("原来车费困难，现在没困难了，明天送", "1:will_return:25"),
        ("他不想念书，昨晚劝通了，明天来", "1:will_return:25"),
        ("明天送，算了不送了", "1:unknown"),
        # 的 tells what has happened; 了 with a weekday of this week does
        ("他爷爷今早送到宿舍的", "1:returned:24"),
        ("星期五我领去的", "1:returned:20"),
        ("星期一就送到学校了", "1:returned:23"),
        ("星期五就到校了", "1:unknown"),
        ("他来的话我给您说", "1:unknown"),
        ("周五才来", "1:will_return:27"),
        # the day of return goes before lengths and other days
        ("请假三天，25号他堂哥娶媳妇，27号上课", "1:leave:27"),
        ("28号一天，他舅舅结婚", "1:leave:29"),
        ("奶奶的四十天要过，周四来", "1:leave:26"),
        ("发烧，怕要到周五", "1:sick:27"),
        ("发烧，请假到周五", "1:sick:28"),
        ("请假到十二", "1:unknown"),
        ("周四到家，下周一上学", "1:will_return:30"),
        ("外婆家吃席去了后天来呢", "1:leave:26"),
        ("后天来不了，他姐姐结婚", "1:leave:27"),
        ("感冒了，周四学校打疫苗", "1:unknown"),
        ("车坏在半路了，周四", "1:will_return:26"),
        ("过了周末来", "1:will_return:30"),
        ("20号以后来", "1:unknown"),
        ("阴历二十送来", "1:will_return:28"),
        ("请到下星期三，星期四来", "1:leave:3"),
        ("今明两天请假", "1:leave:26"),
        ("下周请假一周", "1:unknown"),
        ("十月二十来", "1:will_return:28"),
        ("26、27号请假", "1:leave:28"),
        ("发烧三天了，还没退", "1:sick"),
        ("星期三早上动身，中午到", "1:unknown"),
        ("今天星期二，他起晚了", "1:unknown"),
        ("我说了周四送，结果下雪了", "1:unknown"),
        ("说好昨天来的，车坏了，周四来", "1:will_return:26"),
        ("他不想去，我押着，明天送到学校", "1:will_return:25"),
        ("原来打算转到兰州，没转成，明天来", "1:will_return:25"),
        ("睡过头了，这就来", "1:will_return:24"),
    ],
)
def test_when_it_was_and_when_the_child_comes(text: str, expected: str) -> None:
    assert said(text) == expected


def test_a_leave_that_begins_later_begins_on_the_day_that_is_named() -> None:
    (reading,) = read_guardian("周四请假走亲戚，周三照常上学", question=None, children=(BOY,), today=TODAY)
    assert (reading.since, reading.on) == (date(2026, 11, 26), date(2026, 12, 2))


def test_a_visit_to_the_doctor_that_is_announced_begins_then() -> None:
    (reading,) = read_guardian("下周一到周三请假，去兰州看病", question=None, children=(BOY,), today=TODAY)
    assert (reading.intent, reading.since, reading.on) == ("sick", date(2026, 11, 30), date(2026, 12, 3))


@pytest.mark.parametrize(
    ("text", "expected"), [("建国回了，玉兰没回", "1:confirm_yes 2:confirm_no"), ("都回了", "1:confirm_yes 2:confirm_yes")]
)
def test_who_is_back_of_several(text: str, expected: str) -> None:
    assert said(text, "two", "confirm_return") == expected


def test_only_what_is_sure_of_a_named_child_is_acted_on_beside_what_is_not() -> None:
    def acted(text: str, family: str) -> tuple[set[int | None], set[int | None]]:
        sure, left = parted(read_guardian(text, question="absence", children=FAMILIES[family], today=TODAY))
        return {one.student_id for one in sure}, {one.student_id for one in left}

    assert acted("建国发烧，玉兰再说吧", "two") == ({1}, {2})
    assert acted("建国发烧，有一个明天来", "three") == ({1}, {None})
    assert acted("建国发烧，玉兰哭着说不出来", "two") == (set(), {1, 2})  # touches on harm: a person reads all of it
    assert acted("建国肚子疼发烧，玉兰跟戏班子排秦腔去了", "two") == ({1}, {2})  # words that nothing explains are hers alone
    assert acted("建国发烧，玉兰明天来", "two") == ({1, 2}, set())
