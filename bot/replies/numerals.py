"""Chinese numerals up to ninety-nine, as they stand in dates and seat numbers."""

from __future__ import annotations

_ONES = {letter: value for value, letter in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "天": 7, "日": 7}


def number(text: str) -> int | None:
    """The whole number that `text` says in digits or characters; None when it says none."""
    if text.isascii() and text.isdigit():
        return int(text)
    if text.startswith("廿"):
        text = "二十" + text[1:]
    tens, ten, ones = text.rpartition("十")
    if any(letter not in _ONES for letter in tens + ones) or max(len(tens), len(ones)) > 1:
        return None
    if not ten:
        return _ONES.get(ones)
    return (_ONES[tens] if tens else 1) * 10 + (_ONES[ones] if ones else 0)
