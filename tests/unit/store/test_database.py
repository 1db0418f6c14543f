"""The operational database: migrated to exactly the tables the code speaks of, and opened by many at once."""

from __future__ import annotations

from pathlib import Path
from threading import Thread

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import OperationalError

from bursar.domain.errors import Unavailable
from bursar.store.database import HEAD, open_store, sqlite_url
from bursar.store.schema import metadata


def test_migrations_make_exactly_the_tables_of_the_schema() -> None:
    """No column, index or constraint differs between what is migrated and what the code reads."""
    with open_store("sqlite://").connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
        assert context.get_current_revision() == HEAD


def test_the_head_named_in_the_code_is_the_newest_migration() -> None:
    """A new migration that the quick check at start-up does not know would never run."""
    config = Config()
    config.set_main_option("script_location", "bursar.store:migrations")
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_opening_again_keeps_what_is_there(tmp_path: Path) -> None:
    """The database of an earlier run is opened, not made anew."""
    url = sqlite_url(tmp_path / "bursar.sqlite")
    with open_store(url).begin() as connection:
        connection.execute(sa.text("UPDATE generation_head SET n = 7"))
    with open_store(url).connect() as connection:
        assert connection.execute(sa.text("SELECT n FROM generation_head")).scalars().all() == [7]


def test_two_first_runs_at_once_migrate_once(tmp_path: Path) -> None:
    """Two processes that meet on an empty state folder both find a whole database with one head row."""
    url = sqlite_url(tmp_path / "bursar.sqlite")
    found: list[int] = []

    def first_run() -> None:
        with open_store(url).connect() as connection:
            found.append(len(connection.execute(sa.text("SELECT * FROM generation_head")).all()))

    runs = [Thread(target=first_run) for _ in range(3)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert found == [1, 1, 1]


def test_a_committed_flip_survives_the_power_cut(tmp_path: Path) -> None:
    """Every connection writes ahead and syncs fully, whatever the pool hands out."""
    engine = open_store(sqlite_url(tmp_path / "bursar.sqlite"))
    with engine.connect() as one, engine.connect().execution_options(read_only=True) as two:
        for connection in (one, two):
            told = [connection.execute(sa.text(f"PRAGMA {name}")).scalar() for name in ("journal_mode", "synchronous", "foreign_keys")]
            assert told == ["wal", 2, 1]
            connection.rollback()


def test_readers_do_not_wait_for_a_writer(tmp_path: Path) -> None:
    """While a flip is being written, a reader sees what was committed before it."""
    engine = open_store(sqlite_url(tmp_path / "bursar.sqlite"))
    with engine.begin() as writer:
        writer.execute(sa.text("UPDATE generation_head SET n = 1"))
        with engine.connect().execution_options(read_only=True) as reader:
            assert reader.execute(sa.text("SELECT n FROM generation_head")).scalar() == 0


def test_a_database_without_room_is_unavailable_and_keeps_nothing_half(tmp_path: Path) -> None:
    """What fails outside of us is told with a cure and may be tried again; a statement that is wrong stays our fault."""
    engine = open_store(sqlite_url(tmp_path / "bursar.sqlite"))
    with engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(Unavailable, match="full") as caught, engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE big AS SELECT hex(randomblob(1000000)) AS text")
    assert "space" in caught.value.cure
    assert not sa.inspect(engine).has_table("big")
    with pytest.raises(OperationalError), engine.connect() as connection:
        connection.exec_driver_sql("SELECT nothing FROM nowhere")
    engine.dispose()
