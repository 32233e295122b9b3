"""The few words by which an officer's free text decides something; they are data in templates/words.yaml."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import takewhile

from plan.yaml_text import read_yaml

_CLAUSE = re.compile(r"[\s，,。；;：:！!、]+")


@dataclass(frozen=True)
class Words:
    """Looks for those words in a text; never guesses where none of them stands."""

    lists: Mapping[str, list[str]]
    ways: Mapping[str, list[str]]
    exits: Mapping[str, list[str]]
    refusals: Mapping[str, str]
    refusals_en: Mapping[str, str]
    issuers: Mapping[str, str]
    titles: Mapping[str, list[str]]
    relations: Mapping[str, list[str]]
    told_as: Mapping[str, Mapping[str, str]]
    numbering: Mapping[str, str]
    channels: Mapping[str, str]

    def _has(self, name: str, text: str) -> bool:
        return _any(self.lists[name], text)

    def is_negative(self, text: str) -> bool:
        """The child is not there, or was not found."""
        return self._has("negative", text)

    def is_back(self, text: str) -> bool:
        """The child is at school."""
        return self._has("back", text) and not self.is_negative(text)

    def is_issued(self, text: str) -> bool:
        """A notice is issued: said so, or nothing but that it is done."""
        return not text or (self._has("issued", text) and not self._has("hesitant", text))

    def why_not_issued(self, text: str) -> str | None:
        """The reason for which a notice is not issued, "" without one; None where the words put it off, ask, or say it of others.

        What is asked behind it is the question only where the text ends with it: "不签发，不清楚是否已转学" gives a reason.
        """
        clauses = [] if text.endswith(tuple(self.lists["whether"])) else [clause for clause in _CLAUSE.split(text) if clause]
        stated = list(takewhile(lambda clause: not self._has("whether", clause), clauses))
        declined = next(((clause, no) for clause in stated if (no := self._declines(clause))), None)
        if declined is None:
            return None
        clause, no = declined
        rest = text.replace(clause, clause.replace(no, "", 1), 1).strip("：:，,。；; ")
        return rest if len(self._without("no_reason", rest).strip("：:，,。；; ")) > 1 else ""

    def _declines(self, clause: str) -> str | None:
        """The words of the clause by which its writer does not issue; what somebody else does not agree to is not theirs."""
        plain = self._without("of_the_office", clause)
        if plain in self.lists["not_issued_alone"]:
            return plain
        for no in sorted((*self.lists["not_issued"], *self.lists["refused"], *self.lists["not_issued_first"]), key=len, reverse=True):
            before, found, _ = clause.partition(no)
            if not found or self._has("hesitant_before", before):
                continue
            is_named = no in self.lists["not_issued"] and not before.endswith(tuple(self.lists["others_say"]))
            if is_named or not self._without("of_the_office", before):
                return no
        return None

    def _without(self, name: str, text: str) -> str:
        for word in sorted(self.lists[name], key=len, reverse=True):
            text = text.replace(word, "")
        return text

    def is_confirmed(self, text: str) -> bool:
        """So many are absent: said so, or nothing but that it is done."""
        return not text or (self._has("confirmed", text) and not self._has("unconfirmed", text))

    def verdict(self, text: str) -> bool | None:
        """Yes, no, or neither. A "不" before the yes is a no."""
        if self._has("refused", text):
            return False
        return True if self._has("agreed", text) else None

    def reason(self, text: str) -> str:
        """What is left of a no when the no itself is taken away."""
        return self._without("refused", text).strip("：:，,。 ")

    def relation(self, said: str) -> str:
        """What somebody is to a child, as the register names it."""
        return next((name for name, called in self.relations.items() if said in called), "other")

    def referral(self, text: str) -> str | None:
        """What follows the word for a referral."""
        return _after(self.lists["referral"], text)

    def receiving_school(self, text: str) -> str | None:
        """The school named after "已转入"."""
        return None if self.is_negative(text) else _after(self.lists["transferred"], text)

    def exit(self, text: str) -> str | None:
        """Another way off the rolls than a return or a transfer."""
        return next((name for name, said in self.exits.items() if _any(said, text)), None)

    def refused(self, reason: str, **facts: object) -> tuple[str, str]:
        """Why something was not done, in Chinese and English. KeyError for a reason that commands do not meet."""
        return self.refusals[reason].format(**{"code": "", **facts}), self.refusals_en[reason].format(**facts)

    def issuer(self, township: str) -> str:
        """The office that issues a township's notices."""
        return next((text for ending, text in self.issuers.items() if township.endswith(ending)), self.issuers["other"]).format(
            township=township
        )

    def number(self, kind: str, township: str, year: int, sequence: int) -> str:
        """A document's number, as an office writes it: 锁南返通〔2026〕12号."""
        short = next((township.removesuffix(ending) for ending in self.lists["township_endings"] if township.endswith(ending)), township)
        return self.numbering[kind].format(short=short, year=year, sequence=sequence)

    def told(self, relation: str | None, intent: str | None) -> str:
        """A guardian's answer, as the teacher reads it; an intent of None is not written out."""
        who, what = self.told_as["relations"], self.told_as["intents"]
        return f"{who.get(relation or '', who['other'])}：{what.get(intent or '', what['other'])}"

    def is_not_known(self, text: str) -> bool:
        """The family cannot say it yet."""
        return self._has("not_known", text)

    def names_school(self, text: str) -> bool:
        """A school is named."""
        return self._has("schools", text)

    def takes_activity_back(self, text: str) -> bool:
        """Nothing but that the activity told last did not happen."""
        return text.strip() in self.lists["activity_back"]

    def is_not_held(self, text: str) -> bool:
        """A planned visit did not take place."""
        return self._has("not_held", text)

    def way(self, text: str) -> str | None:
        """How a notice was delivered."""
        return next((name for name, said in self.ways.items() if _any(said, text)), None)

    def is_undelivered(self, text: str) -> bool:
        """It did not get there."""
        return self._has("undelivered", text)

    def is_declined(self, text: str) -> bool:
        """The family did not sign."""
        return self._has("declined", text)

    def is_signed(self, text: str) -> bool:
        """Somebody signed for it."""
        return self._has("signed", text) and not self.is_declined(text)

    def is_witness(self, name: str) -> bool:
        """Somebody with a name, not "a neighbour"."""
        return not any(name.removeprefix("由").startswith(word) and len(name) <= len(word) + 1 for word in self.lists["no_witness"])


def _any(said: Iterable[str], text: str) -> bool:
    return any(word in text for word in said)


def _after(said: Iterable[str], text: str) -> str | None:
    for word in said:
        if word in text:
            return text.split(word, 1)[1].strip("：:，, ") or None
    return None


@cache
def words() -> Words:
    """The words as they stand in the file."""
    data = read_yaml(files("templates").joinpath("words.yaml").read_text(encoding="utf-8"))
    apart = {
        name: data.pop(name)
        for name in ("ways", "exits", "refusals", "refusals_en", "issuers", "titles", "relations", "numbering", "channels")
    }
    return Words(data, told_as=data.pop("told"), **apart)
