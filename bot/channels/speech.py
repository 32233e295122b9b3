"""How a text is said so that it is understood by ear.

A machine's voice makes one large amount of a telephone number, and swallows the brackets of a class.
"""

from __future__ import annotations

import re
from urllib.parse import quote

LONGEST_PIECE = 4000
"""Characters of one piece as they stand in an address, a Chinese one being nine. Twilio says nothing at all of a <Say> with more than
4,500 (twilio.com/docs/api/errors/13521)."""
SINGLE = str.maketrans("0123456789", "零一二三四五六七八九")
IN_NUMBERS = str.maketrans("0123456789", "零幺二三四五六七八九")
"""As people say telephone numbers and codes: 一 and 七 sound alike on a bad line."""

CLASS = re.compile(r"(?<![初高])([一二三四五六七八九1-9])[（(](\d{1,2})[）)]班")
OTHER_CLASS = re.compile(r"[（(](\d{1,2})[）)]班")
YEAR = re.compile(r"(?<!\d)(\d{4})(?=[年〕级届])")
THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
TIME = re.compile(r"(?<!\d)(\d{1,2})[:：](\d{2})(?!\d)")
PHONE = re.compile(r"(?<![\d-])(\d{3,4})-(\d{7,8})(?![\d-])")
LONG_NUMBER = re.compile(r"\d{5,}(?!\d|元)|\d{3,4}(?![\d元人名天个条字岁斤次户块里公])")
SIGNED = re.compile(r"【([^】]*)】")
WRITTEN_CHOICES = re.compile(r"请?回(?:复|数字)?：?((?:[0-8][^\s。；，0-9][^\s。；]*[\s。；]?)+)")
WRITTEN_CHOICE = re.compile(r"([0-8])([^\s。；]+)[\s。；]?")
WRITTEN_KEY = re.compile(r"回(?:复|数字)?(?=[0-8])")
OFFERED = re.compile(r"按\s*([0-8])")
PAUSES = re.compile(r"(?<=[。！？；\n])")


def aloud(text: str) -> str:
    """In the words in which a person would read it out."""
    text = OTHER_CLASS.sub(r"\1班", CLASS.sub(r"\1年级\2班", text))
    text = YEAR.sub(lambda found: found[1].translate(SINGLE), THOUSANDS.sub("", text))
    text = TIME.sub(lambda found: f"{found[1]}点" + (f"{found[2]}分" if found[2] != "00" else ""), text)
    text = PHONE.sub(lambda found: f"{found[1].translate(IN_NUMBERS)}，{found[2].translate(IN_NUMBERS)}", text)
    return LONG_NUMBER.sub(lambda found: found[0].translate(IN_NUMBERS), text)


def from_sms(text: str) -> str:
    """A text that was written as an SMS, as a call says it: who speaks, and keys in place of digits to write."""
    said = WRITTEN_CHOICES.sub(lambda found: WRITTEN_CHOICE.sub(r"\2，请按\1。", found[1]), SIGNED.sub(r"这里是\1。", text, count=1))
    return WRITTEN_KEY.sub("按", said)


def offered(text: str) -> frozenset[str]:
    """The keys that the words offer; none where they ask nothing."""
    return frozenset(OFFERED.findall(text))


def pieces(text: str) -> list[str]:
    """The text in pieces that can be said one after the other, cut where a reader would pause."""
    found = [""]
    for sentence in _sentences(text):
        if found[-1] and _length(found[-1] + sentence) > LONGEST_PIECE:
            found.append("")
        found[-1] += sentence
    return found


def _sentences(text: str) -> list[str]:
    most = LONGEST_PIECE // 12  # a rare character is twelve
    return [part[begin : begin + most] for part in PAUSES.split(text) for begin in range(0, len(part), most)]


def _length(text: str) -> int:
    return len(quote(text, safe=""))
