"""One costume for every text: half width, plain digits, simplified characters, lower case."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache, lru_cache

from opencc import OpenCC

from bot.replies.lexicon import derived, lexicon
from bot.replies.sounds import mended, spelled_out

_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Me"})
_LINE_ENDS = frozenset("\n\r\u2028\u2029\x85")
_PUNCTUATION = str.maketrans({"。": "。", "，": ",", "；": ";", "：": ":", "！": "!", "？": "?", "．": ".", "｡": "。"})
_SKIN_TONES = frozenset(chr(code) for code in range(0x1F3FB, 0x1F400))
_ROMAN = frozenset(chr(code) for code in range(0x2160, 0x2180))
_RING = "[\u2460-\u249b\u24ea-\u24ff\u2776-\u2793\u3251-\u325f\u32b1-\u32bf]"
_RINGS = re.compile(f"(?<={_RING})(?={_RING}|[0-9])|(?<=[0-9])(?={_RING})")
_BLANKS = re.compile(r"[^\S\n]+")
_WIDE = {",": "，", ";": "；", ":": "：", "?": "？", "!": "！"}
_AS_IT_IS = re.compile(r"[\u4e00-\u9fff0-9a-zA-Z。、，,；;：:！!？?~.]+(?: [\u4e00-\u9fff0-9a-zA-Z。、，,；;：:！!？?~.]+)*")
_NARROW = re.compile(r"(?<=[\u4e00-\u9fff])[,;:?!]|[,;:?!](?=[\u4e00-\u9fff])")


def tidy(text: str) -> str:
    """Half width, plain digits, one kind of line end, nothing invisible; the words stay as they were written."""
    if _AS_IT_IS.fullmatch(text):  # as most texts are: quicker by far
        return text.translate(_PUNCTUATION)
    plain = "".join(map(_letter, unicodedata.normalize("NFKC", _digits(text))))
    return _BLANKS.sub(" ", plain.translate(_PUNCTUATION)).strip()


def as_printed(text: str) -> str:
    """Marks beside Chinese characters are wide again: for words that go into a letter, or to a family."""
    return _NARROW.sub(lambda mark: _WIDE[mark.group()], text)


def normalise(text: str, names: Sequence[str] = ()) -> str:
    """`tidy`, then simplified, lower case, and the commonest typing errors mended; `names` are left alone."""
    plain = simplified(tidy(text)).lower()
    for wrong, right in lexicon().spelling.typos.items():
        if wrong in plain and not any(wrong in name for name in names):
            plain = plain.replace(wrong, right)
    return plain


def sounded_out(text: str, names: Sequence[str] = ()) -> str:
    """`normalise`, then pinyin and words of the same sound put into the characters that a family means; `names` are left alone.

    Not for staff: a school's 研学 sounds like a family's 厌学.
    """
    return _sounded_out(text, tuple(names))


@derived(maxsize=64)
def _sounded_out(text: str, names: tuple[str, ...]) -> str:
    """Kept for a while: a text is read, then looked at for what no rule explained."""
    return mended(spelled_out(normalise(text, names), names), names)


def simplified(text: str) -> str:
    """Traditional characters in their simplified form."""
    if _simple.issuperset(text):
        return text
    new = {letter for letter in text if letter not in _simple}
    traditional = {letter for letter in new if _converter().convert(letter) != letter}
    _simple.update(new - traditional)
    return str(_converter().convert(text)) if traditional else text


_simple: set[str] = set()
"""The letters seen so far that are no traditional ones."""


@cache
def _converter() -> OpenCC:
    return OpenCC("t2s")


def _digits(text: str) -> str:
    """A number in a ring is a whole one: ③④ are two of them."""
    return "".join(map(_digit, _RINGS.sub(" ", text)))


@lru_cache(maxsize=16384)
def _digit(letter: str) -> str:
    """Circled, bracketed, negative and other decorated digits; NFKC would leave brackets and dots around some."""
    if letter.isascii() or (unicodedata.category(letter) not in {"No", "Nd", "So"} and letter not in _ROMAN):
        return letter
    value = unicodedata.numeric(letter, -1.0)
    return str(int(value)) if value >= 0 and value == int(value) else letter


@lru_cache(maxsize=16384)
def _letter(letter: str) -> str:
    if letter in _LINE_ENDS:
        return "\n"
    category = unicodedata.category(letter)
    if letter == "\t" or category == "Zs":
        return " "
    return "" if category in _INVISIBLE or category == "Mn" or letter in _SKIN_TONES else letter
