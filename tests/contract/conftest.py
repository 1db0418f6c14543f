"""Both databases the house runs on, so that what is promised of one is promised of the other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from bursar.store.database import open_store, sqlite_url
from tests.doubles.postgres import Postgres, postgres


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    """A real PostgreSQL."""
    with postgres() as made:
        yield made


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a fresh database of each kind."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "bursar.sqlite")
    made: Postgres = request.getfixturevalue("server")
    return made.database()


@pytest.fixture
def store(database: str) -> Iterator[sa.Engine]:
    """The store over it, as the house opens it."""
    engine = open_store(database)
    yield engine
    engine.dispose()
