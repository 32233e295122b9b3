"""What the typesetter promises, whatever the document."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader

from papers.typesetting import MissingSigns, missing_signs, pdf, with_gaps


def test_a_sign_that_the_font_has_not_is_named_and_never_vanishes() -> None:
    facts = {"child": "马𰻝𰻝", "rows": [["龘", "㛃"]]}
    assert missing_signs(facts) == "𰻝龘"
    assert missing_signs({"name": "马喆 尕娃 妥㛃 东乡族自治县唐汪镇 〔2026〕第〇三号"}) == ""
    assert with_gaps(facts) == {"child": "马□□", "rows": [["□", "㛃"]]}


def test_an_unknown_document_is_refused() -> None:
    with pytest.raises(LookupError, match="no_such"):
        pdf("no_such", {})
    assert issubclass(MissingSigns, Exception)


def test_a_heading_is_set_in_one_bold_type_also_where_it_says_dropout() -> None:
    heading = "东乡族自治县控辍保学尕娃台账"
    table = {"title": heading, "header": ["姓名"], "widths": [1], "rows": [["马喆"]], "notes": []}
    set_in: dict[str, str] = {}

    def seen(text: str, _: Any, __: Any, font: dict[str, Any] | None, ___: float) -> None:
        set_in.update(dict.fromkeys(text.strip(), str(font["/BaseFont"]) if font else ""))

    PdfReader(BytesIO(pdf("tables", {"tables": [table], "gaps": "", "signers": []}))).pages[0].extract_text(visitor_text=seen)
    assert {set_in[sign].partition("+")[2].partition("-")[0] for sign in heading} == {"FanxiaoSong"}
    assert "FanxiaoWen" in set_in["喆"]
