"""Chinese numerals below one hundred."""

from __future__ import annotations

DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
WRITTEN = "零一二三四五六七八九"


def read_numeral(text: str) -> int | None:
    """7 for "七" or "7", 12 for "十二" or "12"; None for anything else or above 99."""
    if text.isascii() and text.isdigit():
        return int(text) if len(text) <= 2 else None
    tens, mark, ones = text.partition("十")
    if not mark:
        return DIGITS.get(text)
    if (tens and tens not in DIGITS) or (ones and ones not in DIGITS):
        return None
    return DIGITS.get(tens, 1) * 10 + DIGITS.get(ones, 0)


def write_digit(value: int) -> str:
    """ "三" for 3; `value` 0–9."""
    return WRITTEN[value]
