"""What the console's pages are given: two log-ins to the database, the keys, the clock, and news of what has changed."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.rendering import Catalogue
from console.live import News
from storage.clock import Clock
from storage.crypto import Cipher
from storage.database import Database


@dataclass(frozen=True)
class Parts:
    """`web` reads under row-level security. `worker` carries out what somebody entitled has decided, and who enters: nothing else.

    `is_https`: the pages are reached under https, so that cookies say so. `private_hooks`: other systems
    of our own network may be called.
    """

    web: Database
    worker: Database
    cipher: Cipher
    clock: Clock
    catalogue: Catalogue
    is_https: bool = False
    private_hooks: bool = False
    news: News = field(default_factory=News)
