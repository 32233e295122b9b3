"""A case's story in plain sentences, Chinese or English, from the record. The sentences are data: templates/story.yaml."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from jinja2 import StrictUndefined, Template
from jinja2.sandbox import ImmutableSandboxedEnvironment
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from cases.ledger import StoryLine, story
from console.words import Named, page_data
from plan.calendar import Calendar
from plan.model import Plan
from storage.tables import Person, Responsibility, Task

NAMES = (
    "who", "task", "people", "level", "level_name", "reason", "on", "until", "exit", "intent", "way", "department", "which", "absent",
    "arrived", "verdict", "count", "why",
)  # fmt: skip
"""What a sentence may be filled with."""
BRACKETS = re.compile(r'[“”"（）()]+')
NUMBERED = re.compile(r"^(?P<stem>.+)_(?P<number>\d+)$")


@dataclass(frozen=True)
class Told:
    """One sentence of the story."""

    at: datetime
    action: str
    text: str


@dataclass(frozen=True)
class Knowledge:
    """What the record's ids stand for."""

    tasks: Mapping[int, Task]
    people: Mapping[int, str]


def _book() -> dict[str, Any]:
    return page_data("story")


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)


@cache
def _template(source: str) -> Template:
    return _environment().from_string(source)


def known_actions() -> frozenset[str]:
    """The actions of the record for which there is a sentence."""
    return frozenset(_book()["sentences"])


async def tell(session: AsyncSession, plan: Plan, case_id: int, language: str) -> list[Told]:
    """The story of a case, oldest first. `language`: zh or en. The record holds ids; names come from the tables as they are now."""
    return await tell_lines(session, plan, await story(session, case_id), language)


async def tell_lines(session: AsyncSession, plan: Plan, lines: Sequence[StoryLine], language: str) -> list[Told]:
    """The same of any lines of the record, in their order; names are those that the session may see."""
    people = await called(session, plan, {person for line in lines for person in _mentioned(line)}, language)
    teller = Teller(plan, language, Knowledge(await _tasks(session, lines), people))
    return [Told(line.at, line.action, teller.sentence(line)) for line in lines]


async def _tasks(session: AsyncSession, lines: Sequence[StoryLine]) -> dict[int, Task]:
    ids = {int(number) for line in lines for kind, _, number in [line.subject.partition(":")] if kind == "task" and number.isdigit()}
    return {task.id: task for task in await session.scalars(select(Task).where(Task.id.in_(ids)))}


def action_name(action: str, language: str) -> str:
    """What an action is called where one is chosen: its sentence with nothing filled in."""
    sentence = _book()["sentences"].get(action)
    if sentence is None:
        return action
    bare = _template(sentence[language]).render(dict.fromkeys(NAMES, "")).strip()
    return BRACKETS.sub("", bare).strip(" 。.，、:：")


async def called(session: AsyncSession, plan: Plan, wanted: Collection[int], language: str) -> dict[int, str]:
    """Id → role and name, of those whom the session may see."""
    roles: dict[int, str] = {}
    held = (
        select(Responsibility.person_id, Responsibility.role).where(Responsibility.person_id.in_(wanted)).order_by(Responsibility.id.desc())
    )
    for person_id, role in await session.execute(held):
        roles[person_id] = _said(plan.roles[role], language) if role in plan.roles else ""
    named = await session.execute(select(Person.id, Person.name).where(Person.id.in_(wanted)))
    return {person_id: _joined(language, roles.get(person_id, ""), name) for person_id, name in named}


def _joined(language: str, role: str, name: str) -> str:
    return f"{role} {name}".strip() if language == "en" else role + name


def _mentioned(line: StoryLine) -> set[int]:
    kind, _, number = line.actor.partition(":")
    found = {int(number)} if kind in {"person", "guardian"} and number.isdigit() else set()
    return found | set(_named(line.facts))


def _named(facts: Mapping[str, Any]) -> list[int]:
    """Persons whom the facts name; of a correction `to` is a value, not a person."""
    return [one for one in [*(facts.get("holders") or ()), facts.get("to")] if isinstance(one, int)]


