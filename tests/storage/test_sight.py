"""Who sees which rows, asked of every table there is."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import select, text

from storage.database import Database
from storage.roles import Role
from storage.security import RECORD, models
from storage.server import Server
from storage.tables import Base, Event, Sight, Student
from storage.tables.base import Within
from tests.emptying import Emptier
from tests.storage.seeding import ELSEWHERE, HERE, seed

EVERY = [pytest.param(model, id=model.__tablename__) for model in models()]
SEEN = [param for param in EVERY if param.values[0].sight is not Sight.NONE]  # type: ignore[union-attr]
HIDDEN = [param for param in EVERY if param.values[0].sight is Sight.NONE]  # type: ignore[union-attr]


@pytest.fixture(scope="module")
def seeded(server: Server, emptier: Emptier) -> Server:
    """Rows in every table, which these tests only read."""
    emptier.empty()
    seed(server)
    return server


@pytest.fixture
def to_change(seeded: Server, emptier: Emptier) -> Iterator[Server]:
    """The same for a test that changes rows: the next one finds them as they were."""
    yield seeded
    emptier.empty()
    seed(seeded)


@pytest.fixture
def reader(seeded: Server) -> Iterator[psycopg.Connection]:
    """A connection of the web process, as plain SQL sees it."""
    with seeded.direct(Role.WEB) as connection:
        yield connection


def count(connection: psycopg.Connection, model: type[Base]) -> int:
    row = connection.execute(sql.SQL("select count(*) from {}").format(sql.Identifier(model.__tablename__))).fetchone()
    assert row is not None
    return int(row[0])


def look(connection: psycopg.Connection, area: str) -> None:
    connection.execute("select set_config('app.area', %s, false)", [area])


@pytest.mark.parametrize("model", SEEN)
def test_without_an_area_nothing_shows(model: type[Base], seeded: Server, reader: psycopg.Connection) -> None:
    with seeded.direct(Role.OWNER) as owner:
        assert count(owner, model) >= 1
    assert count(reader, model) == 0
    look(reader, "")
    assert count(reader, model) == 0


@pytest.mark.parametrize("model", SEEN)
def test_with_an_area_only_its_own_rows_show(model: type[Base], seeded: Server, reader: psycopg.Connection) -> None:
    with seeded.direct(Role.OWNER) as owner:
        everything = count(owner, model)
    public = model.sight is Sight.PUBLIC
    look(reader, HERE)
    assert count(reader, model) == (everything if public else 1)
    look(reader, HERE[:4])  # the prefecture of both
    assert count(reader, model) == everything
    look(reader, "11")  # Beijing
    assert count(reader, model) == (everything if public else 0)


@pytest.mark.parametrize("setting", ["app.school", "app.class"])
@pytest.mark.parametrize("model", SEEN)
def test_with_a_school_or_a_class_only_its_own_rows_show(
    model: type[Base], setting: str, seeded: Server, reader: psycopg.Connection
) -> None:
    with seeded.direct(Role.OWNER) as owner:
        everything = count(owner, model)
    reader.execute("select set_config(%s, '1', false)", [setting])
    allowed = {everything} if model.sight is Sight.PUBLIC else {0, 1}
    assert count(reader, model) in allowed
    if model.within is Within.SCHOOL:
        assert count(reader, model) == (setting == "app.school")
    elif model.within is not None:
        assert count(reader, model) == 1
    elif model.sight is Sight.AREA:
        assert count(reader, model) == 0
    reader.execute("select set_config(%s, '99', false)", [setting])
    assert count(reader, model) == (everything if model.sight is Sight.PUBLIC else 0)


def test_what_is_said_against_a_school_stays_hidden_from_it(to_change: Server, reader: psycopg.Connection) -> None:
    with to_change.direct(Role.OWNER) as owner:
        owner.execute('update task set facts = \'{"outside_school": "school"}\' where id = 1')
        owner.execute("update guardian_answer set effects = '{\"task_id\": 1}' where id = 1")
        owner.execute(
            "insert into event (id, at, actor, action, subject, area_code, case_id, facts) overriding system value"
            " values (50, now(), 'system', 'x', 'task:1', '', 1, '{}')"
        )
    reader.execute("select set_config('app.school', '1', false)")
    for table in ("task", "visit", "task_holder", "intent", "message", "guardian_answer", "inbound"):
        assert reader.execute(sql.SQL("select count(*) from {}").format(sql.Identifier(table))).fetchone() == (0,), table
    assert reader.execute("select count(*) from event where subject = 'task:1'").fetchone() == (0,)
    reader.execute("select set_config('app.school', '', false)")
    look(reader, HERE)
    assert reader.execute("select count(*) from task").fetchone() == (1,)
    assert reader.execute("select count(*) from guardian_answer").fetchone() == (1,)


@pytest.mark.parametrize("model", HIDDEN)
def test_some_tables_are_closed_to_the_web(model: type[Base], reader: psycopg.Connection) -> None:
    look(reader, HERE)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        count(reader, model)


@pytest.mark.parametrize("model", EVERY)
def test_the_web_role_changes_nothing(model: type[Base], reader: psycopg.Connection) -> None:
    look(reader, HERE)
    table = sql.Identifier(model.__tablename__)
    column = sql.Identifier(next(iter(model.__table__.columns)).name)
    for statement in ("insert into {0} default values", "update {0} set {1} = {1}", "delete from {0}", "truncate {0}"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute(sql.SQL(statement).format(table, column))


@pytest.mark.parametrize(
    "statement",
    [
        "set role fanxiao_owner",
        "set role fanxiao_worker",
        "set session authorization fanxiao_owner",
        "set session_replication_role = replica",
        "alter table student disable row level security",
        "drop policy web on student",
        "create table mine (id int)",
        "create temporary table mine (id int)",
        "select * from pgmq.q_inbound",
        "select create_queue('mine')",
    ],
)
def test_the_web_role_cannot_become_more(statement: str, reader: psycopg.Connection) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        reader.execute(statement)


def test_turning_row_security_off_shows_nothing(reader: psycopg.Connection) -> None:
    look(reader, HERE)
    reader.execute("set row_security = off")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        count(reader, Student)


def test_no_role_is_a_superuser_or_bypasses_policies(seeded: Server) -> None:
    with seeded.direct() as connection:
        rows = connection.execute("select rolname, rolsuper, rolbypassrls, rolcreaterole from pg_roles where rolname like 'fanxiao%'")
        assert {tuple(row) for row in rows} == {(role.value, False, False, False) for role in Role}


def test_a_new_table_without_rights_is_noticed(seeded: Server) -> None:
    with seeded.direct() as connection:
        rows = connection.execute("select tablename from pg_tables where schemaname = 'public' and not rowsecurity")
        assert {row[0] for row in rows} == {"alembic_version"}


async def test_a_reused_connection_forgets_the_area(seeded: Server) -> None:
    web = Database(seeded.url(Role.WEB), pool_size=1)
    async with web.reading(HERE) as session:
        assert (await session.scalars(select(Student.id))).all() == [1]
        first = await session.scalar(text("select pg_backend_pid()"))
    async with web.session() as session:
        assert await session.scalar(text("select pg_backend_pid()")) == first
        assert (await session.scalars(select(Student.id))).all() == []
    async with web.reading(ELSEWHERE) as session:
        assert (await session.scalars(select(Student.id))).all() == [2]
    await web.close()


@pytest.mark.parametrize("table", RECORD)
@pytest.mark.parametrize("role", [Role.WORKER, Role.OWNER, None])
@pytest.mark.parametrize("statement", ["update {} set at = at", "delete from {}", "truncate {} cascade"])
def test_the_record_only_grows_whoever_asks(table: str, role: Role | None, statement: str, seeded: Server) -> None:
    with seeded.direct(role) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(sql.SQL(statement).format(sql.Identifier(table)))
        assert connection.execute(sql.SQL("select count(*) from {}").format(sql.Identifier(table))).fetchone() == (2,)


async def test_the_worker_sees_and_changes_all_other_rows(to_change: Server) -> None:
    worker = Database(to_change.url(Role.WORKER))
    async with worker.session() as session, session.begin():
        assert len((await session.scalars(select(Student.id))).all()) == 2
        await session.execute(text("update student set name = 'x' where id = 2"))
        await session.execute(text("delete from contact where id = 1 and false"))
        assert len((await session.scalars(select(Event.id))).all()) == 2
    await worker.close()
