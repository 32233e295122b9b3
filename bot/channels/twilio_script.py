"""What a call says and waits for, as TwiML (twilio.com/docs/voice/twiml)."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Self

from twilio.twiml.voice_response import Gather, VoiceResponse

from bot.channels.base import Answer, Request
from bot.channels.speech import aloud, pieces
from plan.yaml_text import read_yaml

ALL_KEYS = ""
"""As `finishOnKey`: no key ends the input early, so that # is a key like others."""
PATIENCE = 8
"""Seconds of silence after the last word, before the call goes on without a key."""
SECOND_THOUGHTS = 4
"""Seconds after a key in which another may be chosen."""


@dataclass(frozen=True)
class Words:
    """What the call itself says (templates/voice.yaml)."""

    language: str
    again: str
    wrong: str
    pressed: str
    goodbye: str
    rung_back: str
    nothing_asked: str
    no_school: str
    not_called: str

    @classmethod
    def load(cls) -> Self:
        return cls(**read_yaml((files("templates") / "voice.yaml").read_text(encoding="utf-8")))


@dataclass(frozen=True)
class Turn:
    """One saying of the words in one call. It travels in the addresses that Twilio calls, which it signs.

    `message_id`: None where somebody has rung us. `key`: the one that was pressed already; `keys`: those that are offered, any where it
    is not known. `about`: the provider's id of the message that asks, in a call to us.
    """

    hooks: str
    message_id: int | None = None
    round: int = 1
    recording: str | None = None
    key: str = ""
    keys: str = ""
    about: str | None = None

    @classmethod
    def of(cls, request: Request) -> Self:
        """Raises KeyError and ValueError when the address is none of ours."""
        return replace(cls.of_caller(request), message_id=int(request.query["message"]))

    @classmethod
    def of_caller(cls, request: Request) -> Self:
        """Of a call to us. Raises ValueError."""
        hooks, query = request.url.partition("?")[0].rpartition("/")[0], request.query
        return cls(
            hooks, round=int(query.get("round", "1")), recording=_unpacked(query.get("recording")), key=query.get("key", ""),
            keys=query.get("keys", ""), about=query.get("about"),
        )  # fmt: skip

    def next(self, key: str = "") -> Self:
        return replace(self, round=self.round + 1, key=key or self.key)

    def url(self, hook: str) -> str:
        """`hook`: script or keys; of a call to us called or pressed."""
        fields = {"message": self.message_id, "round": self.round, "key": self.key, "keys": self.keys, "about": self.about}
        fields["recording"] = _packed(self.recording) if self.recording else None
        name = hook if self.message_id is not None else _OF_CALLERS[hook]
        return f"{self.hooks}/{name}?" + "&".join(f"{field}={value}" for field, value in fields.items() if value)


_OF_CALLERS = {"script": "called", "keys": "pressed"}


def _packed(address: str) -> str:
    """Without a character that anybody on the way would write otherwise: the signature covers the address as it was written."""
    return urlsafe_b64encode(address.encode()).decode().rstrip("=")


def _unpacked(packed: str | None) -> str | None:
    return urlsafe_b64decode(packed + "=" * (-len(packed) % 4)).decode() if packed else None


def asking(words: Words, turn: Turn, body: str, repeat: bool, first: str = "") -> Answer:
    """Says it and takes a key at any time; after silence says it once more, where `repeat`, or ends. `first` is said before all else."""
    script = VoiceResponse()
    gather = _gather(script, turn, PATIENCE)
    if first:
        _say(gather, words, first)
    if turn.recording:
        gather.play(turn.recording)
    _say(gather, words, body)
    _say(gather, words, words.again)
    if repeat:
        script.redirect(turn.next().url("script"), method="POST")
    else:
        _say(script, words, words.goodbye)
    return _answer(script)


def confirming(words: Words, turn: Turn) -> Answer:
    """Says which key was heard, and for a moment takes another."""
    script = VoiceResponse()
    gather = _gather(script, turn, SECOND_THOUGHTS)
    _say(gather, words, words.pressed.format(key=turn.key))
    _say(script, words, words.goodbye)
    script.hangup()
    return _answer(script)


def ending(words: Words, *last: str) -> Answer:
    """Says this and hangs up."""
    script = VoiceResponse()
    for sentence in last:
        _say(script, words, sentence)
    script.hangup()
    return _answer(script)


def _gather(script: VoiceResponse, turn: Turn, patience: int) -> Gather:
    return script.gather(num_digits=1, finish_on_key=ALL_KEYS, timeout=patience, action=turn.url("keys"), method="POST")


def _say(verb: VoiceResponse | Gather, words: Words, text: str) -> None:
    for piece in pieces(aloud(text)):
        verb.say(piece, language=words.language)


def _answer(script: VoiceResponse) -> Answer:
    return Answer(str(script), "text/xml")