def _said(label: Named, language: str) -> str:
    return label.en if language == "en" else label.zh


class Teller:
    def __init__(self, plan: Plan, language: str, knowledge: Knowledge) -> None:
        self._plan = plan
        self._language = language
        self._known = knowledge
        self._calendar = Calendar(plan)

    def sentence(self, line: StoryLine) -> str:
        sentence = _book()["sentences"].get(line.action)
        if sentence is None:  # an action newer than the file is still shown, by its name
            return line.action
        return _template(sentence[self._language]).render(self._context(line)).strip()

    def _context(self, line: StoryLine) -> dict[str, Any]:
        facts = line.facts
        level = facts.get("level")
        return {
            "who": self._actor(line.actor), "task": self._task(line), "people": self._people_of(line), "level": level or "",
            "level_name": self._label(self._plan.at_level(level).name) if level else "", "reason": self._reason(facts.get("reason")),
            "on": self._day(facts.get("on")), "until": self._day(facts.get("until")),
            "exit": self._exit(facts.get("exit") or facts.get("kind")),
            "intent": self._word("intents", facts.get("intent")), "way": self._word("ways", facts.get("way")),
            "department": self._department(facts.get("department")), "which": self._which(facts), "absent": facts.get("absent", ""),
            "arrived": facts.get("arrived", ""), "verdict": facts.get("state", ""), "count": facts.get("count", ""),
            "why": facts.get("reason") or "",
        }  # fmt: skip

    def _label(self, label: Named) -> str:
        return _said(label, self._language)

    def _actor(self, actor: str) -> str:
        kind, _, number = actor.partition(":")
        name = self._known.people.get(int(number), "") if number.isdigit() else ""
        if kind == "guardian":
            return _joined(self._language, _book()["guardian"][self._language], name)
        return name or str(_book()["system"][self._language])

    def _task(self, line: StoryLine) -> str:
        kind = line.facts.get("kind")
        subject, _, number = line.subject.partition(":")
        if subject == "task" and number.isdigit() and int(number) in self._known.tasks:
            kind = self._known.tasks[int(number)].kind
        return self._label(self._plan.tasks[kind]) if kind in self._plan.tasks else ""

    def _people_of(self, line: StoryLine) -> str:
        subject, _, role = line.subject.partition(":")
        if subject == "role":
            return self._label(self._plan.roles[role]) if role in self._plan.roles else role
        names = [self._known.people[person] for person in _named(line.facts) if person in self._known.people]
        return (", " if self._language == "en" else "、").join(names)

    def _reason(self, reason: str | None) -> str:
        if reason is None:
            return ""
        if reason.startswith("case_closed_"):
            return self._exit(reason.removeprefix("case_closed_"))
        if (found := self._word("reasons", reason)) != reason:
            return found
        if (numbered := NUMBERED.match(reason)) and numbered["stem"] in _book()["reasons"]:
            return _template(self._word("reasons", numbered["stem"])).render(number=numbered["number"])
        return self._word("intents", reason)

    def _word(self, book: str, key: str | None) -> str:
        found = _book()[book].get(key)
        return str(found[self._language]) if found else key or ""

    def _which(self, facts: Mapping[str, Any]) -> str:
        return str(facts["which"]) if "which" in facts else self._word("notices", facts.get("kind"))

    def _exit(self, exit_kind: str | None) -> str:
        return self._label(self._plan.exits[exit_kind]) if exit_kind in self._plan.exits else exit_kind or ""

    def _department(self, name: str | None) -> str:
        return self._label(self._plan.departments[name]) if name in self._plan.departments else name or ""

    def _day(self, value: str | None) -> str:
        if not value:
            return ""
        day = date.fromisoformat(value) if len(value) == len("2026-11-24") else self._calendar.day_of(datetime.fromisoformat(value))
        return f"{day.day} {day:%b}" if self._language == "en" else f"{day.month}月{day.day}日"
