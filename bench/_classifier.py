"""A small trained classifier: character n-grams and logistic regression, taught with the building half and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

from bench._keywords import DAYS, answer
from bench._labelled import Answer, Labelled

SURE = 0.5  # below it, asked back; chosen for the classifier's good on the building half


def taught(rows: Sequence[Labelled]) -> Callable[[Labelled], Answer]:
    """Learns the first label of each reply; the question stands before the text. Days are found as by keywords."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    model: Any = make_pipeline(TfidfVectorizer(analyzer="char", ngram_range=(1, 3)), LogisticRegression(C=20, max_iter=2000))
    model.fit([_seen(row) for row in rows], [_taught(row) for row in rows])

    def read(row: Labelled) -> Answer:
        chances = model.predict_proba([_seen(row)])[0]
        best = chances.argmax()
        intent = str(model.classes_[best]) if chances[best] >= SURE else "unknown"
        return answer(row, intent, _day(row) if intent == "will_return" else None)

    return read


def _seen(row: Labelled) -> str:
    return f"<{row.question}>{row.reply}"


def _taught(row: Labelled) -> str:
    return min(meant.intent for meant in row.right[0])


def _day(row: Labelled) -> date | None:
    return next((row.today + timedelta(days=ahead) for word, ahead in DAYS.items() if word in row.reply), None)
