"""What Aliyun's SmsUp brings: texts that people write back, a long one perhaps in its parts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from bot.channels.aliyun_keys import Keys
from bot.channels.base import Incoming

FULL = (67, 70)  # characters of a part that another one follows: with and without the header of a joined SMS
MOBILE = re.compile(r"(?:\+?86)?(1\d{10})")


def joined(rows: Sequence[Any]) -> list[Any]:
    """The rows of one call, parts of one text put together: each but the last is full, and they bear consecutive numbers.

    Read by themselves, its halves would be two answers, and the second one to nothing.
    """
    found: list[Any] = []
    last: Any = None
    for row in rows:
        if found and _goes_on(last, row):
            found[-1] = {**found[-1], "content": f"{found[-1]['content']}{row['content']}"}
        else:
            found.append(row)
        last = row
    return found


def _goes_on(last: Any, row: Any) -> bool:
    if not (isinstance(last, Mapping) and isinstance(row, Mapping)):
        return False
    alike = all(last.get(name) == row.get(name) for name in ("phone_number", "dest_code", "sign_name"))
    numbers = str(last.get("sequence_id")), str(row.get("sequence_id"))
    follows = all(number.isdecimal() for number in numbers) and int(numbers[1]) == int(numbers[0]) + 1
    return alike and follows and len(str(last.get("content") or "")) in FULL and isinstance(row.get("content"), str)


def incoming(row: Mapping[str, Any], keys: Keys) -> Incoming:
    """A number of another kind (a short code, a landline) stays as it came. Raises KeyError and ValueError.

    It is known by Aliyun's number for it, which stays when it is pushed again. As nothing says that two accounts never count alike, its
    writer's mark stands behind.
    """
    written = str(row["phone_number"]).strip()
    if not written or row["phone_number"] is None:
        raise ValueError("phone_number")
    number = MOBILE.fullmatch(written)
    sender = f"+86{number[1]}" if number else written
    to = str(row.get("sign_name") or "").strip("【】")
    return Incoming(f"{row['sequence_id']}-{keys.mark(sender)}", sender, to, str(row.get("content") or ""))
