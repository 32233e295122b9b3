"""What the typesetter promises, whatever the document."""

from __future__ import annotations

import pytest

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
