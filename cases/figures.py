"""Official figures that an officer enters with their source: provincial average, children of age in an area (art. 1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, get_args

from sqlalchemy import select, update

from cases.colleagues import own_posts
from cases.history.rolls import school_year
from plan.calendar import Calendar
from plan.model import Plan
from plan.targets import STAGES
from storage.tables import OfficialFigure
from storage.work import Work

FigureKind = Literal["provincial_average", "children_of_age"]
FIRST_YEAR = 2000
SHORTEST = 4
"""Characters of a source."""


class NotEntered(Exception):
    """Why a figure was not taken: a key of templates/tables.yaml, not_entered."""


@dataclass(frozen=True)
class Figure:
    """One figure. provincial_average: net enrolment in per cent; children_of_age: a whole number. `year`: in which school began."""

    kind: str
    stage: str
    area_code: str
    year: int
    value: Decimal
    source: str


async def enter_figure(work: Work, plan: Plan, figure: Figure, by: int) -> None:
    """Keeps a figure; it takes the place of an earlier one, which is kept as well. Raises NotEntered."""
    today = Calendar(plan).day_of(work.now)
    _check(figure, school_year(today))
    roles = plan.supervision.figures_by if plan.supervision else []
    posts = [post for post in await own_posts(work, by, today) if post.role in roles and post.school_id is None]
    if not any(figure.area_code.startswith(post.area_code) for post in posts):
        raise NotEntered("not_yours")
    same = update(OfficialFigure).where(
        OfficialFigure.kind == figure.kind, OfficialFigure.stage == figure.stage, OfficialFigure.area_code == figure.area_code,
        OfficialFigure.school_year == figure.year, OfficialFigure.replaced_at.is_(None),
    )  # fmt: skip
    await work.session.execute(same.values(replaced_at=work.now))
    work.session.add(
        OfficialFigure(
            kind=figure.kind, stage=figure.stage, area_code=figure.area_code, school_year=figure.year, value=figure.value,
            source=figure.source, entered_by=by, entered_at=work.now,
        )
    )  # fmt: skip
    work.record(
        "figure_entered", f"area:{figure.area_code}", area_code=figure.area_code, actor=f"person:{by}",
        kind=figure.kind, stage=figure.stage, year=figure.year, value=str(figure.value),
    )  # fmt: skip


def _check(figure: Figure, this_year: int) -> None:
    if figure.kind not in get_args(FigureKind):
        raise NotEntered("kind")
    if figure.stage not in STAGES:
        raise NotEntered("stage")
    if not FIRST_YEAR <= figure.year <= this_year:
        raise NotEntered("year")
    if len(figure.source.strip()) < SHORTEST:
        raise NotEntered("source")
    is_share = figure.kind == "provincial_average"
    if is_share and not 0 < figure.value <= 100:
        raise NotEntered("percent")
    if not is_share and (figure.value <= 0 or figure.value != int(figure.value)):
        raise NotEntered("number")


async def figures_of_year(work: Work, year: int) -> Sequence[OfficialFigure]:
    """The figures that hold for a school year."""
    query = select(OfficialFigure).where(OfficialFigure.school_year == year, OfficialFigure.replaced_at.is_(None))
    return (await work.session.scalars(query.order_by(OfficialFigure.id))).all()


def figure_for(figures: Sequence[OfficialFigure], kind: FigureKind, stage: str, area_code: str) -> Decimal | None:
    """The area's own number of children; the average of the nearest area above that has one. None where nobody entered it."""
    fitting = [one for one in figures if one.kind == kind and one.stage == stage and area_code.startswith(one.area_code)]
    if kind == "children_of_age":
        fitting = [one for one in fitting if one.area_code == area_code]
    return max(fitting, key=lambda one: len(one.area_code)).value if fitting else None
