"""The words that this installation adds to the lexicon of replies."""

from __future__ import annotations

from pathlib import Path

from bot.replies.extension import LexiconFault, use_words
from fanxiao.settings import Settings
from storage.faults import StartFault

FILE = "lexicon.yaml"


def use_own_words(settings: Settings) -> None:
    """The file of `FANXIAO_LEXICON`, else `lexicon.yaml` in the data folder if there is one. Raises StartFault."""
    try:
        use_words(_file(settings))
    except LexiconFault as fault:
        raise StartFault("lexicon_faulty", reason=fault) from fault


def _file(settings: Settings) -> Path | None:
    if settings.lexicon is not None:
        return settings.lexicon
    beside = settings.home / FILE
    return beside if beside.is_file() else None
