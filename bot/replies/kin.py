"""Which child is meant by 老大, 小的, 丫头, 儿子."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.replies.kinds import Child
from bot.replies.lexicon import lexicon
from bot.replies.names import Mention


def find_kin(text: str, children: Sequence[Child], taken: Sequence[Mention]) -> list[Mention]:
    """Words of kinship outside of `taken`, where there are several children to tell apart."""
    if len(children) < 2:
        return []
    found: list[Mention] = []
    for word, pattern in lexicon().kin.items():
        for match in pattern.finditer(text):
            if all(match.end() <= one.start or match.start() >= one.end for one in [*taken, *found]):
                found.append(Mention(match.start(), match.end(), _meant(word, match.group(), children), exact=False))
    return found


def is_girl(child: Child) -> bool | None:
    """By the register, else by a name that only girls have; None where neither says it."""
    if child.sex is not None:
        return child.sex == "female"
    return True if lexicon().female_names.search(child.name[1:]) else None


def _meant(word: str, said: str, children: Sequence[Child]) -> tuple[int, ...]:
    """The one child that it fits; all of them where that is open."""
    fitting = _RULES[word](_of_sex(said, children))
    everyone = tuple(child.student_id for child in children)
    return (fitting[0].student_id,) if len(fitting) == 1 else everyone


def _of_sex(said: str, children: Sequence[Child]) -> list[Child]:
    words = lexicon().kin
    if words["daughter"].search(said):
        return [child for child in children if is_girl(child)]
    if words["son"].search(said):
        return [child for child in children if not is_girl(child)]
    return list(children)


def _at(place: int) -> Callable[[list[Child]], list[Child]]:
    """The child at this place by age; where the age of one is not known, nobody can be told."""

    def pick(children: list[Child]) -> list[Child]:
        ranked = sorted((child for child in children if child.rank is not None), key=lambda child: child.rank or 0)
        return ranked[place:][:1] if len(ranked) == len(children) and len(ranked) > max(place, 0) else children

    return pick


_RULES: dict[str, Callable[[list[Child]], list[Child]]] = {
    "eldest": _at(0),
    "second": _at(1),
    "third": _at(2),
    "youngest": _at(-1),
    "daughter": list,
    "son": list,
}
