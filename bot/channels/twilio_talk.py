"""A call as it goes: what is said, which keys are taken, and what somebody hears who rings back."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.channels.base import Answer, Heard, Incoming, Request, RungBack, Status
from bot.channels.speech import from_sms, offered
from bot.channels.twilio_script import Turn, Words, asking, confirming, ending

KEYS = frozenset("012345678")
NONE = "-"
"""Where nothing is asked: a key would be read as the answer to something else."""
SILENT_ROUNDS = 2
"""How often it is said to somebody who presses nothing."""
MOST_ROUNDS = 6
"""How often it is said in all, so that no call lasts for ever."""


@dataclass(frozen=True)
class Ends:
    """Who is at which end of a call. `question`: the provider's id of the message of ours that its keys answer."""

    theirs: str
    ours: str
    question: str | None


class Talk:
    """Answers what Twilio asks while a call runs. Raises KeyError and ValueError where the call does not read as documented.

    What a key means stands in the address that brings it: an answer is taken also while the database is away.
    """

    def __init__(self) -> None:
        self._words = Words.load()

    async def script(self, request: Request) -> Heard:
        """We have called, and somebody has picked up."""
        return await self._say(request, Turn.of(request))

    async def keys(self, request: Request) -> Heard:
        """Whatever the key means: a person has heard it, and no machine."""
        form = request.form
        heard = await self._pressed(request, Turn.of(request), Ends(form["To"], form["From"], form["CallSid"]))
        return replace(heard, statuses=(Status(form["CallSid"], "delivered"),))

    async def called(self, request: Request) -> Heard:
        """Somebody rings the number that has called."""
        turn = Turn.of_caller(request)
        return await self._say(request, turn, self._words.rung_back if turn.round == 1 else "")

    async def pressed(self, request: Request) -> Heard:
        form, turn = request.form, Turn.of_caller(request)
        return await self._pressed(request, turn, Ends(form["From"], form["To"], turn.about))

    async def _pressed(self, request: Request, turn: Turn, ends: Ends) -> Heard:
        """A key that is offered is an answer; 9, * and # say it again, and so does a key that means nothing here."""
        key = request.form["Digits"]
        if key == turn.key:
            return Heard(answer=ending(self._words, self._words.goodbye))
        if key not in KEYS or (turn.keys and key not in turn.keys):
            return await self._say(request, turn.next(), self._words.wrong if key in KEYS else "")
        text = Incoming(f"{request.form['CallSid']}-{turn.round}", sender=ends.theirs, to=ends.ours, body=key, reply_to=ends.question)
        return Heard(incoming=(text,), answer=confirming(self._words, turn.next(key)))

    async def _say(self, request: Request, turn: Turn, first: str = "") -> Heard:
        if turn.message_id is not None:
            return Heard(answer=self._said(turn, await request.said(turn.message_id), first))
        back = await request.rung_back(request.form["From"])
        if back is None or back.body is None:
            return Heard(answer=ending(self._words, self._nothing(back), self._words.goodbye))
        body = back.body if back.provider_id else from_sms(back.body)
        return Heard(answer=self._said(replace(turn, about=back.provider_id), body, first))

    def _said(self, turn: Turn, body: str | None, first: str) -> Answer:
        if body is None or turn.round > MOST_ROUNDS:
            return ending(self._words, self._words.goodbye)
        turn = replace(turn, keys="".join(sorted(offered(body))) or NONE)
        return asking(self._words, turn, body, repeat=turn.round < SILENT_ROUNDS, first=first)

    def _nothing(self, back: RungBack | None) -> str:
        if back is None:
            return self._words.not_called
        return self._words.nothing_asked.format(school_phone=back.school_phone) if back.school_phone else self._words.no_school
