"""Words that cost people a look: they stand in harmless replies, no rule explains them, and they are no everyday words yet.

    python -m bench.everyday

Prints them from the building half of the labelled replies, the commonest first: how often in harmless replies, how often in such of
danger. Whoever adds one to bot/replies/everyday.yaml should see a 0 in the second place, and no part of the body, blow or night.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from bench._labelled import BUILDING, HARM, Labelled, load
from bot.replies import unread_words


def main() -> int:
    rows = load(BUILDING)
    harmless = _counted(row for row in rows if not any(_is_harm(row)))
    danger = _counted(row for row in rows if all(_is_harm(row)))
    for word, count in harmless.most_common():
        print(f"{count:4} {danger[word]:4} {word}")
    return 0


def _is_harm(row: Labelled) -> list[bool]:
    return [bool(HARM & {meant.intent for meant in one}) for one in row.right]


def _counted(rows: Iterable[Labelled]) -> Counter[str]:
    return Counter(word for row in rows for word in set(unread_words(row.reply, children=row.children, today=row.today)))


if __name__ == "__main__":
    main()
