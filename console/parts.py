"""What the console's pages are given: two log-ins to the database, the keys, the clock, and news of what has changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.channels.base import Channel
from bot.channels.registry import Line
from bot.rendering import Catalogue
from console.live import News
from storage.clock import Clock
from storage.crypto import Cipher
from storage.database import Database


@dataclass(frozen=True)
class Parts:
    """`web` reads under row-level security. `worker` carries out what somebody entitled has decided, and who enters: nothing else.

    `channels`: the accounts by which messages leave, for previews of their cost.
    `is_https`: the pages are reached under https, so that cookies say so. `public_url`: where the world reaches us, for what is printed.
    `private_hooks`: other systems of our own network may be called.
    """

    web: Database
    worker: Database
    cipher: Cipher
    clock: Clock
    catalogue: Catalogue
    channels: Mapping[Line, Channel] = field(default_factory=dict)
    is_https: bool = False
    public_url: str | None = None
    private_hooks: bool = False
    news: News = field(default_factory=News)
