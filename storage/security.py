"""Who may touch which rows: grants, row-level security and the append-only record, generated from the tables.

The web role sees a row only within the scope of its transaction: an area (`app.area`), a school (`app.school`) or a class
(`app.class`). An unset or empty scope shows nothing, and a table that does not say what a school sees of it (`within`) shows it nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, inspect, text

from storage.roles import Role
from storage.tables import Base, Sight, Within

AREA = "nullif(current_setting('app.area', true), '')"
SCHOOL = "nullif(current_setting('app.school', true), '')::bigint"
CLASS = "nullif(current_setting('app.class', true), '')::bigint"
ANSWER_IS_OPEN = "(effects ->> 'task_id') is null or exists (select 1 from task t where t.id::text = guardian_answer.effects ->> 'task_id')"
"""What a family said of which a task was made that is kept from the school is kept from it, too."""
RECORD = ("event", "event_seal")  # append-only
THROUGH = {"contact": ("person_contact", "contact_id")}  # seen when a row that points at it is seen


def apply(connection: Connection) -> None:
    """Sets rights on every table that exists (a later migration's tables come with it); safe to repeat."""
    existing = set(inspect(connection).get_table_names())
    for model in models():
        if model.__tablename__ in existing:
            for statement in statements(model):
                connection.execute(text(statement))
    connection.execute(text(f"grant usage on all sequences in schema public to {Role.WORKER}"))  # ids drawn ahead of many rows


def models() -> list[type[Base]]:
    """Every table's class, by table name."""
    return sorted((mapper.class_ for mapper in Base.registry.mappers), key=lambda model: model.__tablename__)


def statements(model: type[Base]) -> Iterator[str]:
    """The rights on one table, as SQL."""
    table = f'"{model.__tablename__}"'
    yield f"alter table {table} enable row level security"
    yield f"revoke all on {table} from public, {Role.WORKER}, {Role.WEB}"
    yield from _worker(table)
    yield from _web(table, condition(model))
    if model.__tablename__ in RECORD:
        yield from _append_only(table)


def _worker(table: str) -> Iterator[str]:
    rights = "select, insert" if table.strip('"') in RECORD else "select, insert, update, delete"
    yield f"grant {rights} on {table} to {Role.WORKER}"
    yield f"drop policy if exists worker on {table}"
    yield f"create policy worker on {table} to {Role.WORKER} using (true) with check (true)"


def _web(table: str, seen: str | None) -> Iterator[str]:
    yield f"drop policy if exists web on {table}"
    if seen is not None:
        yield f"grant select on {table} to {Role.WEB}"
        yield f"create policy web on {table} for select to {Role.WEB} using ({seen})"


def _append_only(table: str) -> Iterator[str]:
    yield f"drop trigger if exists append_only on {table}"
    yield f"create trigger append_only before update or delete or truncate on {table} for each statement execute function refuse_change()"


def condition(model: type[Base]) -> str | None:
    """The policy's condition for the web role; None where it may not look at all."""
    seen = _seen(model)
    return f"({seen}) and not ({model.unseen})" if seen is not None and model.unseen is not None else seen


def _seen(model: type[Base]) -> str | None:
    match model.sight:
        case Sight.AREA:
            return _or_within(f"starts_with(area_code, {AREA})", model)
        case Sight.PLACE:
            return _or_within(f"starts_with(area_code, {AREA}) or starts_with(school_area_code, {AREA})", model)
        case Sight.PUBLIC:
            return f"{AREA} is not null or {SCHOOL} is not null or {CLASS} is not null"
        case Sight.GUARDED:
            return _guarded(model)
    return None


def _or_within(area: str, model: type[Base]) -> str:
    """For an area's reader the first part decides; only a school's or a class's reader, who has no area, is asked the second."""
    if model.within is None:
        return area
    return f"{area} or ({AREA} is null and coalesce({SCHOOL}, {CLASS}) is not null and ({_within(model)}))"


def _within(model: type[Base]) -> str:
    name = model.__tablename__
    case = f'exists (select 1 from case_file c where c.id = "{name}".case_id)'
    task = f'exists (select 1 from task t where t.id = "{name}".task_id)'
    match model.within:
        case Within.SCHOOL:
            return f"school_id = {SCHOOL}"
        case Within.STUDENT:
            return f'exists (select 1 from student s where s.id = "{name}".student_id)'
        case Within.CASE:
            return case
        case Within.TASK:
            return task
        case Within.CASE_AND_TASK:
            return f"{case} and ({_about_no_task(name)} or {_its_task(name)})"
        case Within.KNOWN:
            return " or ".join(
                f'exists (select 1 from {table} k where k.person_id = "{name}".id)'
                for table in ("guardianship", "responsibility", "task_holder")
            )
        case Within.SAID:
            return f'exists (select 1 from intent i where i.message_id = "{name}".id)'
    own = f"school_id = {SCHOOL} or class_id = {CLASS}"
    return f"({own}) and not (facts ? 'outside_school')" if name == "task" else own


def _about_no_task(name: str) -> str:
    return "task_id is null" if name == "intent" else "subject not like 'task:%'"


def _its_task(name: str) -> str:
    """The record names its task by its subject."""
    number = (
        f'"{name}".task_id'
        if name == "intent"
        else f'case when "{name}".subject ~ \'^task:[0-9]+$\' then substr("{name}".subject, 6)::bigint end'
    )
    return f"exists (select 1 from task t where t.id = {number})"


def _guarded(model: type[Base]) -> str:
    """The sub-query runs under the reader's own policies, so a parent that is not seen hides its rows."""
    name = model.__tablename__
    if model.parent is None:
        other, column = THROUGH[name]
        return f'exists (select 1 from "{other}" other where other.{column} = "{name}".id)'
    return " or ".join(_seen_with(name, *parent) for parent in (model.parent, model.other_parent) if parent is not None)


def _seen_with(name: str, column: str, target: str) -> str:
    parent, key = target.split(".")
    seen = f'exists (select 1 from "{parent}" parent where parent.{key} = "{name}".{column})'
    return f"{seen} and ({AREA} is not null or {ANSWER_IS_OPEN})" if name == "guardian_answer" else seen
