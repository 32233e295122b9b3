"""Which child is meant by 老大, 小的, 丫头, 弟弟, and which children by 两个小的, 另外两个, 俩丫头."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence

from bot.replies.ground import Ground
from bot.replies.kinds import Child
from bot.replies.lexicon import lexicon
from bot.replies.names import Mention
from bot.replies.numerals import number


def find_kin(
    text: str, children: Sequence[Child], taken: Sequence[Mention], *, named: Collection[int] = (), is_paired: bool = True
) -> list[Mention]:
    """Words of kinship outside of `taken`, where there are several children to tell apart.

    `named`: who was spoken of before in the same message; 另外两个 are the others. `is_paired`: the message speaks of another of
    them as well; 哥哥 alone may be a brother whom the school does not know.
    """
    if len(children) < 2:
        return []
    found: list[Mention] = []
    ground = Ground((mention.start, mention.end) for mention in taken)
    for match in lexicon().patterns["counted"].finditer(text):
        _keep(match, _counted(match, children, named), ground, found)
    for word, pattern in lexicon().children.siblings.items():
        for match in pattern.finditer(text):
            _keep(match, _one_of(_sibling(word, children) if is_paired else children, children), ground, found)
    for word, pattern in lexicon().children.kin.items():
        for match in pattern.finditer(text):
            _keep(match, _one_of(_RULES[word](_of_sex(match.group(), children)), children), ground, found)
    return found


def is_girl(child: Child) -> bool | None:
    """By the register, else by a name that only girls have; None where neither says it."""
    if child.sex is not None:
        return child.sex == "female"
    return True if lexicon().children.female_names.search(child.name[1:]) else None


def _keep(match: re.Match[str], meant: tuple[Collection[Child], bool], ground: Ground, found: list[Mention]) -> None:
    if ground.take(*match.span()):
        who, together = meant
        found.append(Mention(match.start(), match.end(), tuple(child.student_id for child in who), exact=False, together=together))


def _one_of(fitting: Collection[Child], children: Sequence[Child]) -> tuple[Collection[Child], bool]:
    """The one child that it fits; somebody of them all where that is open."""
    return (fitting if len(fitting) == 1 else children), False


def _counted(match: re.Match[str], children: Sequence[Child], named: Collection[int]) -> tuple[Collection[Child], bool]:
    """So many of them, all together; somebody of them where the number leaves it open."""
    count = number(match["count"] or "一") or 0
    if match["rest"]:
        others = [child for child in children if child.student_id not in named]
        return (others, True) if named and len(others) == count else (children, False)
    who = _of_kind(match["who"] or match["kind"] or "", count, children)
    return (who, True) if who is not None else (children, False)


def _of_kind(who: str, count: int, children: Sequence[Child]) -> Sequence[Child] | None:
    """ "The two little ones", "both girls", "all three"; None where the number does not fit."""
    words = lexicon().children.kin
    if lexicon().patterns["big_or_little"].fullmatch(who):
        ranked = _ranked(children)
        return None if ranked is None or count >= len(ranked) else ranked[:count] if who.startswith("大") else ranked[-count:]
    of_sex = _of_sex(who, children) if words["daughter"].search(who) or words["son"].search(who) else ()
    if len(of_sex) == count:
        return of_sex
    return children if count >= len(children) else None


def _sibling(word: str, children: Sequence[Child]) -> Sequence[Child]:
    """An elder brother is no girl and has somebody younger; where nobody's sex is known, age alone tells."""
    age, sex = word.split("_")
    ranked = _ranked(children) or []
    of_age = ranked[:-1] if age == "elder" else ranked[1:]
    return [child for child in of_age if is_girl(child) is not (sex == "brother")]


def _of_sex(said: str, children: Sequence[Child]) -> list[Child]:
    words = lexicon().children.kin
    if words["daughter"].search(said):
        return [child for child in children if is_girl(child)]
    if words["son"].search(said):
        return [child for child in children if not is_girl(child)]
    return list(children)


def _ranked(children: Sequence[Child]) -> list[Child] | None:
    """The eldest first; None where the age of one is not known."""
    ranked = sorted((child for child in children if child.rank is not None), key=lambda child: child.rank or 0)
    return ranked if len(ranked) == len(children) else None


def _at(place: int) -> Callable[[list[Child]], list[Child]]:
    """The child at this place by age; where the age of one is not known, nobody can be told."""

    def pick(children: list[Child]) -> list[Child]:
        ranked = _ranked(children)
        return ranked[place:][:1] if ranked is not None and len(ranked) > max(place, 0) else children

    return pick


_RULES: dict[str, Callable[[list[Child]], list[Child]]] = {
    "eldest": _at(0),
    "second": _at(1),
    "third": _at(2),
    "middle": _at(1),
    "youngest": _at(-1),
    "daughter": list,
    "son": list,
}
