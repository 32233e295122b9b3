from __future__ import annotations

import pytest

from bot.replies.colleagues import Post, read_colleague
from cases.words import words

PEOPLE = [
    Post(1, "马海龙", "village_committee"), Post(2, "马海林", "class_teacher"), Post(3, "赵明", "township_officer"),
    Post(4, "马占海", "principal"), Post(5, "赵强", "class_teacher"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "sure", "perhaps"),
    [
        ("马海龙", 1, ()),
        ("马主任", 1, ()),
        ("马校长", 4, ()),
        ("赵干事", 3, ()),
        ("赵老师", 5, ()),
        ("马海隆", None, (1,)),
        ("马海玲", None, (2,)),
        ("马", None, (1, 2, 4)),
        ("赵局长", None, (3, 5)),
        ("李逍遥", None, ()),
        ("", None, ()),
    ],
)
def test_only_a_full_name_or_a_title_of_one_person_is_sure(said: str, sure: int | None, perhaps: tuple[int, ...]) -> None:
    meant = read_colleague(said, PEOPLE, words().titles)
    assert (meant.id, meant.perhaps) == (sure, perhaps)


def test_two_with_one_family_name_and_title_are_asked_back() -> None:
    people = [*PEOPLE, Post(6, "马德", "village_committee")]
    assert read_colleague("马主任", people, words().titles).perhaps == (1, 6)
