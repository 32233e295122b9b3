"""`fanxiao demo-data`: synthetic files to try the imports with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cases.imports.synthetic import write_demo_data
from fanxiao.running import run
from storage.clock import SystemClock


def demo_data(
    out: Annotated[Path, typer.Argument(help="文件夹 · folder for the files", file_okay=False)],
    schools: Annotated[int, typer.Option(min=1, max=5000, help="学校数 · number of schools")] = 6,
    seed: Annotated[int, typer.Option(help="同一种子生成同样的数据 · the same seed gives the same data")] = 1,
    townships: Annotated[list[str] | None, typer.Option(help="乡镇代码 · township codes; may be repeated")] = None,
    classes_per_school: Annotated[int, typer.Option(min=1, max=60, help="每校班数 · classes in a school")] = 6,
    students_per_class: Annotated[int, typer.Option(min=1, max=80, help="每班人数 · children in a class, about")] = 30,
) -> None:
    """生成演示数据 · Write areas.csv, schools.xlsx, people.xlsx and roster.xlsx of invented people."""
    today = run(SystemClock().now()).date()
    try:
        made = write_demo_data(
            out, schools=schools, seed=seed, today=today, townships=townships,
            classes_per_school=classes_per_school, students_per_class=students_per_class,
        )  # fmt: skip
    except KeyError as error:
        typer.echo(f"没有这个乡镇代码 / no such township code: {error.args[0]}", err=True)
        raise typer.Exit(1) from error
    counts = {"学校 schools": made.school_count, "班 classes": made.class_count, "责任人 people": made.person_count}
    counts["学生 students"] = made.student_count
    typer.echo(" · ".join(f"{name} {count}" for name, count in counts.items()))
    for kind in ("areas", "schools", "people", "roster"):
        typer.echo(f"fanxiao import {kind} {getattr(made, kind)}")


def register(app: typer.Typer) -> None:
    """Puts the command on the command line."""
    app.command("demo-data")(demo_data)
