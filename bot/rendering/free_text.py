"""Words that an officer writes to a family by hand: judged like any message of ours before they leave."""

from __future__ import annotations

from dataclasses import dataclass

from bot.rendering.law import LawBook
from bot.rendering.lint import LINK


@dataclass(frozen=True)
class Fault:
    """Why words may not leave: `kind` names the refusal (templates/words.yaml); `said` the words, `instead` what to say."""

    kind: str
    said: str = ""
    instead: str = ""


def fault_of(law: LawBook, words: str, longest: int) -> Fault | None:
    """None where the words may go to a family, by SMS as well."""
    if not words:
        return Fault("say_reply")
    if len(words) > longest:
        return Fault("reply_long")
    if LINK.search(words):
        return Fault("reply_link")
    ours = law.without_quotations(words)
    for phrase in (*law.never_to_anybody, *law.never_to_families, *law.never_by_sms):
        if said := phrase.pattern.search(ours):
            return Fault("reply_forbidden", said.group(), phrase.instead)
    cited = law.placeholder.search(ours) or law.citation.search(ours)
    return Fault("reply_cited", cited.group()) if cited else None


def never_in_letters(law: LawBook, words: str, *, to_families: bool = False) -> Fault | None:
    """What may stand in no letter of ours, also where no family reads it; `to_families`: in none that one reads."""
    for phrase in (*law.never_to_anybody, *(law.never_to_families if to_families else ())):
        if said := phrase.pattern.search(words):
            return Fault("reply_forbidden", said.group(), phrase.instead)
    return None


def is_sensitive(law: LawBook, words: str) -> bool:
    """Whether words may not be repeated by SMS: phones are shared."""
    return any(phrase.pattern.search(words) for phrase in law.never_by_sms)
