"""What an officer's answer asks for."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from datetime import date

from bot.replies.dates import Day, find_days
from bot.replies.kinds import OfficerReading
from bot.replies.lexicon import lexicon
from bot.replies.normalise import simplified, tidy
from bot.replies.on_task import Told, told_of_task
from bot.replies.spans import first_and_last, without_days

_TRIM = " -—,，.。、:：;；!！\n"
_LONGEST = 1000
_ASKED = 8
"""Characters of a question; a longer result that ends like one is a result."""
_OPEN = frozenset({Told.QUESTION, Told.UNDER_WAY})
_JOINED = "到至"
_SHAPED = re.compile(r"(?i)[A-HJ-NP-Z][2-9](?![0-9]{2}|[A-Z])")
_Read = Callable[[re.Match[str], str, str | None, date], OfficerReading | None]


def read_officer(text: str, *, codes: Collection[str], today: date) -> OfficerReading:
    """Read a command with the task's code in front of it, at its end or left out; `codes` are those that are open.

    What is shaped like a code and stands before a command is one, although none such is open: somebody else's, or one that is over.
    `unknown` keeps the text. A date in the past is no date to postpone to: `until` is then None, and `past` says why.
    """
    plain = tidy(text)
    if len(plain) > _LONGEST:
        return _reading("unknown", None, plain)
    code, rest = _code(plain, codes)
    if code is None and (shaped := _SHAPED.match(plain)):
        reading = _whole(plain[2:].strip(_TRIM), shaped.group().upper(), today)
        if reading.command != "unknown":
            return reading
    return _whole(rest, code, today)


def _whole(rest: str, code: str | None, today: date) -> OfficerReading:
    simple = simplified(rest)
    return _command(rest if len(simple) != len(rest) else simple, rest, code, today)


def _code(plain: str, codes: Collection[str]) -> tuple[str | None, str]:
    """The code and what is left; a code is two characters that nobody would type otherwise."""
    known = {code.upper() for code in codes}
    head = plain[:2].upper()
    if head in known and not re.match(r"[0-9]{3}|[A-Za-z]{3}", plain):
        return head, plain[2:].strip(_TRIM)
    for match in re.finditer(r"(?<![A-Za-z0-9])[A-Za-z0-9]{2}(?![A-Za-z0-9])", plain):
        if match.group().upper() in known and not match.group().isdigit():
            return match.group().upper(), (plain[: match.start()] + " " + plain[match.end() :]).strip(_TRIM)
    return None, plain.strip(" ")


def _command(simple: str, rest: str, code: str | None, today: date) -> OfficerReading:
    words, lowered = lexicon().officer, simple.lower()
    for command, read in _COMMANDS:
        match = words[command].match(lowered)
        if match and (said := read(match, rest, code, today)) is not None:
            return said
    if words["done_words"].match(lowered) and not words["denied"].search(lowered) and told_of_task(rest) not in _OPEN:
        return _reading("done", code, rest)
    return _reading("unknown", code, rest)


def _bare(command: str) -> _Read:
    def read(match: re.Match[str], rest: str, code: str | None, today: date) -> OfficerReading:  # noqa: ARG001
        return _reading(command, code, rest[match.end() :].strip(_TRIM))

    return read


def _with_text(command: str) -> _Read:
    def read(match: re.Match[str], rest: str, code: str | None, today: date) -> OfficerReading:  # noqa: ARG001
        return _reading(command, code, rest[match.start("text") :].strip(_TRIM))

    return read


def _acknowledge(match: re.Match[str], rest: str, code: str | None, today: date) -> OfficerReading:
    """'1' with words of another command contradicts itself."""
    left = rest[match.end() :].strip(_TRIM)
    if left and _command(simplified(left), left, code, today).command not in {"unknown", "acknowledge"}:
        return _reading("unknown", code, rest)
    return _reading("acknowledge", code, left)


def _done(match: re.Match[str], rest: str, code: str | None, today: date) -> OfficerReading:  # noqa: ARG001
    """'3' with words that it is not done, or with a question, contradicts itself."""
    result = rest[match.start("text") :].strip(_TRIM)
    is_asked = len(result) <= _ASKED and told_of_task(result) is Told.QUESTION
    is_undone = lexicon().officer["undone"].search(result) is not None
    return _reading("unknown", code, rest) if is_asked or is_undone else _reading("done", code, result)


def _delegate(match: re.Match[str], rest: str, code: str | None, today: date) -> OfficerReading:  # noqa: ARG001
    if re.search(r"[0-9]", rest[match.start("name") :]):
        return _reading("unknown", code, rest)
    name = rest[match.start("name") :].strip(_TRIM).removesuffix("办理").removesuffix("处理").removesuffix("办").strip(_TRIM)
    return _reading("delegate", code, "", name=name or None)


def _case(match: re.Match[str], rest: str, code: str | None, today: date) -> OfficerReading:  # noqa: ARG001
    number = rest[match.start("number") : match.end("number")].strip(_TRIM).upper()
    return _reading("case", code, "", number=number)


def _postpone(match: re.Match[str], rest: str, code: str | None, today: date) -> OfficerReading:
    text = rest[match.start("text") :].strip(_TRIM)
    until, reason = _until(text, today)
    return _reading("postpone", code, reason, until=until, past=until is None and _is_past(text, today))


def _away(match: re.Match[str], rest: str, code: str | None, today: date) -> OfficerReading | None:
    """A day may stand before the word, as long as nothing but a day does: a name or a seat there is that of a pupil."""
    words = lexicon().officer
    before = words["day_range"].sub("到", rest[match.start("when") : match.end("when")])
    text = f"{before} {words['day_range'].sub('到', rest[match.start('text') :])}".strip()
    days = find_days(text, today)
    left = without_days(text, days)
    named = words["away_name"].search(left) or words["away_name_bare"].search(left)
    when = words["away_place"].sub("", before) if named else before
    if before and not (_says_when(when, today) and (named or words["away_plain"].search(f"{before}{match['word']}"))):
        return None
    since, until = _span(left, text, days, today)
    return _reading(
        "away", code, _shortened(left, named), until=until, name=named["name"] if named else None,
        past=until is None and _is_past(text, today), since=since,
    )  # fmt: skip


def _says_when(before: str, today: date) -> bool:
    return not lexicon().officer["away_filler"].sub("", without_days(before, find_days(before, today)))


def _span(left: str, text: str, days: Sequence[Day], today: date) -> tuple[date | None, date | None]:
    """First and last day of a leave. A number that is left over may have been a day: then none is told."""
    if not days or re.search(r"[0-9]", left):
        return None, None
    since, until = first_and_last(text, days, today)
    return (max(since, today), until) if since is not None and until is not None and until >= today else (None, None)


def _shortened(left: str, named: re.Match[str] | None) -> str:
    return (left[: named.start()] + left[named.end() :] if named else left).strip(_TRIM)


def _belongs(match: re.Match[str], rest: str, code: str | None, today: date) -> OfficerReading:  # noqa: ARG001
    name, relation = (rest[match.start(part) : match.end(part)] for part in ("name", "relation"))
    return _reading("belongs", code, "", name=name, relation=relation)


def _is_past(text: str, today: date) -> bool:
    return any(day.on is not None and day.on < today for day in find_days(text, today))


def _until(text: str, today: date) -> tuple[date | None, str]:
    """The day that is named, and the text without it."""
    days = [day for day in find_days(text, today) if day.on is not None and day.on >= today and day.kind != "now"]
    ends = [day for day in days if day.start and text[day.start - 1] in _JOINED] or days
    if len({day.on for day in ends}) != 1:
        return None, text.strip(_TRIM)
    return ends[-1].on, _without(text, ends[-1])


def _without(text: str, day: Day) -> str:
    before = text[: day.start].rstrip(_TRIM + _JOINED)
    return f"{before} {text[day.end :].strip(_TRIM)}".strip(_TRIM)


def _reading(
    command: str, code: str | None, text: str, *, until: date | None = None, number: str | None = None, name: str | None = None,
    relation: str | None = None, past: bool = False, since: date | None = None,
) -> OfficerReading:  # fmt: skip
    return OfficerReading(command, code, text, until, number, name, relation, past, since)


_COMMANDS: tuple[tuple[str, _Read], ...] = (
    ("help", _bare("help")),
    ("mine", _bare("mine")),
    ("activity", _with_text("activity")),
    ("unrefer", _with_text("unrefer")),
    ("refer", _with_text("refer")),
    ("ledger", _bare("ledger")),
    ("back", _bare("back")),
    ("letter", _bare("letter")),
    ("reply", _with_text("reply")),
    ("belongs", _belongs),
    ("case", _case),
    ("refuse", _with_text("refuse")),
    ("approve", _with_text("approve")),
    ("confirm", _bare("confirm")),
    ("returned", _bare("returned")),
    ("away", _away),
    ("postpone", _postpone),
    ("delegate", _delegate),
    ("done", _done),
    ("acknowledge", _acknowledge),
)
