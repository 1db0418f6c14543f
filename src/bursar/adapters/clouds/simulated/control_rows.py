"""The file behind the simulated control planes: rows in, rows out, one transaction at a time."""

import json
import sqlite3
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import cast

from bursar.domain.errors import Unavailable
from bursar.domain.estates import Resource, State

Row = Mapping[str, object]


@contextmanager
def opened(file: Path) -> Generator[sqlite3.Connection]:
    """One transaction over the file, which is made when it is not there."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    connection = sqlite3.connect(file, timeout=30, isolation_level=None)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA synchronous=OFF")  # a killed process loses nothing; nobody's money hangs on a power cut here
    try:
        if not connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
            connection.executescript(_SCHEMA)
        connection.execute("BEGIN IMMEDIATE")
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    finally:
        connection.close()


def effect(connection: sqlite3.Connection, token: str, what: str, resource: str) -> None:
    """One thing that happened to a resource: an independent witness counts these."""
    put(connection, "effect", token=token, what=what, resource=resource)


def put(connection: sqlite3.Connection, table: str, **values: str | int) -> None:
    """Insert one row."""
    run(connection, f"INSERT INTO {table} ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})", *values.values())


def run(connection: sqlite3.Connection, sql: str, *values: str | int | None) -> None:
    """One statement."""
    connection.execute(sql, values)


def rows_of(connection: sqlite3.Connection, sql: str, *values: str) -> list[Row]:
    """All rows of a statement."""
    return [dict(row) for row in connection.execute(sql, values)]


def stamp_of(connection: sqlite3.Connection) -> str:
    """The estate's moment. Raises Unavailable while no estate was taken in."""
    rows = rows_of(connection, "SELECT as_of FROM clock")
    if not rows:
        raise Unavailable("there is no estate here", cure="Take one in: bursar simulate --out bills && bursar ingest bills")
    return str(rows[0]["as_of"])


def now_of(connection: sqlite3.Connection) -> datetime:
    """The same as a moment."""
    return datetime.fromisoformat(stamp_of(connection))


def resource_of(row: Row) -> Resource:
    """Which resource a row is."""
    return Resource(**{name: str(row[name]) for name in ("provider", "account", "region", "kind", "id")})


def state_of(row: Row) -> State:
    """A row's state."""
    return cast("State", json.loads(str(row["state"])))


_SCHEMA = files("bursar.adapters.clouds.simulated").joinpath("control.sql").read_text("utf-8")
