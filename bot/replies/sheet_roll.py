"""Tokens of a sheet turned into absent and arrived pupils."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.replies.kinds import Doubt, SheetEntry, SheetReading
from bot.replies.names import Named, find_sounding, nearly, plain_name
from bot.replies.sheet_leaves import Leaves, Line
from bot.replies.sheet_tokens import Token
from bot.replies.sheet_words import sheet_words
from bot.replies.sounds import sound

_REASONS = frozenset({"sick", "leave", "home"})
_TELLING = _REASONS | {"absent", "unexcused", "arrived", "coming"}
_LATE = "迟晚"
_LACKING = frozenset({"缺", "缺勤", "缺席"})
_HIGHEST_SEAT = 999  # a longer number is no seat, but that of a phone, or a code


@dataclass
class Roll(Leaves):
    """Reads tokens one by one. A *group* is a run of pupils with nothing but separators between them.

    A reason belongs to the last pupil of the group, unless 'all' stands before it; 'arrived' to the whole group.
    """

    meant: Mapping[str, int] = field(default_factory=dict)
    doubts: list[Doubt] = field(default_factory=list)
    counts: list[Token] = field(default_factory=list)
    away: Sequence[int] = ()  # how many are absent by what is said of those enrolled and present
    came: Sequence[int] = ()  # those of whom the last word was that they are there: "has come, was late"
    unseated: list[str] = field(default_factory=list)
    coming: list[str] = field(default_factory=list)
    lacking: int | None = None  # 缺1: a seat, or how many
    speaks: bool = False
    seated: str = ""  # the number right before, as in 12马小龙 or 12(马小龙)
    seats: list[Token] = field(default_factory=list)
    prefix: str | None = None

    def call(self, row: Sequence[Token]) -> None:
        """Take the whole sheet."""
        for place, token in enumerate(row):
            late = token.kind == "arrived" and token.text[0] in _LATE
            if (late or token.kind in _REASONS) and self._heads(row[place + 1 : place + 3], always=late):
                self.speaks = True
                self._heading(token)
            else:
                self._hear(token)
            in_bracket = token.kind == "list" and token.text == "("
            self.seated = token.text.strip() if token.kind == "seat" else self.seated if in_bracket else ""
            self.every = token.kind == "all_of" or (self.every and token.kind == "other")
            self.before = token

    def _heads(self, after: Sequence[Token], *, always: bool) -> bool:
        """Whether a reason stands before those it is about: 病假:5, 病假2人:5 12; in "病假5 事假12" the second one, as the first did.

        `always`: right before a pupil it does, as in 迟到5.
        """
        is_counted = bool(after) and after[0].kind == "count"
        first = next(iter(after[1:] if is_counted else after), None)
        if first is None:
            return False
        if first.kind == "list" and ":" in first.text:
            return True
        apart = self.before is None or self.before.kind in {"list", "break", "other"}
        return apart and first.kind in {"pupil", "seat"} and (always or is_counted or self.prefix is not None)

    @property
    def makes_sense(self) -> bool:
        """Whether the sheet said anything about anybody, and nothing that speaks against the rest."""
        only_a_day = any(line.since is not None and line.reason is None for line in self.lines.values())
        heard = self.lines or self.doubts or self.unread or self.away or (self.counts and self.speaks)
        return bool(heard) and not self.contrary and not only_a_day

    def reading(self) -> SheetReading:
        """What was understood; `missing` where a number of absent pupils does not fit the names."""
        away = [
            SheetEntry(one, line.reason, line.until if line.reason else None, line.since, line.unexcused)
            for one, line in self.lines.items()
            if not line.arrived
        ]
        absent = tuple(entry for entry in away if entry.since is None)
        doubts = [Doubt(self._name(one), (one,)) for one, line in self.lines.items() if line.contradicted]
        self._weigh_number(len(absent))
        sure = not (doubts or self.doubts or self.unread)
        missing = self._missing(len(absent)) if sure else None
        arrived = tuple(one for one, line in self.lines.items() if line.arrived)
        everybody = not absent and sure and missing is None and len(arrived) == len(self.pupils) > 1
        return SheetReading(
            all_present=everybody,
            absent=absent,
            arrived=() if everybody else arrived,
            doubts=(*self.doubts, *doubts),
            unread=tuple(self.unread),
            yesterday=False,
            later=tuple(entry for entry in away if entry.since is not None),
            unseated=tuple(self.unseated),
            coming=tuple(self.coming),
            missing=missing,
            speaks=self.speaks,
        )

    def _hear(self, token: Token) -> None:
        if self.ahead is not None and not self._goes_on(token):
            self.contrary = True
        self.speaks |= token.kind in _TELLING or (token.kind == "count" and sheet_words().sheet["of_absent"].match(token.text) is not None)
        if token.kind in _REASONS:
            self._reason(token)
        else:
            _HEARD[token.kind](self, token)

    def _pupil(self, token: Token) -> None:
        if len(token.ids) != 1:
            self._doubt(token.text, token.ids)
        elif self._right_before("unread") and len(self.before_text) == 1 and self.unread[-1:] == [self.before_text]:
            self.unread.pop()
            self._doubt(self.before_text + token.text, token.ids)
        elif self.seated and self.group and self.group[-1] != token.ids[0]:
            self._forget(self.group.pop(), token)
        else:
            self._add(token.ids[0])

    def _seat(self, token: Token) -> None:
        seated = [pupil.student_id for pupil in self.pupils if pupil.seat is not None and pupil.seat == token.value]
        self.seats.append(token)
        if self.before is not None and self.before.text in _LACKING and "号" not in token.text:
            self.lacking = token.value
        if len(seated) == 1:
            self._add(seated[0])
        elif seated:
            self._doubt(token.text.strip(), tuple(seated))
        else:
            self.unread.append(token.text.strip())
            if token.value is not None and token.value <= _HIGHEST_SEAT:
                self.unseated.append(str(token.value))

    def _doubt(self, said: str, candidates: tuple[int, ...]) -> None:
        """Whoever could be meant is asked about, unless the teacher has said who it is."""
        if (student_id := self.meant.get(said)) in candidates and student_id is not None:
            self._add(student_id)
        else:
            self.doubts.append(Doubt(said, candidates))

    def _forget(self, seated: int, token: Token) -> None:
        """Number and name side by side, but of two pupils: ask which."""
        del self.lines[seated]
        self.last = []
        self._doubt(f"{self.seated}{token.text}", (seated, token.ids[0]))

    def _add(self, student_id: int) -> None:
        line = self.lines.setdefault(student_id, Line())
        if self.ahead is not None:
            line.since = line.until = self.ahead
        if self.prefix == "arrived":
            line.arrived = True
        else:
            line.reason = self.prefix or line.reason
        if student_id not in self.group:
            self.group.append(student_id)
        self.last = [student_id]

    def _reason(self, token: Token) -> None:
        whom = self.group if self.every and self.group else self.last
        if not whom:
            self.prefix = None if self._of_somebody_unknown() else token.kind
            return
        for student_id in whom:
            line = self.lines[student_id]
            line.reason, line.unexcused = token.kind if self.prefix else line.reason or token.kind, False
        self.last, self.group, self.prefix, self.ahead = list(whom), [], None, None

    def _of_somebody_unknown(self) -> bool:
        """A reason right behind a name that could not be read is that one's, not of those who follow."""
        return any(self._right_before(kind) for kind in ("unread", "pupil", "seat"))

    def _arrived(self, token: Token) -> None:
        if not self.group and not self.last and not self.doubts and not (self.came and token.text[0] in _LATE):
            self.unread.append(token.text)
        self.came = self.group or self.last
        for student_id in self.came:
            line = self.lines[student_id]
            line.contradicted |= line.reason is not None
            line.arrived = True
        self._close(token)

    def _heading(self, token: Token) -> None:
        """'Sick:' stands before those it is about."""
        self._close(token)
        self.prefix = token.kind

    def _contrary(self, _: Token) -> None:
        self.contrary = True

    def _close(self, _: Token) -> None:
        self.group, self.last, self.prefix = [], [], None

    def _absent(self, _: Token) -> None:
        for student_id in self.group:
            self.lines[student_id].contradicted |= self.lines[student_id].arrived
        if self.prefix and len(self.group) > 1 and any(self._right_before(kind) for kind in ("pupil", "seat")):
            self.lines[self.last[-1]].reason = None  # "ill: 5 12, 15 has not come"
        self.group = []
        self.prefix = self.prefix if not self.last else None

    def _unexcused(self, token: Token) -> None:
        for student_id in self.group if self.every else self.last:
            line = self.lines[student_id]
            line.reason, line.until, line.unexcused = None, None, True
        self._absent(token)

    def _coming(self, token: Token) -> None:
        """Who is on the way has not come."""
        self._close(token)
        self.coming.append(token.text)
        self.unread.append(token.text)

    def _count(self, token: Token) -> None:
        self.counts.append(token)

    def _pass(self, _: Token) -> None:
        """Courtesy and separators say nothing about anybody."""

    def _unread(self, token: Token) -> None:
        said = token.text.strip()
        people = [Named(pupil.student_id, pupil.name) for pupil in self.pupils]
        heard = {one for mention in find_sounding(said, people, ()) for one in mention.ids} or set(nearly(said, people))
        if heard:
            self._close(token)
            self._doubt(said, tuple(sorted(heard)))
        elif self._right_before("pupil") and self.last and len(said) == 1:
            self._name_goes_on(said)
        elif not self._is_reason(said):
            self.unread.append(said)

    def _name_goes_on(self, said: str) -> None:
        """One more character right behind a name makes it perhaps another name."""
        student_id = self.last[-1]
        del self.lines[student_id]
        self._close(Token("break", ""))
        self._doubt(self.before_text + said, (student_id,))

    def _is_reason(self, said: str) -> bool:
        """Words right behind a pupil tell a reason that we do not know, unless they may be the next name or say 'here'."""
        behind = self._right_before("pupil") or self._right_before("seat")
        return behind and not self._begins_like_a_name(said) and not sheet_words().sheet["maybe_here"].search(said)

    def _begins_like_a_name(self, said: str) -> bool:
        return sound(said[0]) in {sound(plain_name(pupil.name)[0]) for pupil in self.pupils if plain_name(pupil.name)}

    @property
    def before_text(self) -> str:
        return self.before.text.strip() if self.before else ""

    def _name(self, student_id: int) -> str:
        return next(pupil.name for pupil in self.pupils if pupil.student_id == student_id)

    def _weigh_number(self, absent: int) -> None:
        """ "缺1 张三" may say how many, not which seat: asked, unless the seat is nobody's."""
        if len(self.seats) != 1 or self.lacking is None:
            return
        if self.unseated and self.lacking == absent:
            self.unread.remove(self.seats[0].text.strip())
            self.unseated.clear()
        elif self.lacking == absent - 1:
            self.unread.append(f"缺{self.lacking}")

    def _missing(self, absent: int) -> int | None:
        """How many are said to be absent, where that many are not named. Of "2 ill, 1 on leave" the sum may fit as well."""
        fitting = {absent, len(self.pupils), len(self.pupils) - absent}
        wrong = [token.value for token in self.counts if token.value is not None and token.value not in fitting]
        if (away := next((count for count in self.away if count != absent), None)) is not None:
            return away
        return max(wrong) if wrong and sum(wrong) != absent else None


_HEARD: Mapping[str, Callable[[Roll, Token], None]] = {
    "pupil": Roll._pupil,
    "seat": Roll._seat,
    "until": Roll._until,
    "span": Roll._span,
    "weeks": Roll._span,
    "half_month": Roll._span,
    "months": Roll._span,
    "day": Roll._day,
    "arrived": Roll._arrived,
    "absent": Roll._absent,
    "unexcused": Roll._unexcused,
    "coming": Roll._coming,
    "count": Roll._count,
    "break": Roll._close,
    "contrary": Roll._contrary,
    "unread": Roll._unread,
    "list": Roll._pass,
    "other": Roll._pass,
    "all_of": Roll._pass,
}
