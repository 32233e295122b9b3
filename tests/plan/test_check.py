"""A county officer reads what is wrong with a plan file, in both languages, and where."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import yaml

from plan.check import PlanFault, Problem, read_plan
from plan.model import Plan
from plan.yaml_text import read_yaml
from tests.plan.conftest import LINXIA

Change = Callable[[dict[str, Any]], object]


def wrong(text: str, templates: set[str] | None = None) -> list[Problem]:
    with pytest.raises(PlanFault) as fault:
        read_plan(text, templates)
    return fault.value.problems


def level(data: dict[str, Any], number: int) -> dict[str, Any]:
    found: dict[str, Any] = next(rung for rung in data["levels"] if rung["level"] == number)
    return found


def test_the_prefecture_s_own_plan_is_sound(linxia: Plan) -> None:
    assert [rung.level for rung in linxia.levels] == [1, 2, 3, 4, 5, 6, 7, 8]


BROKEN: dict[str, tuple[Change, str, str, str]] = {
    "boarding times": (lambda d: d["boarding"].update(remind_at="18:00"), "boarding", "先后排列", "the times must follow each other"),
    "no evening": (
        lambda d: d["boarding"].update(weekdays=[], after_days_off=False),
        "boarding",
        "要写明哪一天",
        "say on which evening",
    ),
    "after a complaint": (lambda d: d["complaints"].update(after_days=-1), "complaints.after_days", "太小", "greater than or equal to 0"),
    "after a question": (
        lambda d: d["delivery"].update(after_question_minutes=1441),
        "delivery.after_question_minutes",
        "太大",
        "less than or equal to 1440",
    ),
    "unknown weekday": (lambda d: d["boarding"].update(weekdays=["sonntag"]), "boarding.weekdays[0]", "这个值不对", "this value is wrong"),
    "who signs": (
        lambda d: d["reports"]["kinds"]["monthly"].update(signs="rector"),
        "reports.kinds.monthly.signs",
        "没有“rector”",
        "unknown role",
    ),
    "sums climb": (
        lambda d: d["reports"]["kinds"]["monthly"]["sums"].reverse(),
        "reports.kinds.monthly",
        "要一级比一级高",
        "each sum must be of a higher unit",
    ),
    "unknown period": (
        lambda d: d["reports"]["kinds"]["weekly"].update(every="day"),
        "reports.kinds.weekly.every",
        "这个值不对",
        "this value is wrong",
    ),
    "still whom": (lambda d: d["areas"]["still_you"].update(told="mayor"), "areas.still_you.told", "没有“mayor”", "unknown role"),
    "who brings posts up to date": (
        lambda d: d["duties"].pop("post_changed"),
        "duties",
        "缺少任务“post_changed”",
        "'post_changed' is missing",
    ),
    "who may close": (lambda d: d["closures"].update(roles=["mayor"]), "closures.roles", "没有“mayor”这个岗位", "unknown role"),
    "a way nobody knows": (
        lambda d: d["deliveries"]["ways"].update(pigeon={"zh": "飞鸽", "en": "pigeon", "proof": "witness"}),
        "deliveries.ways.pigeon",
        "没有这种送达方式",
        "no such way of delivery",
    ),
    "a message proven by a witness": (
        lambda d: d["deliveries"]["ways"]["message_answered"].update(proof="witness"),
        "deliveries.ways.message_answered.proof",
        "只能以回复为证",
        "proven by its answer alone",
    ),
    "whose word counts": (lambda d: d["deliveries"].update(by=["mayor"]), "deliveries.by", "没有“mayor”这个岗位", "unknown role"),
    "asked of the wrong answer": (
        lambda d: d["answers"]["sick"].update(ask="help"),
        "answers.sick.ask",
        "只能用在 aid 上",
        "fits only the effect aid",
    ),
    "nothing to choose from": (
        lambda d: d["follow_ups"].pop("where"),
        "answers.migrated.ask",
        "没有“where”的选项",
        "nothing to choose from for 'where'",
    ),
    "unknown worry": (lambda d: d["worry"].append("bored"), "worry[16]", "没有“bored”", "'bored' is not among the answers"),
    "worry twice": (lambda d: d["worry"].append("sick"), "worry[16]", "“sick”写了两次", "'sick' is given twice"),
    "days out of order": (
        lambda d: d["follow_ups"].update(until_school_days=[3, 1]),
        "follow_ups.until_school_days",
        "从小到大",
        "give the days in order",
    ),
    "unknown role": (
        lambda d: level(d, 3)["owed"][1].update(role="mayor"),
        "levels[2].owed[1].role",
        "没有“mayor”这个岗位",
        "unknown role",
    ),
    "unknown role above": (lambda d: d["roles"]["principal"].update(above="king"), "roles.principal.above", "king", "unknown role 'king'"),
    "a level nobody owes": (lambda d: level(d, 6).update(owed=[]), "levels[5].owed", "第6级没有人负责", "nobody owes anything at level 6"),
    "a level owed only if": (lambda d: level(d, 4)["owed"].__delitem__(slice(0, 2)), "levels[3].owed", "第4级没有人", "nobody owes"),
    "loop of levels": (lambda d: level(d, 6).update(next=3), "levels", "升级的路线绕成了圈（第3级）", "the levels form a loop at level 3"),
    "loop of roles": (lambda d: d["roles"]["county_head"].update(above="principal"), "roles.principal.above", "绕成了圈", "form a loop"),
    "unreachable": (lambda d: level(d, 2).update(next=4), "levels[2]", "第3级永远到不了", "level 3 can never be reached"),
    "no such level": (lambda d: level(d, 2).update(next=44), "levels[1].next", "没有第44级", "there is no level 44"),
    "level twice": (lambda d: level(d, 3).update(level=2), "levels[2].level", "第2级写了两次", "level 2 is given twice"),
    "unknown notice": (lambda d: level(d, 4).update(notice="zeroth"), "levels[3].notice", "没有“zeroth”这种通知书", "unknown notice"),
    "nobody issues": (
        lambda d: level(d, 4).update(notice="second"),
        "levels[4].begins",
        "没有哪一级签发“first”",
        "no level before it issues",
    ),
    "issued too late": (
        lambda d: level(d, 5)["begins"].update(deadline_passed="second"),
        "levels[4].begins",
        "没有哪一级签发“second”",
        "no level before",
    ),
    "waits without notice": (
        lambda d: level(d, 3)["owed"][0].update(undelivered_school_days=2),
        "levels[2]",
        "没有通知书",
        "this level has no notice",
    ),
    "days that do not grow": (
        lambda d: level(d, 4).update(begins={"absent_school_day": 2}),
        "levels[3].begins.absent_school_day",
        "要比下一级的第2天晚",
        "must be later than day 2",
    ),
    "missing duty": (lambda d: d["duties"].pop("triage"), "duties", "缺少任务“triage”", "duty 'triage' is missing"),
    "missing answer": (lambda d: d["answers"].pop("sick"), "answers", "没有写怎样处理“sick”", "no answer entry for 'sick'"),
    "answer without a task": (lambda d: d["answers"]["hardship"].pop("due"), "answers.hardship", "要写明任务、岗位和期限", "give task"),
    "who may postpone": (
        lambda d: d["postponing"]["by"].append("head_teacher"),
        "postponing.by",
        "没有“head_teacher”",
        "unknown role 'head_teacher'",
    ),
    "who hears of the week": (
        lambda d: d["digest"]["weekly"]["roles"].append("head_teacher"),
        "digest.weekly.roles",
        "没有“head_teacher”",
        "unknown role 'head_teacher'",
    ),
    "never postponed": (
        lambda d: d["postponing"]["never"].append("dance"),
        "postponing.never",
        "没有写中文名称",
        "task 'dance' has no label",
    ),
    "missing label": (lambda d: d["tasks"].pop("home_visit"), "levels[2].owed", "没有写中文名称", "task 'home_visit' has no label"),
    "no follow-up label": (lambda d: d["tasks"].pop("follow_up"), "tasks", "“follow_up”没有写中文名称", "has no label"),
    "missing exit": (lambda d: d["exits"].pop("transferred"), "exits", "缺少销号条件“transferred”", "the exit 'transferred' is missing"),
    "unknown department": (
        lambda d: d["referrals"]["employer"].update(departments=["navy"]),
        "referrals.employer.departments",
        "没有“navy”这个部门",
        "unknown",
    ),
    "two conditions": (lambda d: level(d, 3)["begins"].update(referral_approved=True), "levels[2].begins", "只能写一个", "exactly one"),
    "first without absence": (
        lambda d: level(d, 1).update(begins={"absent_school_day": 2}),
        "levels[0].begins",
        "第一级必须从缺勤开始",
        "must begin with an absence",
    ),
    "second absence": (
        lambda d: level(d, 2).update(begins={"absence": True}),
        "levels[1].begins",
        "只有第一级",
        "only the first level begins",
    ),
    "beside by deadline": (
        lambda d: level(d, 8).update(begins={"deadline_passed": "first"}),
        "levels[7].begins",
        "absent_school_day",
        "beside the others",
    ),
    "no time to wait": (
        lambda d: level(d, 5)["begins"].update(at_latest={"at": "12:00"}),
        "levels[4].begins.at_latest",
        "等多少天",
        "how many days to wait",
    ),
    "two referral levels": (
        lambda d: level(d, 6).update(begins={"referral_approved": True}),
        "levels[6].begins",
        "只能有一级由移送审批开始",
        "only one level may",
    ),
    "the same step twice": (
        lambda d: level(d, 3)["owed"].append(level(d, 3)["owed"][0]),
        "levels[2]",
        "“principal_contact”给“principal”写了两次",
        "given twice",
    ),
    "asked too late": (
        lambda d: level(d, 2).update(asks=level(d, 1)["asks"]),
        "levels[1].asks",
        "只有第一级询问",
        "only the first level asks",
    ),
    "wrong type": (lambda d: d.update(relapse_days="long"), "relapse_days", "这里要写整数", "integer"),
    "too small": (lambda d: d["notices"]["first"].update(deadline_days=0), "notices.first.deadline_days", "这个数太小", "greater than"),
    "misspelled": (lambda d: level(d, 3).update(oewd=[]), "levels[2].oewd", "不认识这个词", "unknown word: check the spelling"),
    "missing": (lambda d: d.pop("holes"), "holes", "缺少这一项", "this entry is missing"),
    "time zone": (lambda d: d.update(time_zone="Asia/Linxia"), "time_zone", "没有这个时区", "no such time zone: Asia/Linxia"),
    "no such hour": (lambda d: d["digest"].update(at="25:00"), "digest.at", "时间写法不对", "this value is wrong: hour must be"),
    "two units": (lambda d: d["duties"]["triage"].update(due={"days": 1, "minutes": 5}), "duties.triage.due", "只能写一个", "give one of"),
    "no unit": (lambda d: d["duties"]["triage"].update(due={}), "duties.triage.due", "要写明期限", "give school_days, days"),
    "quiet never": (lambda d: d["quiet_hours"].update(until="21:00"), "quiet_hours", "开始和结束相同", "begin and end at the same"),
    "vacation backwards": (
        lambda d: d["vacations"][1].update({"from": "2027-03-01"}),
        "vacations[1]",
        "结束早于开始",
        "ends before it begins",
    ),
    "holidays of nowhere": (lambda d: d.update(holidays="XX"), "holidays", "没有“XX”的节假日", "no holidays are known for 'XX'"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_plan_gives_a_sentence_that_names_the_place(name: str) -> None:
    change, place, zh, en = BROKEN[name]
    data = read_yaml(LINXIA)
    change(data)
    found = wrong(yaml.safe_dump(data, allow_unicode=True))
    assert any(problem.place == place and zh in problem.zh and en in problem.en for problem in found), [*map(str, found)]


def test_every_problem_is_told_at_once() -> None:
    data = read_yaml(LINXIA)
    data["duties"].pop("triage")
    level(data, 6)["owed"] = []
    data["roles"]["county_head"]["above"] = "principal"
    assert {problem.place for problem in wrong(yaml.safe_dump(data))} >= {"duties", "levels[5].owed", "roles.principal.above"}


def test_a_missing_template_is_named_where_it_is_used() -> None:
    templates = {"absence_question", "absence_reminder", "task_new", "escalation_alert", "return_notice", "return_notice_second"}
    found = {problem.place: problem for problem in wrong(LINXIA, templates)}
    assert "没有“absence_call”这个消息模板" in found["levels[0].asks"].zh
    assert "there is no message template 'notice_undelivered'" in found["levels[3].told"].en
    assert {"holes.template", "safety.template", "duties.check_return.template"} <= set(found)


@pytest.mark.parametrize("text", ["", "# nothing here", "- a\n- b", "just words"])
def test_no_plan_at_all(text: str) -> None:
    (problem,) = wrong(text)
    assert problem.place == "file"
    assert "空的" in problem.zh
    assert "empty" in problem.en


@pytest.mark.parametrize(
    ("text", "line"),
    [("name: linxia\ntitle: {zh: 方案\nroles: [", 3), ("name: a\n  title: b", 2), ('name: "a\nb: c', 2), ("a: b\n\tc: d", 2)],
)
def test_invalid_yaml_names_the_line(text: str, line: int) -> None:
    (problem,) = wrong(text)
    assert problem.place == f"line {line}"
    assert "缩进和引号" in problem.zh
    assert "indentation and quotes" in problem.en


def test_a_time_without_quotes() -> None:
    (problem,) = wrong(LINXIA.replace('unanswered_at: "13:00"', "unanswered_at: 13:00"))
    assert problem.place == "levels[1].begins.unanswered_at"
    assert '时间要加引号，例如 "08:30"' in problem.zh
    assert "write a time in quotes" in problem.en


def test_a_day_that_does_not_exist() -> None:
    (problem,) = wrong(LINXIA.replace("from: 2027-01-16", "from: 2027-02-30"))
    assert "日期不存在" in problem.zh
    assert "does not exist" in problem.en


def test_an_entry_given_twice_is_not_dropped_in_silence() -> None:
    (problem,) = wrong(LINXIA.replace("relapse_days: 30", "relapse_days: 30\nrelapse_days: 0"))
    assert problem.place == f"line {LINXIA[: LINXIA.index('relapse_days')].count(chr(10)) + 2}"
    assert "写了两次" in problem.zh
    assert "given twice" in problem.en
