"""The numbered answer to "which of these?"."""

from __future__ import annotations

from collections.abc import Sequence

from bot.replies.normalise import normalise
from bot.replies.numerals import number
from bot.replies.sheet_words import sheet_words

NONE_OF_THEM = 0


def read_picks(text: str, *, options: int, seats: Sequence[int | None] = ()) -> tuple[int, ...] | None:
    """The numbers that were picked, from 1 on; (0,) for none of them; None when the text is no such answer.

    A number that is no option may be the seat of one (`seats`, in the order of the options); with 号 it always is.
    """
    words, plain = sheet_words().picks, normalise(text).strip(" 。.!")
    if words["none"].match(plain):
        return (NONE_OF_THEM,)
    pieces = [piece for piece in words["joints"].split(plain) if piece]
    picked = [_picked(piece, options, seats) for piece in pieces]
    sure = tuple(one for one in picked if one is not None)
    return sure if sure and len(sure) == len(pieces) and len(set(sure)) == len(sure) else None


def _picked(piece: str, options: int, seats: Sequence[int | None]) -> int | None:
    words = sheet_words().picks
    if seat := words["seat"].match(piece):
        return _seated(number(seat[1]), seats)
    said = words["number"].match(piece)
    value = number(said[1]) if said else None
    if value is None:
        return None
    return value if 0 < value <= options else _seated(value, seats)


def _seated(seat: int | None, seats: Sequence[int | None]) -> int | None:
    return seats.index(seat) + 1 if seat is not None and list(seats).count(seat) == 1 else None
