"""How many SMS a text costs."""

from __future__ import annotations

_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_TWO = frozenset("\f^{}\\[~]|€")


def parts(text: str) -> int:
    """Number of SMS parts: 160/153 septets if GSM 03.38 can say it, otherwise 70/67 UTF-16 units. An empty text is one."""
    if all(letter in _GSM or letter in _GSM_TWO for letter in text):
        return _count(sum(2 if letter in _GSM_TWO else 1 for letter in text), 160, 153)
    return _count(len(text.encode("utf-16-le")) // 2, 70, 67)


def _count(units: int, single: int, joined: int) -> int:
    return 1 if units <= single else -(-units // joined)
