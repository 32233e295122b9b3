"""Who is drawn: the same seed from the same children draws the same ones. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256


def shares(strata: Mapping[str, int], size: int) -> dict[str, int]:
    """How many of each stratum: in proportion to its number, at least one of each where the size allows it, never more than there are.

    What is left over by rounding goes to those with the largest remainders; ties are broken by name. Raises ValueError for no size.
    """
    if size < 1:
        raise ValueError("a sample has at least one")
    total = sum(strata.values())
    if size >= total:
        return dict(strata)
    names = sorted(strata, key=lambda name: (-strata[name], name))
    if size <= len(names):
        return {name: int(place < size) for place, name in enumerate(names)}
    free, rest = size - len(names), total - len(names)
    exact = {name: free * (strata[name] - 1) / rest for name in names}
    found = {name: 1 + int(exact[name]) for name in names}
    left = size - sum(found.values())
    for name in sorted(names, key=lambda name: (-(exact[name] % 1), name))[:left]:
        found[name] += 1
    return found


def draw(strata: Mapping[str, Sequence[int]], size: int, seed: str) -> dict[str, list[int]]:
    """Stratum → the ids that are drawn, in the order of the draw.

    Each id gets a number that only the seed and the id decide; the smallest are drawn. Whoever joins or leaves moves nobody else's number.
    """
    counts = shares({name: len(ids) for name, ids in strata.items()}, size)
    return {name: sorted(ids, key=lambda number: _ticket(seed, number))[: counts[name]] for name, ids in sorted(strata.items())}


def _ticket(seed: str, number: int) -> bytes:
    return sha256(f"{seed}:{number}".encode()).digest()
