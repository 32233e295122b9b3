"""Responsible persons: role, place, phone, substitute, validity."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cases.imports.area_tree import load_tree
from cases.imports.directory import load_directory
from cases.imports.headers import Vocabulary, vocabulary
from cases.imports.intake import Intake
from cases.imports.lines import Line, RowRefused, Table, lines
from cases.imports.people_rows import Post, PostReader
from cases.imports.people_store import store_posts
from cases.imports.texts import table

NEEDED = (("姓名",), ("岗位",))


def people_words() -> Vocabulary:
    """Headings of a file of responsible persons."""
    return vocabulary(table("columns")["people"], NEEDED)


async def import_people(intake: Intake, tables: Sequence[Table]) -> None:
    """Takes the persons in. Who is not in the file stays: only an end date ends a responsibility."""
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
