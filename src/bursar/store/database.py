"""Open the operational database, bring it up to date, and begin transactions that serialise writers.

SQLite by default (one file in the state folder), any SQLAlchemy URL otherwise.
"""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import StaticPool

from bursar.domain.errors import Unavailable

HEAD = "0003"
"""The newest migration. A test holds it to `migrations/versions`."""
_OUTSIDE = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_CANTOPEN})
"""What SQLite says of its surroundings; its other complaints are about the statement."""
_MIGRATING = 0x6275727361720002
"""The advisory lock under which PostgreSQL is migrated: of two first runs one waits and finds the tables."""


def open_store(url: str) -> sa.Engine:
    """An engine whose tables are up to date. It raises Unavailable when the database cannot be opened, read or written."""
    memory = url in {"sqlite://", "sqlite:///:memory:"}
    engine = sa.create_engine(url, poolclass=StaticPool) if memory else sa.create_engine(url)
    event.listen(engine, "handle_error", _told)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _sqlite_pragmas)
        event.listen(engine, "begin", _sqlite_begin)
    if _revision(engine) != HEAD:
        _migrate(engine)
    return engine


def sqlite_url(path: Path) -> str:
    """The URL of the database file of a state folder."""
    return f"sqlite:///{path}"


def _revision(engine: sa.Engine) -> str | None:
    """The migration the database stands at, without importing Alembic."""
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


def _migrate(engine: sa.Engine) -> None:
    """Run the migrations that are missing, each in its transaction."""
    from alembic import command  # noqa: PLC0415 - a fifth of a second, needed once per database
    from alembic.config import Config  # noqa: PLC0415 - as above

    config = Config()
    config.set_main_option("script_location", "bursar.store:migrations")
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATING)))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _told(context: ExceptionContext) -> None:
    """A full disk, a lock that is not let go, a server that is gone: the other side failed, and nothing of the transaction is there."""
    cause = context.original_exception
    code = getattr(cause, "sqlite_errorcode", None)
    if isinstance(context.sqlalchemy_exception, OperationalError) and (code is None or code & 0xFF in _OUTSIDE):
        said = str(cause).strip().splitlines() or [type(cause).__name__]
        raise Unavailable(
            f"the operational database failed: {said[0]}", cure="Look for free space, permissions and its server, then run it again."
        ) from cause


def _sqlite_pragmas(connection: sqlite3.Connection, _record: object) -> None:
    """WAL, so that readers never wait; full sync, so that a committed flip survives the power cut.

    Recursive triggers, so that REPLACE INTO the journal is refused as the DELETE it is.
    """
    connection.isolation_level = None  # BEGIN is ours
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "recursive_triggers=ON", "busy_timeout=10000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _sqlite_begin(connection: sa.Connection) -> None:
    """Take the write lock at once: a flip that starts must be able to finish."""
    connection.exec_driver_sql("BEGIN" if connection.get_execution_options().get("read_only") else "BEGIN IMMEDIATE")


def database_time(connection: sa.Connection) -> datetime:
    """Now by the database's clock, UTC: workers on several machines that share a database share it."""
    if connection.dialect.name == "postgresql":
        moment: datetime = connection.execute(sa.text("SELECT clock_timestamp()")).scalar_one()
        return moment.astimezone(UTC)
    text: str = connection.execute(sa.text("SELECT strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now')")).scalar_one()
    return datetime.fromisoformat(text)
