"""The boxes: what a stranger's file or a stranger's SQL must not be able to do, and what happens when it tries."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from bursar.adapters.warehouses import child
from bursar.adapters.warehouses.duckdb import Box, DuckDBWarehouse
from bursar.domain.errors import BillError, OverLimit, Unavailable
from bursar.ports import Script, Statement

HEAVY = "SELECT count(*) FROM range(100000000000) a, range(1000) b"


@pytest.fixture
def warehouse(tmp_path: Path) -> DuckDBWarehouse:
    """A warehouse with a scratch folder of its own."""
    return DuckDBWarehouse(tmp_path / "scratch")


@pytest.fixture
def parquet(tmp_path: Path) -> Path:
    """A file of three rows that the boxes may read."""
    path = tmp_path / "lake" / "part.parquet"
    path.parent.mkdir()
    duckdb.sql("SELECT i, i::DECIMAL(38,12) / 3 AS cost FROM range(3) t(i)").write_parquet(str(path))
    return path


def script(sql: str, *, reads: tuple[Path, ...] = (), writes: Path | None = None, returns: bool = True) -> Script:
    """One statement named 'it'."""
    return Script(statements=(Statement(name="it", sql=sql, returns=returns),), reads=reads, writes=writes)


def test_the_child_answers_with_values_of_their_types(warehouse: DuckDBWarehouse) -> None:
    """Decimals come back to the digit, days and moments as such, nothing as None."""
    sql = "SELECT '0.000000000001'::DECIMAL(38,12) AS m, DATE '2026-10-01' AS d, TIMESTAMP '2026-10-01 02:03:04' AS t, NULL AS n, 'é' AS s"
    (row,) = warehouse.run(script(sql))["it"].rows
    assert row == (Decimal("1E-12"), date(2026, 10, 1), datetime(2026, 10, 1, 2, 3, 4), None, "é")  # noqa: DTZ001 - SQL's TIMESTAMP has no zone


def test_statements_run_in_order_and_only_what_returns_is_kept(warehouse: DuckDBWarehouse, parquet: Path, tmp_path: Path) -> None:
    """A script makes, writes and reads back, in the one folder it was given."""
    out = tmp_path / "out"
    out.mkdir()
    statements = (
        Statement(name="view", sql=f"CREATE TEMP VIEW raw AS SELECT * FROM read_parquet('{parquet}')"),
        Statement(name="copy", sql=f"COPY (SELECT * FROM raw) TO '{out}/x.parquet'"),
        Statement(name="told", sql=f"SELECT count(*) AS n FROM read_parquet('{out}/x.parquet')", returns=True),
    )
    answers = warehouse.run(Script(statements=statements, reads=(parquet,), writes=out))
    assert {name: rows.rows for name, rows in answers.items()} == {"told": [(3,)]}


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM glob('/etc/*')",
        "COPY (SELECT 1) TO '{root}/outside.parquet'",
        "COPY (SELECT 1) TO '{root}/lake/part.parquet'",
        "ATTACH '{root}/new.duckdb' AS other",
        "SET memory_limit = '64GB'",
        "SET enable_external_access = true",
        "SET allowed_directories = ['/']",
        "RESET lock_configuration",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SELECT * FROM read_csv('http://127.0.0.1:9/x.csv')",
        "CREATE SECRET s (TYPE s3, KEY_ID 'a', SECRET 'b')",
        "EXPORT DATABASE '{root}/dump'",
    ],
)
def test_the_child_is_refused_what_it_was_not_given(warehouse: DuckDBWarehouse, parquet: Path, tmp_path: Path, sql: str) -> None:
    """Other files, other folders, the network, settings and extensions: all refused, and nothing is written."""
    out = tmp_path / "out"
    out.mkdir()
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(BillError):
        warehouse.run(script(sql.format(root=tmp_path), writes=out))
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_the_child_has_no_credentials_and_nothing_of_ours_in_its_environment(
    warehouse: DuckDBWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever this process holds, the child sees four harmless variables."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary")
    monkeypatch.setenv("BURSAR__STORE__URL", "postgresql://u:canary@db/x")
    seen: list[object] = []
    real = subprocess.Popen

    def start(*args: object, **more: object) -> subprocess.Popen[str]:
        seen.append(more["env"])
        process: subprocess.Popen[str] = real(*args, **more)  # type: ignore[call-overload]
        return process

    monkeypatch.setattr("bursar.adapters.warehouses.duckdb.subprocess.Popen", start)
    warehouse.run(script("SELECT 1"))
    assert isinstance(seen[0], dict)
    assert set(seen[0]) == {"PATH", "LC_ALL", "HOME", "MALLOC_ARENA_MAX"}
    assert "canary" not in str(seen)


def test_what_does_not_fit_in_memory_is_over_the_limit(tmp_path: Path) -> None:
    """A statement that wants more than the box holds stops, and the bill is to blame."""
    small = DuckDBWarehouse(tmp_path, box=Box(memory="64MB", temp="1MB"))
    with pytest.raises(OverLimit, match="does not fit"):
        small.run(
            script("SELECT max(n) FROM (SELECT i || 'xxxxxxxxxxxxxxxxxxxxxxxx' AS k, count(*) AS n FROM range(9000000) t(i) GROUP BY k)")
        )


def test_what_takes_too_much_processor_time_is_over_the_limit(tmp_path: Path) -> None:
    """A small file gets little time: seconds, not the hours a large one may take."""
    hasty = DuckDBWarehouse(tmp_path, box=Box(cpu_seconds=1))
    with pytest.raises(OverLimit, match="far more time"):
        hasty.run(script(HEAVY))


def test_a_larger_file_gets_more_time_in_proportion(tmp_path: Path) -> None:
    """A thousand times the bytes are not stopped by the seconds of one."""
    box = Box(cpu_seconds=20, cpu_bytes=250_000)
    assert (box.cpu_for(0), box.cpu_for(2_000_000), box.cpu_for(1_000_000_000)) == (20, 28, 4020)


@pytest.mark.parametrize(("memory", "gib"), [("640MB", 3), ("4GB", 10), ("512MB", 3)])
def test_raising_the_memory_raises_what_it_lives_in(memory: str, gib: int) -> None:
    """The address space follows, so that the cure an error names is one."""
    assert Box(memory=memory).address_space >> 30 == gib


def test_a_child_that_is_killed_is_a_bill_over_its_limit(warehouse: DuckDBWarehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever killed it, the run goes on and the bill is quarantined."""
    started = threading.Event()
    pids: list[int] = []
    real = subprocess.Popen

    def start(*args: object, **more: object) -> subprocess.Popen[str]:
        process: subprocess.Popen[str] = real(*args, **more)  # type: ignore[call-overload]
        pids.append(process.pid)
        started.set()
        return process

    monkeypatch.setattr("bursar.adapters.warehouses.duckdb.subprocess.Popen", start)
    killer = threading.Thread(target=lambda: started.wait() and os.kill(pids[0], signal.SIGKILL))
    killer.start()
    with pytest.raises(OverLimit):
        warehouse.run(script(HEAVY))
    killer.join()


