"""Responsible persons: role, place, phone, substitute, validity."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cases.imports.area_tree import load_tree
from cases.imports.directory import load_directory
from cases.imports.headers import vocabulary
from cases.imports.intake import Intake
from cases.imports.lines import Line, RowRefused, find_tables, lines
from cases.imports.people_rows import Post, PostReader
from cases.imports.people_store import store_posts
from cases.imports.texts import table

NEEDED = (("姓名",), ("岗位",))


async def import_people(intake: Intake, path: Path) -> None:
    """Takes the file in. A person who is not in it stays: only an end date ends a responsibility. Raises FileRefused."""
    tables = find_tables(path, vocabulary(table("columns")["people"], NEEDED), intake.report)
    directory = await load_directory(intake.work.session)
    reader = PostReader(intake, await load_tree(intake.work.session), directory)
    posts = list(_accepted(reader, lines(tables, intake.report, "姓名", intake.progress)))
    wanted = {(post.school.id, post.class_name) for post in posts if post.school and post.class_name}
    intake.report.counters["new_classes"] = await directory.add_classes(intake.work.session, wanted)
    await store_posts(intake, directory, posts)


def _accepted(reader: PostReader, rows: Iterator[Line]) -> Iterator[Post]:
    for line in rows:
        try:
            yield reader.read(line)
        except RowRefused:
            continue
