"""Plain keyword matching: the reading that a first version of such a bot would have. A digit, else the first word that is there."""

from __future__ import annotations

from datetime import date, timedelta

from bench._labelled import Answer, Labelled, Meant

DIGITS = {
    "absence": {
        "1": "sick",
        "2": "will_return",
        "3": "will_return",
        "4": "transferred",
        "5": "hardship",
        "6": "refuses_school",
        "7": "wrong_number",
    },
    "notice": {"1": "acknowledged", "2": "hardship", "3": "transferred"},
    "confirm_return": {"1": "confirm_yes", "2": "confirm_no"},
}
WORDS = {
    "safety": ("打人", "被打", "打他", "打她", "不见了", "失踪", "自杀", "不想活", "离家出走", "没回家", "救命", "强奸", "拐"),
    "wrong_number": ("打错", "不认识", "不是家长", "找错"),
    "opt_out": ("退订", "别发", "不要发", "TD"),
    "transferred": ("转学", "转到"),
    "migrated": ("搬家", "搬到", "新疆"),
    "working": ("打工", "干活", "上班"),
    "refuses_school": ("不想上", "厌学", "不愿意", "不去"),
    "hardship": ("没钱", "困难", "交不起"),
    "early_marriage": ("结婚", "订婚", "嫁人", "彩礼"),
    "religious_study": ("念经", "清真寺", "满拉"),
    "caring_family": ("照顾", "带弟弟", "带妹妹"),
    "bullying": ("欺负", "骂他"),
    "disability_or_illness_long": ("残疾", "癫痫", "休学"),
    "sick": ("生病", "发烧", "感冒", "病", "疼", "医院"),
    "leave": ("请假", "有事"),
    "complaint": ("投诉", "举报", "收费"),
    "returned": ("到了", "去了", "到校", "送去了", "在学校"),
    "will_return": ("明天", "后天", "下周", "送", "来"),
    "question": ("吗", "?", "?", "怎么", "什么"),
    "confirm_yes": ("是", "对"),
    "confirm_no": ("没", "不"),
    "acknowledged": ("好", "收到", "知道"),
    "abusive": ("滚", "妈的"),
}
DAYS = {"今天": 0, "明天": 1, "大后天": 3, "后天": 2}


def read(row: Labelled) -> Answer:
    digit = DIGITS.get(row.question, {}).get(row.reply[:1])
    intent = digit or next((one for one, words in WORDS.items() if any(word in row.reply for word in words)), "unknown")
    ahead = {"2": 0, "3": 1}.get(row.reply[:1]) if digit == "will_return" else _ahead(row.reply) if intent == "will_return" else None
    on = row.today + timedelta(days=ahead) if ahead is not None else None
    return answer(row, intent, on)


def answer(row: Labelled, intent: str, on: date | None) -> Answer:
    """Said of the children that are named, else of the one there is."""
    named = [child.name for child in row.children if child.name in row.reply or child.name[1:] in row.reply]
    about: list[str | None] = [*named] or [row.children[0].name if len(row.children) == 1 else None]
    done = "ask" if intent == "unknown" or about == [None] else "person" if intent == "safety" else "act"
    return Answer(frozenset(Meant(child, intent, on) for child in about), done)


def _ahead(reply: str) -> int | None:
    return next((ahead for word, ahead in DAYS.items() if word in reply), None)
