"""What somebody looks for: names, telephones, numbers. In an address it stands sealed, for the session that asked and for no other.

Addresses are kept by browsers, proxies and logs. So a form with words is posted (`/find`), and the address of the page that shows what they
find carries them encrypted, with a key that the session's own secret is part of: whoever else has the address learns and finds nothing by
it, and neither does its owner once the session has ended.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Self

from storage.crypto import Cipher, Undecipherable

SEAL = "find"
"""The part of an address that carries the words."""
LONGEST = 60


class SearchOver(Exception):
    """The words in the address cannot be read by this session, or stand in it openly: they have to be typed anew."""


@dataclass(frozen=True)
class Sought:
    """All the fields of pages in which people type what they look for; empty where they do not."""

    q: str = ""
    actor: str = ""
    case: str = ""

    @classmethod
    def among(cls, given: Mapping[str, object]) -> Self:
        """Those of a form's fields that are words."""
        return cls(**{name: value.strip()[:LONGEST] for name in FIELDS if isinstance(value := given.get(name), str)})

    def typed(self) -> dict[str, str]:
        return {name: value for name, value in asdict(self).items() if value}


FIELDS = tuple(field.name for field in fields(Sought))
UNREADABLE = frozenset({SEAL, *FIELDS})
"""What no address goes on with once its words could not be read."""


class Seal:
    """Closes and opens the words of one session. `session`: the secret that its browser keeps."""

    def __init__(self, cipher: Cipher, session: str) -> None:
        self._cipher = cipher.apart(f"sought in session {session}")

    def close(self, sought: Sought) -> dict[str, str]:
        """The part of an address that carries these words; nothing where there are none."""
        typed = sought.typed()
        return {SEAL: self._cipher.encrypt(json.dumps(typed, ensure_ascii=False)).decode()} if typed else {}

    def open(self, query: Mapping[str, str]) -> Sought:
        """The words in an address. Raises SearchOver."""
        if any(name in query for name in FIELDS):
            raise SearchOver
        if not query.get(SEAL):
            return Sought()
        try:
            return Sought.among(json.loads(self._cipher.decrypt(query[SEAL].encode())))
        except Undecipherable as error:
            raise SearchOver from error
