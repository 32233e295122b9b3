"""What is said: one intent, or several in one message, in the words of the channel that carries it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.channels.base import Capabilities
from bot.outbox.address import Line, Route
from bot.outbox.claim import Due
from bot.outbox.contacts import of_sender
from bot.outbox.context import Subjects, context_of
from bot.outbox.settings import OutboxSettings
from bot.rendering import RenderingError, parts
from bot.rendering.registered import Unfit
from storage.tables import Person, Recording

log = structlog.get_logger("outbox")


@dataclass(frozen=True)
class Words:
    """A message's text with what goes along: buttons, variables of a registered template, the recording that a call plays first."""

    template: str
    body: str
    parts: int
    options: list[list[str]] | None = None
    values: dict[str, str] | None = None
    recording_id: int | None = None


class Unsayable(Exception):
    """This channel, or this sender, cannot say it; another may. `way` names it as in `intent.resting`."""

    def __init__(self, way: str) -> None:
        super().__init__(way)
        self.way = way


class Recordings:
    """Messages spoken by people in the languages of those who are called."""

    def __init__(self) -> None:
        self._language: dict[int, str] = {}
        self._ids: dict[tuple[str, str, str], int] = {}

    async def load(self, session: AsyncSession, person_ids: Iterable[int | None]) -> None:
        wanted = {person_id for person_id in person_ids if person_id is not None}
        if not wanted:
            return
        spoken = select(Person.id, Person.language).where(Person.id == func.any(list(wanted)), Person.language.is_not(None))
        self._language = {person_id: language for person_id, language in await session.execute(spoken) if language is not None}
        if self._language:
            columns = (Recording.language, Recording.template, Recording.area_code, Recording.id)
            rows = await session.execute(select(*columns).where(Recording.language.in_(set(self._language.values()))))
            self._ids = {(language, template, area): recording_id for language, template, area, recording_id in rows}

    def best(self, person_id: int | None, template: str, area_code: str) -> int | None:
        """Of the nearest area above that has one in the person's language."""
        language = self._language.get(person_id or 0)
        if language is None:
            return None
        areas = (area_code[:length] for length in range(len(area_code), -1, -1))
        return next((found for area in areas if (found := self._ids.get((language, template, area))) is not None), None)


class Writer:
    """Words for the intents of one batch."""

    def __init__(self, settings: OutboxSettings, subjects: Subjects, recordings: Recordings) -> None:
        self._settings = settings
        self._subjects = subjects
        self._recordings = recordings

    def one(self, intent: Due, route: Route) -> Words | None:
        """None where it cannot be said: a template or its facts are wrong. Logged without its values.

        Raises Unsayable where only this channel cannot say it.
        """
        context = context_of(intent, self._subjects, self._settings)
        return self._words(intent, intent.template, context, route.line)

    def several(self, intents: Sequence[Due], merge: str, route: Route) -> Words | None:
        """One message about all of them; None where it would not fit or may not be sent there."""
        can = route.line.capabilities
        if not can.takes(merge, self._settings.catalogue.traits(merge).audience):
            return None
        contexts = [context_of(intent, self._subjects, self._settings) for intent in intents]
        try:
            lines = [self._settings.catalogue.line(intent.template, context) for intent, context in zip(intents, contexts, strict=True)]
        except (RenderingError, LookupError) as error:
            log.error("line not made", action="render_failed", intent_id=intents[0].id, template=merge, why=str(error))
            return None
        offers = max((context.get("offers", "") for context in contexts), key=len)
        together = {"lines": lines, "count": len(lines), "offers": offers, **_phones(contexts)}
        with suppress(Unsayable):
            return self._words(intents[0], merge, contexts[0] | together, route.line)
        return None

    def _words(self, intent: Due, template: str, context: Mapping[str, Any], line: Line) -> Words | None:
        catalogue, can = self._settings.catalogue, line.capabilities
        try:
            name, values, body = self._in_words_of(can, template, context)
            options = [list(button) for button in catalogue.buttons(template, context)] if can.buttons else None
        except Unfit as unfit:
            raise Unsayable(can.name) from unfit
        except (RenderingError, LookupError) as error:
            # It is tried again until it expires, and then a person is told.
            log.error("text not made", action="render_failed", intent_id=intent.id, template=template, why=str(error))
            return None
        if len(body) > can.max_length:
            log.error("text too long", action="render_failed", intent_id=intent.id, template=template)
            raise Unsayable(can.name)
        if not line.holds(parts(body)):
            log.error("more than the sender's day", action="over_cap", intent_id=intent.id, template=template, sender_id=line.sender_id)
            raise Unsayable(of_sender(line.sender_id))
        spoken = self._recordings.best(intent.person_id, template, intent.area_code) if can.variant == "voice" else None
        return Words(name, body, parts(body), options or None, values, spoken)

    def _in_words_of(self, can: Capabilities, template: str, context: Mapping[str, Any]) -> tuple[str, dict[str, str] | None, str]:
        """What it is said in there, the values of what was registered, and how it reads. Raises Unfit and what rendering raises."""
        if can.templates is None:
            return template, None, self._settings.catalogue.render(template, can.variant, context)
        said = self._settings.registered(template, context, can.templates)
        return said.template, said.values, said.body


def _phones(contexts: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The telephones of all schools that one message is about, in the order of its lines; each once."""
    found = [str(context["school_phone"]) for context in contexts if context.get("school_phone")]
    return {"school_phone": "、".join(dict.fromkeys(found))} if found else {}
