"""The page of a message: as it reads on each channel, and as somebody would rather word it."""

from __future__ import annotations

import html
import re

import pytest

from tests.console.conftest import county
from tests.console.officers import Officer, console_of
from tests.stories.county import County

__all__ = ["county"]
AT = "/templates/absence_question"


@pytest.fixture
async def writer(county: County) -> Officer:
    await county.begin("2026-11-02 08:35", roles=("township_officer",))
    return await Officer(county, console_of(county)).enters("township_officer")


async def typed(writer: Officer, **fields: str) -> str:
    answer = await writer.does(AT, **fields)
    assert answer.status_code == 200, answer.text
    return html.unescape(answer.text)


async def test_other_words_and_facts_show_on_their_channel_with_parts(writer: Officer) -> None:
    page = await typed(writer, text_sms="【{{ signature }}】{{ child }}今天没来，请回电{{ school_phone }}。", fact_child="阿依莎")
    assert "阿依莎今天没来，请回电" in page
    assert "1 条短信" in page
    assert "【东乡族自治县教育局】" in page
    longer = await typed(writer, text_sms="【{{ signature }}】" + "请尽快送孩子回校。" * 25)
    assert re.search(r"[45] 条短信", longer)
    assert "超过3条" in longer


async def test_what_the_check_would_refuse_is_said_while_somebody_types(writer: Officer) -> None:
    page = await typed(writer, text_sms="{{ child }}再不来就罚款，见 https://example.com")
    assert "没有签名" in page
    assert "链接" in page
    assert "不可说" in page
    assert "nobody_knows" in await typed(writer, text_sms="【{{ signature }}】{{ nobody_knows }}")


@pytest.mark.parametrize(
    "source",
    [
        "{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}",
        "{{ 'x' * 999999999 }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ child | replace('小', 'x' ) }}",
        "{% if %}",
        "{{ law() }}",
        "{% if child > 3 %}x{% endif %}",
    ],
)
async def test_a_wording_cannot_keep_the_process_busy(writer: Officer, source: str) -> None:
    assert "写不出来" in await typed(writer, text_chat=source)
