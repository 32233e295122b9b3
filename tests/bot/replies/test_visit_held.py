"""Did the teacher come: only what says nothing else is an answer."""

from __future__ import annotations

import pytest

from bot.replies.hints import visit_held


@pytest.mark.parametrize("text", ["1", "1来过", "来过了", "老师昨天来了", "是的", "来了，谢谢老师", "上了课", "嗯来过"])
def test_the_teacher_came(text: str) -> None:
    assert visit_held(text) is True


@pytest.mark.parametrize("text", ["2", "2 没来", "没有来", "没人来", "老师没到", "一直没来过", "没见老师来", "没上课"])
def test_nobody_came(text: str) -> None:
    assert visit_held(text) is False


@pytest.mark.parametrize("text", ["3", "好的", "娃病了没上", "没来，娃也不在家", "老师打娃了", "不想上了", "来不了", "没钱"])
def test_what_says_more_or_something_else_is_heard_as_always(text: str) -> None:
    assert visit_held(text) is None
