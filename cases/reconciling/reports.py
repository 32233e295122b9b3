"""A school's report against the ledger: pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from cases.reconciling.found import Found

LISTS = ("suspected", "dropout")
"""The lists that both the report and the ledger keep (2024: 疑似辍学学生台账, 辍学学生台账)."""


@dataclass(frozen=True)
class Reported:
    """What a school has reported, counted at a moment. `numbers` and `children`: by list; a number may have been corrected by hand.

    `reasoned`: the lists whose number somebody corrected and said why.
    """

    report_id: int
    school_id: int
    area_code: str
    at: datetime
    numbers: Mapping[str, int]
    children: Mapping[str, Collection[int]]
    reasoned: Collection[str] = ()


def compare(said: Reported, ledger: Mapping[str, Collection[int]]) -> Iterator[Found]:
    """Children whom only one of the two names, and numbers that are neither the report's own list's nor the ledger's.

    A number corrected with a reason is accounted for, as long as the ledger counts what it counted when the correction was made.
    `ledger`: by list, the ids of the school's children at that moment. A list that the report does not keep is not compared.
    """
    for name in LISTS:
        if name not in said.numbers:
            continue
        own, reported = set(ledger.get(name, ())), set(said.children.get(name, ()))
        facts = {"list": name, "at": said.at.isoformat()}
        for student_id in sorted(own - reported):
            yield Found("report_child_missing", said.area_code, said.school_id, student_id, None, said.report_id, facts)
        for student_id in sorted(reported - own):
            yield Found("report_child_added", said.area_code, said.school_id, student_id, None, said.report_id, facts)
        stated, unchanged = said.numbers[name], len(own) == len(reported)
        if stated not in {len(reported), len(own)} and not (unchanged and name in said.reasoned):
            numbers = {"stated": stated, "named": len(reported), "counted": len(own)}
            yield Found("report_number", said.area_code, said.school_id, None, None, said.report_id, facts | numbers)