def test_a_child_dies_with_its_parent(tmp_path: Path) -> None:
    """When bursar is killed nobody goes on writing into its folders."""
    code = (
        "import sys; from pathlib import Path; from bursar.adapters.warehouses.duckdb import DuckDBWarehouse, subprocess; "
        "from bursar.ports import Script, Statement\n"
        "real = subprocess.Popen\n"
        "def start(*args, **more):\n"
        "    process = real(*args, **more); print(process.pid, flush=True); return process\n"
        "subprocess.Popen = start\n"
        f"DuckDBWarehouse(Path({str(tmp_path)!r})).run(Script(statements=(Statement(name='it', sql={HEAVY!r}),)))"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
    for _ in range(200):
        if not _is_running(pid):
            break
        threading.Event().wait(0.05)
    assert not _is_running(pid)


def test_nothing_is_left_in_the_scratch_folder(warehouse: DuckDBWarehouse, tmp_path: Path) -> None:
    """Temporary files go, whether the script succeeded or not."""
    warehouse.run(script("SELECT 1"))
    with pytest.raises(BillError):
        warehouse.run(script("SELECT nonsense"))
    assert list((tmp_path / "scratch").iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1 but not really PAR1", b"\xff\x00".join([b"PAR1"] * 9)])
def test_bytes_that_are_no_parquet_are_the_bills_fault(warehouse: DuckDBWarehouse, tmp_path: Path, content: bytes) -> None:
    """Damage is told as such, never as a crash."""
    path = tmp_path / "bad.parquet"
    path.write_bytes(content)
    with pytest.raises(BillError):
        warehouse.run(script(f"SELECT * FROM read_parquet('{path}')", reads=(path,)))


@pytest.mark.parametrize(
    ("message", "whose"), [("write: No space left on device", "disk"), ("pwrite: File too large", "limit"), ("no magic bytes", "bill")]
)
def test_a_full_disk_is_not_the_bills_fault(message: str, whose: str) -> None:
    """A good bill is not quarantined because of our disk."""
    assert child._whose_fault(message) == whose


def test_the_reader_answers_over_exactly_its_files(warehouse: DuckDBWarehouse, parquet: Path) -> None:
    """A question with a parameter over the files it was given."""
    answer = warehouse.rows(f"SELECT i, cost FROM read_parquet(['{parquet}']) WHERE i > ? ORDER BY i", [0], reads=(parquet,))
    assert (answer.columns, len(answer.rows), answer.types[0]) == (("i", "cost"), 2, "BIGINT")


@pytest.mark.parametrize(
    "sql",
    [
        "SET threads = 8",
        "ATTACH '{root}/new.duckdb'",
        "COPY (SELECT 1) TO '{root}/lake/part.parquet' (USE_TMP_FILE false)",
        "COPY (SELECT 1) TO '{root}/new.parquet'",
        "SELECT 1; SELECT 2",
        "SELECT 1; COPY (SELECT 1) TO '{root}/lake/part.parquet' (USE_TMP_FILE false)",
        "EXPLAIN ANALYZE COPY (SELECT 1) TO '{root}/lake/part.parquet' (USE_TMP_FILE false)",
        "CREATE TABLE t AS SELECT 1",
        "INSTALL httpfs",
        "CALL pragma_version()",
        "",
    ],
)
def test_the_reader_answers_one_select_and_nothing_else(warehouse: DuckDBWarehouse, parquet: Path, tmp_path: Path, sql: str) -> None:
    """Two statements, a setting, an attachment or a write over the live file are refused before anything runs."""
    before = parquet.read_bytes()
    with pytest.raises(PermissionError, match="one SELECT"):
        warehouse.rows(sql.format(root=tmp_path), reads=(parquet,))
    assert parquet.read_bytes() == before
    assert not (tmp_path / "new.parquet").exists()


@pytest.mark.parametrize(
    "sql", ["SELECT * FROM read_text('/etc/passwd')", "SELECT * FROM glob('/*')", "SELECT * FROM '{root}/other.parquet'"]
)
def test_the_reader_sees_no_other_file(warehouse: DuckDBWarehouse, parquet: Path, tmp_path: Path, sql: str) -> None:
    """Even beside the files it may read."""
    duckdb.sql("SELECT 1").write_parquet(str(tmp_path / "other.parquet"))
    with pytest.raises(duckdb.PermissionException):
        warehouse.rows(sql.format(root=tmp_path), reads=(parquet,))


def test_a_question_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    """The asker is told to narrow it, and the box answers the next question."""
    hasty = DuckDBWarehouse(tmp_path, box=Box(query_seconds=0.2))
    began = time.monotonic()
    with pytest.raises(Unavailable, match=r"longer than 0\.2 s"):
        hasty.rows(HEAVY, reads=())
    assert time.monotonic() - began < 10
    assert hasty.rows("SELECT 42", reads=()).rows == [(42,)]


def test_readers_are_kept_for_a_few_sets_of_files(warehouse: DuckDBWarehouse, parquet: Path, tmp_path: Path) -> None:
    """Many generations asked after one another do not hold memory for ever, and an evicted one opens again."""
    paths = [tmp_path / f"{n}.parquet" for n in range(10)]
    for n, path in enumerate(paths):
        duckdb.sql(f"SELECT {n} AS n").write_parquet(str(path))
    for _ in range(2):
        answers = [warehouse.rows(f"SELECT n FROM read_parquet('{path}')", reads=(path,)).rows[0][0] for path in paths]
        assert answers == list(range(10))
    assert len(warehouse._open) == 8


def test_moments_are_utc_whatever_the_machine_thinks(warehouse: DuckDBWarehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """A time zone of the machine moves no charge to another day."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    sql = "SELECT CAST(TIMESTAMPTZ '2026-10-01 00:30:00+00' AS VARCHAR) AS t"
    assert warehouse.run(script(sql))["it"].rows[0][0] == warehouse.rows(sql, reads=()).rows[0][0] == "2026-10-01 00:30:00+00"
    assert datetime.now(UTC).tzinfo is UTC


def _is_running(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
