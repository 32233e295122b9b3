"""Which colleague is meant: a full name, a family name with the title of the post, or a name that only sounds alike."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from bot.replies.names import Named, nearly, plain_name
from bot.replies.normalise import normalise

MOST_ASKED = 4


@dataclass(frozen=True)
class Post:
    """Somebody who may be meant, and the role they hold."""

    id: int
    name: str
    role: str


@dataclass(frozen=True)
class Meant:
    """`id` where the words leave no doubt; else whom they may mean, to be asked back."""

    id: int | None = None
    perhaps: tuple[int, ...] = ()


def read_colleague(words: str, people: Sequence[Post], titles: Mapping[str, Collection[str]]) -> Meant:
    """`titles`: the roles that a title goes with. Only a full name, or family name and title of exactly one person, are sure."""
    said = plain_name(words)
    if not said:
        return Meant()
    named = [post.id for post in people if (name := plain_name(post.name)) and (name == said or (len(name) > 1 and name in said))]
    if len(named) == 1:
        return Meant(named[0])
    titled = named or _titled(said, people, titles)
    if len(titled) == 1 and not named:
        return Meant(titled[0])
    perhaps = titled or nearly(normalise(said), [Named(post.id, post.name) for post in people]) or _of_family(said, people)
    return Meant(None, tuple(perhaps)[:MOST_ASKED])


def _titled(said: str, people: Sequence[Post], titles: Mapping[str, Collection[str]]) -> list[int]:
    roles = {role for title, roles in titles.items() if said.endswith(title) for role in roles}
    return [post.id for post in people if post.role in roles and post.name[:1] == said[:1]]


def _of_family(said: str, people: Sequence[Post]) -> list[int]:
    return [post.id for post in people if post.name[:1] == said[:1]]
