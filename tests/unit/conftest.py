"""A small published book: bill lines of three clouds over two billing periods, and the marts made from them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple

import duckdb
import pytest

from bursar.lake.generations import Generation, LakeFile
from bursar.ports import Build, Rows, Script
from bursar.query.focus import focus_columns

PERIODS = ("2026-06", "2026-07")

LINES = """
SELECT
    'p' || (i % 3) AS BillingAccountId,
    ['aws', 'gcp', 'azure'][1 + i % 3] AS x_Provider,
    CASE WHEN i % 3 = 2 THEN 'EUR' ELSE 'USD' END AS BillingCurrency,
    TIMESTAMP '{start}' AS BillingPeriodStart,
    TIMESTAMP '{start}' + INTERVAL 1 MONTH AS BillingPeriodEnd,
    TIMESTAMP '{start}' + to_days((i * 7 % {days})::INTEGER - CASE WHEN i % 97 = 0 THEN 3 ELSE 0 END) + to_hours(i % 24) AS ChargePeriodStart,
    ChargePeriodStart + INTERVAL 1 HOUR AS ChargePeriodEnd,
    '0001' || (i % 4) AS SubAccountId,
    'Account ' || (i % 4) AS SubAccountName,
    ['Amazon EC2', 'Cloud SQL', 'Storage', 'Other'][1 + (i // 3) % 4] AS ServiceName,
    ['Compute', 'Databases', 'Storage', 'Other'][1 + (i // 3) % 4] AS ServiceCategory,
    CASE WHEN i % 5 = 0 THEN NULL ELSE 'region-' || (i % 3) END AS RegionId,
    CASE WHEN i % 11 = 0 THEN NULL ELSE 'res-' || (i % 40) END AS ResourceId,
    CASE WHEN i % 29 = 0 THEN 'Credit' WHEN i % 31 = 0 THEN 'Tax' ELSE 'Usage' END AS ChargeCategory,
    (i * 1234567891 % 100000007)::DECIMAL(38,12) / 1 * CASE WHEN i % 29 = 0 THEN -1 ELSE 1 END AS Micro,
    CAST((i * 48271 % 900001) * CASE WHEN i % 29 = 0 THEN -1 ELSE 1 END AS DECIMAL(38,12)) * 0.0001 AS BilledCost,
    CAST(BilledCost * 0.8 AS DECIMAL(38,12)) AS EffectiveCost,
    CAST(BilledCost * 1.3 AS DECIMAL(38,12)) AS ListCost,
    CAST(BilledCost * 1.1 AS DECIMAL(38,12)) AS ContractedCost,
    CASE WHEN i % 7 = 0 THEN NULL WHEN i % 7 = 1 THEN MAP {{}}
        ELSE MAP {{'team': ['core', 'ml', 'O''Brien', 'platform', 'other'][1 + i % 5], 'Cost Center': 'c' || (i % 3)}} END AS Tags,
    x_Provider || ':{period}' AS x_InvoiceKey,
    'drop/' || x_Provider || '.csv' AS x_SourceFile,
    'focus-{period}' AS x_SnapshotId,
    'test' AS x_SourceFormat
FROM range({count}) r(i)
"""

CHARGES = """
WITH owned AS (
    SELECT *, CAST(ChargePeriodStart AS DATE) AS day, coalesce(Tags['team'], 'unallocated') AS team,
        CASE WHEN Tags['team'] = 'platform' THEN 'pool' ELSE 'direct' END AS kind
    FROM lines
), split AS (
    SELECT *, CASE kind WHEN 'pool' THEN 0 ELSE 1 END AS allocated, 1 AS direct FROM owned
    UNION ALL
    SELECT * REPLACE ('core' AS team, 'shared' AS kind), 1, 0 FROM owned WHERE kind = 'pool'
)
SELECT day, CAST(BillingPeriodStart AS DATE) AS billing_period, x_Provider AS provider, 'src-' || x_Provider AS source,
    BillingAccountId AS billing_account_id, SubAccountId AS sub_account_id, SubAccountName AS sub_account_name,
    x_InvoiceKey AS invoice_key, ServiceName AS service_name, ServiceCategory AS service_category, RegionId AS region_id,
    NULL::VARCHAR AS sku_id, ResourceId AS resource_id, NULL::VARCHAR AS resource_name, NULL::VARCHAR AS resource_type,
    ChargeCategory AS charge_category, NULL::VARCHAR AS charge_class, NULL::VARCHAR AS pricing_category, NULL::VARCHAR AS commitment_discount_status,
    BillingCurrency AS currency, team, 'unallocated' AS service, 'unallocated' AS env, kind,
    CASE WHEN kind = 'direct' THEN NULL ELSE 'platform' END AS pool,
    'tag' AS team_rule, 'default' AS service_rule, 'default' AS env_rule, NULL::VARCHAR AS consumed_unit,
    NULL::DECIMAL(38,12) AS consumed_quantity, count(*) AS lines,
    {measures}
FROM split GROUP BY ALL
"""

FOUR = ("billed", "effective", "contracted", "list")
NARROW = {
    "cost_daily_owner": "day, billing_period, provider, currency, team, service, env",
    "cost_daily_account": "day, billing_period, provider, billing_account_id, sub_account_id, sub_account_name, invoice_key, charge_category, currency",
    "cost_daily_cloud_service": "day, billing_period, provider, service_name, service_category, region_id, pricing_category, charge_category, currency",
}


class PlainWarehouse:
    """The rows and scripts of a warehouse on a bare DuckDB, without its boxes."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._open: dict[tuple[Path, ...], duckdb.DuckDBPyConnection] = {}

    def run(self, script: Script) -> dict[str, Rows]:
        """Run each statement; only what it returns is kept."""
        connection = duckdb.connect()
        found = {statement.name: connection.execute(statement.sql) for statement in script.statements}
        return {name: Rows((), (), []) for name in found}

    def rows(self, sql: str, parameters: Sequence[object] = (), *, reads: Sequence[Path]) -> Rows:
        """Answer one SELECT; reading any other file is refused."""
        self.asked.append(sql)
        result = self._reader(tuple(reads)).execute(sql, list(parameters))
        columns = result.description or []
        return Rows(tuple(str(column[0]) for column in columns), tuple(str(column[1]) for column in columns), result.fetchall())

    def _reader(self, reads: tuple[Path, ...]) -> duckdb.DuckDBPyConnection:
        if reads not in self._open:
            self._open[reads] = duckdb.connect()
            self._open[reads].execute(f"SET allowed_paths = [{', '.join(repr(str(path)) for path in reads)}]")
            self._open[reads].execute("SET enable_external_access = false")
        return self._open[reads].cursor()

    def build(self, build: Build) -> None:
        """Nothing is built in these tests."""
        raise NotImplementedError(build)


class Book(NamedTuple):
    """A published generation and the warehouse that reads it."""

    generation: Generation
    warehouse: PlainWarehouse
    lines: duckdb.DuckDBPyConnection


@pytest.fixture(scope="session")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    """Two billing periods, June closed and July known to its 20th day; charges of late June lie in July's bill too."""
    folder = tmp_path_factory.mktemp("lake")
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    files: list[LakeFile] = []
    for period, days, count in zip(PERIODS, (30, 20), (600, 400), strict=True):
        files.extend(_publish(connection, folder, period=period, days=days, count=count))
    moment = datetime(2026, 7, 21, 6, tzinfo=UTC)
    generation = Generation(n=3, at=moment, data_as_of=moment, files=tuple(files))
    everything = ", ".join(f"'{file.path}'" for file in files if file.table == "cost_and_usage")
    connection.execute(f"CREATE VIEW bill AS SELECT * FROM read_parquet([{everything}])")
    return Book(generation, PlainWarehouse(), connection)


@pytest.fixture(scope="session")
def generation(book: Book) -> Generation:
    """The published generation."""
    return book.generation


@pytest.fixture(scope="session")
def warehouse(book: Book) -> PlainWarehouse:
    """What reads it."""
    return book.warehouse


@pytest.fixture(scope="session")
def bill(book: Book) -> duckdb.DuckDBPyConnection:
    """The bill's lines as the view `bill`, to reckon by hand."""
    return book.lines


def _publish(connection: duckdb.DuckDBPyConnection, folder: Path, *, period: str, days: int, count: int) -> list[LakeFile]:
    """Write one billing period's lines and marts."""
    connection.execute(f"CREATE OR REPLACE TABLE lines AS {LINES.format(start=f'{period}-01', period=period, days=days, count=count)}")
    have = {row[0] for row in connection.execute("SELECT column_name FROM (DESCRIBE lines)").fetchall()}
    columns = ", ".join(
        f"CAST({column.name if column.name in have else 'NULL'} AS {column.type}) AS {column.name}" for column in focus_columns()
    )
    measures = ", ".join(
        f"CAST(sum({name.title()}Cost * {side}) AS DECIMAL(38,12)) AS {'allocated_' if side == 'allocated' else ''}{name}_cost"
        for side in ("direct", "allocated")
        for name in FOUR
    ).replace("allocated_effective_cost", "allocated_cost")
    connection.execute(f"CREATE OR REPLACE TABLE charge_daily AS {CHARGES.format(measures=measures)}")
    sums = ", ".join(f"sum(COLUMNS('{name}'))" for name in ("lines", ".*_cost"))
    tables = {"cost_and_usage": f"SELECT {columns} FROM lines", "charge_daily": "SELECT * FROM charge_daily"}
    listed = " UNION ALL ".join(
        f"SELECT day, billing_period, '{name}' AS dimension, coalesce({name}, '') AS value, currency, effective_cost, lines FROM charge_daily"
        for name in ("team", "service_name", "region_id")
    )
    tables["dimension_values"] = (
        "SELECT billing_period, dimension, value, currency, sum(effective_cost) AS effective_cost, sum(lines) AS lines, max(day) AS day "
        f"FROM ({listed}) GROUP BY billing_period, dimension, value, currency"
    )
    for name, keys in NARROW.items():
        tables[name] = f"SELECT {keys}, {sums} FROM charge_daily GROUP BY ALL"
    return [_write(connection, folder / f"{name}-{period}.parquet", table=name, sql=sql, period=period) for name, sql in tables.items()]


def _write(connection: duckdb.DuckDBPyConnection, path: Path, *, table: str, sql: str, period: str) -> LakeFile:
    day = "CAST(ChargePeriodStart AS DATE)" if table == "cost_and_usage" else "day"
    connection.execute(f"COPY ({sql}) TO '{path}' (FORMAT parquet)")
    found = connection.execute(f"SELECT count(*), min({day}), max({day}) FROM '{path}'").fetchone()
    assert found is not None
    rows, first, last = found
    assert isinstance(first, date)
    return LakeFile(
        path=path,
        rows=rows,
        bytes=path.stat().st_size,
        min_day=first,
        max_day=last,
        period=period,
        source="src" if table == "cost_and_usage" else "_all",
        snapshot_id=f"focus-{period}",
        table=table,
    )
