"""What a call says and waits for, as TwiML (twilio.com/docs/voice/twiml)."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Self

from twilio.twiml.voice_response import VoiceResponse

from bot.channels.base import Answer, Request
from plan.yaml_text import read_yaml

ALL_KEYS = ""
"""As `finishOnKey`: no key ends the input early, so that # is a key like others."""
PATIENCE = 8
"""Seconds of silence after the last word, before the call goes on without a key."""


@dataclass(frozen=True)
class Words:
    """What the call itself says (templates/voice.yaml)."""

    language: str
    again: str
    received: str
    goodbye: str

    @classmethod
    def load(cls) -> Self:
        return cls(**read_yaml((files("templates") / "voice.yaml").read_text(encoding="utf-8")))


@dataclass(frozen=True)
class Turn:
    """One saying of the words in one call. It travels in the addresses that Twilio calls, which it signs."""

    hooks: str
    message_id: int
    round: int = 1
    recording: str | None = None

    @classmethod
    def of(cls, request: Request) -> Self:
        """Raises KeyError and ValueError when the address is none of ours."""
        hooks = request.url.partition("?")[0].rpartition("/")[0]
        query = request.query
        return cls(hooks, int(query["message"]), int(query.get("round", "1")), _unpacked(query.get("recording")))

    def next(self) -> Self:
        return replace(self, round=self.round + 1)

    def url(self, hook: str) -> str:
        recording = f"&recording={_packed(self.recording)}" if self.recording else ""
        return f"{self.hooks}/{hook}?message={self.message_id}&round={self.round}{recording}"


def _packed(address: str) -> str:
    """Without a character that anybody on the way would write otherwise: the signature covers the address as it was written."""
    return urlsafe_b64encode(address.encode()).decode().rstrip("=")


def _unpacked(packed: str | None) -> str | None:
    return urlsafe_b64decode(packed + "=" * (-len(packed) % 4)).decode() if packed else None


def asking(words: Words, turn: Turn, body: str, repeat: bool) -> Answer:
    """Says it and takes a key at any time; after silence says it once more, where `repeat`, or ends."""
    script = VoiceResponse()
    gather = script.gather(num_digits=1, finish_on_key=ALL_KEYS, timeout=PATIENCE, action=turn.url("keys"), method="POST")
    if turn.recording:
        gather.play(turn.recording)
    gather.say(body, language=words.language)
    gather.say(words.again, language=words.language)
    if repeat:
        script.redirect(turn.next().url("script"), method="POST")
    else:
        script.say(words.goodbye, language=words.language)
    return _answer(script)


def ending(words: Words, last: str) -> Answer:
    """Says one thing and hangs up."""
    script = VoiceResponse()
    script.say(last, language=words.language)
    script.hangup()
    return _answer(script)


def hanging_up() -> Answer:
    """Without a word."""
    script = VoiceResponse()
    script.hangup()
    return _answer(script)


def _answer(script: VoiceResponse) -> Answer:
    return Answer(str(script), "text/xml")
