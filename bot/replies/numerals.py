"""Chinese numerals up to ninety-nine, as they stand in dates and seat numbers."""

from __future__ import annotations

import unicodedata


def number(text: str) -> int | None:
    """The whole number that `text` says in digits or characters; None when it says none."""
    if text.isascii() and text.isdigit():
        return int(text)
    if text.startswith("廿"):
        text = "二十" + text[1:]
    tens, ten, ones = text.rpartition("十")
    if max(len(tens), len(ones)) > 1 or not (ten or ones):
        return None
    values = [_one(letter) for letter in (tens or "一", ones or "零")]
    if values[0] is None or values[1] is None:
        return None
    return (values[0] * 10 if ten else 0) + values[1]


def _one(letter: str) -> int | None:
    value = unicodedata.numeric("二" if letter in "两俩" else letter, -1.0)
    return int(value) if value in range(10) else None
