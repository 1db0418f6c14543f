"""The store, whichever database holds it: one suite over SQLite and PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy.exc import DBAPIError

from bursar.domain.errors import Refused
from bursar.lake import snapshots
from bursar.lake.generations import Lake, flip
from bursar.lake.snapshots import Snapshot, SnapshotFile, Sums
from bursar.store import journal, leases
from bursar.store.database import HEAD, database_time, open_store, sqlite_url
from bursar.store.schema import metadata
from tests.doubles.postgres import Postgres

AT = "2026-11-01T00:00:00Z"
NOW = datetime(2026, 11, 1, tzinfo=UTC)


def snapshot(ident: str, *, layer: str = "focus", inputs: tuple[str, ...] = ()) -> Snapshot:
    """A month of one source."""
    day = date(2026, 10, 1)
    file = SnapshotFile(path=f"{layer}/{ident}.parquet", table="t", rows=3, bytes=9, sha256="0" * 64, min_day=day, max_day=day)
    ten = Decimal(10)
    sums = {"USD": Sums(billed=ten, effective=ten, list=ten, contracted=ten)}
    return Snapshot(
        id=ident, layer=layer, source="aws-main" if layer == "focus" else "_all", period="2026-10", format="aws-cur2", role="bill",
        state="staged", rows=3, files=(file,), sums=sums, input_ids=inputs, exported_at=NOW, seen_at=NOW, landed_at=NOW,
    )  # fmt: skip


def flipped(store: sa.Engine, *put: Snapshot) -> int:
    """Flip these in."""
    with store.begin() as connection:
        return flip(connection, now=NOW, actor="bursar", cause="ingest", put=put, reconciliation={"2026-10": [{"status": "open"}]})


def test_migrations_make_exactly_the_tables_of_the_schema(store: sa.Engine) -> None:
    """No column, index or constraint differs between what is migrated and what the code reads."""
    with store.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
        assert context.get_current_revision() == HEAD


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_first_runs_at_once_migrate_once(kind: str, server: Postgres, tmp_path: Path) -> None:
    """Processes that meet on an empty database all find a whole one with one head row."""
    url = sqlite_url(tmp_path / "bursar.sqlite") if kind == "sqlite" else server.database(empty=True)

    def first_run(_: int) -> int:
        with open_store(url).connect() as connection:
            return len(connection.execute(sa.text("SELECT * FROM generation_head")).all())

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(first_run, range(3))) == [1, 1, 1]


def test_writers_at_once_leave_one_whole_chain(store: sa.Engine) -> None:
    """Every entry of every writer is there, each following from the one before: append itself takes the head."""

    def write(n: int) -> None:
        for step in range(10):
            with store.begin() as connection:
                journal.append(connection, at=AT, kind="flip", actor="bursar", payload={"n": n, "step": step})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    with store.connect() as connection:
        assert journal.first_broken(connection) is None
        assert (last := journal.head(connection))
        assert last.seq == 40


@pytest.mark.parametrize("verb", ["UPDATE journal SET actor = 'somebody'", "DELETE FROM journal"])
def test_the_journal_refuses_to_be_edited(store: sa.Engine, verb: str) -> None:
    """By the database itself, whoever asks."""
    with store.begin() as connection:
        journal.append(connection, at=AT, kind="flip", actor="bursar", payload={})
    with pytest.raises(DBAPIError, match="append-only"), store.begin() as connection:
        connection.execute(sa.text(verb))


def test_a_flip_is_whole_or_not_at_all(store: sa.Engine, tmp_path: Path) -> None:
    """Marts of a bill that is not live are refused, and nothing of that flip is left: no generation, member or entry."""
    assert flipped(store, snapshot("one"), snapshot("marts-one", layer="marts", inputs=("one",))) == 1
    with pytest.raises(Refused, match="not live any more"):
        flipped(store, snapshot("two"))
    assert flipped(store, snapshot("two"), snapshot("marts-two", layer="marts", inputs=("two",))) == 2
    lake = Lake(tmp_path, store)
    assert [sorted({file.snapshot_id for file in lake.generation(n).files}) for n in (1, 2)] == [["marts-one", "one"], ["marts-two", "two"]]
    with store.connect() as connection:
        assert journal.first_broken(connection) is None
        assert [one.sums["USD"].billed for one in snapshots.live(connection, "focus").values()] == [Decimal(10)]


def test_flips_at_once_each_get_their_own_number(store: sa.Engine) -> None:
    """Flips queue; none is lost, none has another's number."""
    with ThreadPoolExecutor(4) as pool:
        numbers = list(pool.map(lambda n: flipped(store, snapshot(f"s{n}")), range(8)))
    assert sorted(numbers) == list(range(1, 9))
    with store.connect() as connection:
        assert journal.first_broken(connection) is None


def test_the_database_tells_the_time(store: sa.Engine) -> None:
    """In UTC, close to this machine's here, where both are one machine."""
    with store.connect() as connection:
        assert abs(database_time(connection) - datetime.now(UTC)) < timedelta(seconds=5)


def test_one_holder_at_a_time(store: sa.Engine) -> None:
    """A lease is whoever's came first, for its seconds; the next holder has a higher fence, and the old one holds nothing."""
    with store.begin() as connection:
        first = leases.acquire(connection, "detect", holder="a", now=NOW, seconds=60)
        assert first == 1
        assert leases.acquire(connection, "detect", holder="b", now=NOW + timedelta(seconds=59), seconds=60) is None
        assert leases.acquire(connection, "other", holder="b", now=NOW, seconds=60) == 1
        second = leases.acquire(connection, "detect", holder="b", now=NOW + timedelta(seconds=60), seconds=60)
        assert second == 2
        assert not leases.holds(connection, "detect", fence=first)
        assert leases.holds(connection, "detect", fence=second)
        assert not leases.renew(connection, "detect", fence=first, now=NOW, seconds=60)
        leases.release(connection, "detect", fence=second)
        assert leases.acquire(connection, "detect", holder="a", now=NOW, seconds=60) == 3


def test_a_renewed_lease_lasts(store: sa.Engine) -> None:
    """Its holder keeps the fence."""
    with store.begin() as connection:
        assert (fence := leases.acquire(connection, "run", holder="a", now=NOW, seconds=60))
        assert leases.renew(connection, "run", fence=fence, now=NOW + timedelta(seconds=50), seconds=60)
        assert leases.acquire(connection, "run", holder="b", now=NOW + timedelta(seconds=100), seconds=60) is None
        assert leases.holds(connection, "run", fence=fence)


def test_a_clock_that_went_back_starves_nobody(store: sa.Engine) -> None:
    """A lease that ends later than any could is taken over, and its holder can write nothing any more."""
    with store.begin() as connection:
        old = leases.acquire(connection, "run", holder="a", now=NOW + timedelta(days=3), seconds=60)
        new = leases.acquire(connection, "run", holder="b", now=NOW, seconds=60)
        assert (old, new) == (1, 2)
        assert not leases.holds(connection, "run", fence=1)


def test_many_who_ask_at_once_are_one_holder(store: sa.Engine) -> None:
    """Whoever asks, one has it."""

    def ask(n: int) -> int | None:
        with store.begin() as connection:
            return leases.acquire(connection, "run", holder=str(n), now=NOW, seconds=60)

    with ThreadPoolExecutor(4) as pool:
        assert [fence for fence in pool.map(ask, range(8)) if fence] == [1]
