"""Business metrics: daily quantities by metric and month, wrong files refused whole."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
import sqlalchemy as sa

from bursar.ingestion.metrics import MetricIntake
from bursar.lake import snapshots
from bursar.lake.generations import Lake
from bursar.store.database import open_store
from tests.unit.ingestion.conftest import OpenWarehouse

HEADER = "metric,day,service,env,tenant,quantity"


@pytest.fixture
def metrics(tmp_path: Path) -> MetricIntake:
    """An empty lake."""
    clock = datetime(2026, 11, 1, tzinfo=UTC)
    return MetricIntake(lake=Lake(tmp_path / "lake", open_store("sqlite://")), warehouse=OpenWarehouse(), clock=lambda: clock)


def write(folder: Path, *lines: str, header: str = HEADER) -> Path:
    """A metrics file."""
    path = folder / "requests.csv"
    path.write_text("\n".join((header, *lines, "")))
    return path


def rows(metrics: MetricIntake) -> list[tuple[object, ...]]:
    """Everything staged, as rows."""
    files = [str(path) for path in metrics.lake.root.glob("metrics/**/*.parquet")]
    return duckdb.sql(f"SELECT metric, day::VARCHAR, service, env, tenant, quantity FROM read_parquet({files}) ORDER BY ALL").fetchall()


def test_every_metric_and_month_is_a_snapshot_of_its_own(metrics: MetricIntake, tmp_path: Path) -> None:
    """Quantities keep their digits, owners compare in lower case, an empty dimension is none."""
    path = write(
        tmp_path, "requests,2026-09-30, API ,Prod,,10.5", "requests,2026-10-01,api,,t1,2", "Tokens (in),2026-10-01,,,,0.000000000001"
    )
    outcomes = metrics.take(path)
    assert [(one.source, one.period, one.outcome, one.rows) for one in outcomes] == [
        ("metrics-tokens-in", "2026-10", "staged", 1),
        ("metrics-requests", "2026-09", "staged", 1),
        ("metrics-requests", "2026-10", "staged", 1),
    ]
    assert rows(metrics) == [
        ("Tokens (in)", "2026-10-01", None, None, None, Decimal("1E-12")),
        ("requests", "2026-09-30", "api", "prod", None, Decimal("10.5")),
        ("requests", "2026-10-01", "api", None, "t1", Decimal(2)),
    ]


def test_no_row_is_lost_to_the_spelling_of_its_metric(metrics: MetricIntake, tmp_path: Path) -> None:
    """Names that make one folder share it; names that cannot be one still arrive."""
    lines = [f"{name},2026-10-01,,,,1" for name in ("a b", "a-b", "-x-", "ÄÖ", "'quoted'", "n" * 120)]
    outcomes = metrics.take(write(tmp_path, *lines))
    assert sum(one.rows or 0 for one in outcomes) == len(lines) == len(rows(metrics))


def test_the_same_file_again_changes_nothing(metrics: MetricIntake, tmp_path: Path) -> None:
    """Staged while it waits, unchanged once it is known."""
    path = write(tmp_path, "requests,2026-10-01,,,,1")
    metrics.take(path)
    assert [one.outcome for one in metrics.take(path)] == ["staged"]
    with metrics.lake.store.begin() as connection:
        connection.execute(sa.text("UPDATE snapshot SET state = 'live' WHERE layer = 'metrics'"))
    assert [one.outcome for one in metrics.take(path)] == ["unchanged"]


def test_a_run_that_died_before_recording_is_finished_by_the_next(metrics: MetricIntake, tmp_path: Path) -> None:
    """Files are there, rows are not: they are taken up, all months of them."""
    path = write(tmp_path, "requests,2026-09-01,,,,1", "requests,2026-10-01,,,,1")
    metrics.take(path)
    with metrics.lake.store.begin() as connection:
        connection.execute(sa.text("DELETE FROM snapshot WHERE layer = 'metrics'"))
    assert [one.outcome for one in metrics.take(path)] == ["staged", "staged"]
    with metrics.lake.store.connect() as connection:
        assert len(snapshots.select(connection, layer="metrics")) == 2


def test_a_metric_file_without_a_column_says_which(metrics: MetricIntake, tmp_path: Path) -> None:
    """By name, with the whole header as the cure."""
    path = tmp_path / "m.csv"
    path.write_text("metric,quantity\n")
    (outcome,) = metrics.take(path)
    assert (outcome.cause, "metric,day,service" in str(outcome.cure)) == ("m.csv: no column day, service, env, tenant", True)


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ("requests,2026-10-32,,,,1", "2026-10-32"),
        ("requests,soon,,,,1", "soon"),
        ("requests,2026-10-01,,,,many", "many"),
        ("requests,2026-10-01,,,,1e400", "1e400"),
        ("requests,2026-10-01,,,,", "1 row lacks metric, day or quantity"),
        (",2026-10-01,,,,1", "1 row lacks metric, day or quantity"),
        ("requests,,,,,1", "1 row lacks metric, day or quantity"),
        ("requests,2026-10-02,api,prod,,7", "two quantities for one key"),
        ("requests,2026-10-02, API,PROD,,7", "two quantities for one key"),
    ],
)
def test_a_wrong_file_is_refused_whole_and_named(metrics: MetricIntake, tmp_path: Path, line: str, cause: str) -> None:
    """Nothing of it is staged; cause and cure are told in a line."""
    (outcome,) = metrics.take(write(tmp_path, "requests,2026-10-02,api,prod,,7", line))
    assert outcome.outcome == "quarantined"
    assert str(outcome.cause).startswith("requests.csv: ")
    assert cause in str(outcome.cause)
    assert "\n" not in str(outcome.cause)
    assert outcome.cure
    assert list(metrics.lake.root.glob("metrics/**/*.parquet")) == []


@pytest.mark.parametrize("header", ["metric,day,quantity", "a,b", HEADER])
def test_a_file_without_the_columns_or_rows_is_refused(metrics: MetricIntake, tmp_path: Path, header: str) -> None:
    """The cure shows the header."""
    (outcome,) = metrics.take(write(tmp_path, header=header))
    assert outcome.outcome == "quarantined"
    assert outcome.cure
