"""A published estate on disk, and the server over it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import sqlalchemy as sa
import uvicorn
from e2e.decided import NothingReal, decide
from fastapi import FastAPI

from bursar.acting import Acting
from bursar.adapters.warehouses.duckdb import DuckDBWarehouse
from bursar.config import Config
from bursar.domain.money import plain
from bursar.domain.periods import Period
from bursar.lake.generations import Lake, flip
from bursar.lake.snapshots import Snapshot, SnapshotFile, Sums
from bursar.ports import Clock
from bursar.query.focus import focus_columns
from bursar.store import schema
from bursar.store.database import open_store, sqlite_url
from bursar.surfaces.web.app import mount

HERE = Path(__file__).parent
NOW = datetime(2026, 11, 18, 5, 40, tzinfo=UTC)
SOURCES = {"aws-cur2-finops": "aws", "gcp-01AAAA-BBBBBB-CCCCCC": "gcp", "azure-enrolment-8815520": "azure"}
MEASURES = (
    "billed_cost",
    "effective_cost",
    "contracted_cost",
    "list_cost",
    "allocated_billed_cost",
    "allocated_cost",
    "allocated_contracted_cost",
    "allocated_list_cost",
)
MARTS = {
    "charge_daily": "*",
    "cost_daily_owner": "day, billing_period, provider, currency, team, service, env",
    "cost_daily_account": "day, billing_period, provider, billing_account_id, sub_account_id, sub_account_name, invoice_key, charge_category, currency",
    "cost_daily_cloud_service": "day, billing_period, provider, service_name, service_category, region_id, pricing_category, charge_category, currency",
    "price_volume_daily": "day, billing_period, provider, team, service, service_name, sku_id, consumed_unit, currency",
}
LINES = {
    "BilledCost": "billed_cost", "EffectiveCost": "effective_cost", "ListCost": "effective_cost", "ContractedCost": "effective_cost",
    "BillingAccountId": "account", "BillingCurrency": "currency", "BillingPeriodStart": "billing_period", "BillingPeriodEnd": "billing_period + INTERVAL 1 MONTH",
    "ChargePeriodStart": "day", "ChargePeriodEnd": "day + INTERVAL 1 DAY", "ChargeCategory": "'Usage'", "ChargeDescription": "sku || ' in ' || region",
    "ConsumedQuantity": "consumed_quantity", "ConsumedUnit": "unit", "ProviderName": "provider_name", "PublisherName": "provider_name",
    "RegionId": "region", "ResourceId": "resource", "ResourceName": "resource_name", "ServiceCategory": "category", "ServiceName": "service_name",
    "SkuId": "sku", "SubAccountId": "account", "SubAccountName": "account_name", "Tags": "CASE WHEN tag IS NULL THEN MAP {} ELSE MAP {'team': tag} END",
    "x_Provider": "provider", "x_InvoiceKey": "provider || ':' || strftime(billing_period, '%Y-%m')",
    "x_SourceFile": "provider || '/finops/' || strftime(billing_period, '%Y%m') || '/part-00001.csv.gz'", "x_SnapshotId": "'focus-' || provider || '-' || strftime(billing_period, '%Y-%m')",
    "PricingCategory": "'Standard'",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeHouse:
    """The wired parts the pages read, over a lake made here."""

    store: sa.Engine
    lake: Lake
    warehouse: DuckDBWarehouse
    clock: Clock
    acting: Acting


def make_house(home: Path, *, filled: bool = True) -> MadeHouse:
    """A house over `home`; empty, or filled with the estate."""
    store = open_store(sqlite_url(home / "bursar.sqlite"))
    lake = Lake(home / "lake", store)
    warehouse = DuckDBWarehouse(home / "scratch")
    acting = Acting(
        config=Config(home=home), store=store, lake=lake, warehouse=warehouse, estate=NothingReal(), clock=lambda: NOW
    )  # fmt: skip
    if filled:
        _fill(home / "lake", store)
        decide(store, home / "lake")
    return MadeHouse(store=store, lake=lake, warehouse=warehouse, clock=lambda: NOW, acting=acting)


def _fill(root: Path, store: sa.Engine) -> None:
    db = duckdb.connect()
    db.execute((HERE / "estate.sql").read_text())
    periods = [
        str(row[0]) for row in db.execute("SELECT DISTINCT strftime(billing_period, '%Y-%m') AS p FROM charge ORDER BY p").fetchall()
    ]
    first = [_focus(db, root, source, period, stage=0) for source in SOURCES for period in periods]
    again = _focus(db, root, "aws-cur2-finops", "2026-10", stage=1)
    marts = [
        _marts(db, root, period, [one for one in (*first, again) if one.period == period and one.state == "live"]) for period in periods
    ]
    with store.begin() as connection:
        flip(connection, now=NOW - timedelta(days=1), actor="test", cause="ingest", put=first, reconciliation={})
    old = next(one for one in first if one.source == again.source and one.period == again.period)
    marts = [
        mart if mart.period != "2026-10" else _renamed(mart, [*(i for i in mart.input_ids if i != old.id), again.id]) for mart in marts
    ]
    with store.begin() as connection:
        flip(
            connection,
            now=NOW - timedelta(minutes=20),
            actor="test",
            cause="ingest",
            put=[again, *marts],
            reconciliation={period: _invoices(db, period) for period in periods},
        )
    _book(store)


def _focus(db: duckdb.DuckDBPyConnection, root: Path, source: str, period: str, *, stage: int) -> Snapshot:
    provider = SOURCES[source]
    columns = ", ".join(f"CAST({LINES.get(column.name, 'NULL')} AS {column.type}) AS {column.name}" for column in focus_columns())
    where = f"provider = '{provider}' AND strftime(billing_period, '%Y-%m') = '{period}'"
    path = f"focus/{source}/{period}/s{stage}/cost_and_usage.parquet"
    file = _write(db, root, path, "cost_and_usage", f"SELECT {columns} FROM charge WHERE {where}", "CAST(ChargePeriodStart AS DATE)")
    sums = {
        str(code): Sums(
            billed=Decimal(billed) - (Decimal("184.25") if stage == 0 and period == "2026-10" and provider == "aws" else 0),
            effective=effective,
            list=effective,
            contracted=effective,
        )
        for code, billed, effective in db.execute(
            f"SELECT currency, sum(billed_cost), sum(effective_cost) FROM charge WHERE {where} GROUP BY ALL"
        ).fetchall()
    }
    exported = (
        (NOW - timedelta(hours={"aws": 4, "gcp": 6, "azure": 41}[provider]))
        if period == "2026-11"
        else datetime.combine(Period.parse(period).end, datetime.min.time(), UTC) + timedelta(days=6 + stage * 5)
    )
    return Snapshot(
        id=f"focus-{provider}-{period}-{stage}", layer="focus", source=source, period=period, format=f"{provider}-export", role="bill", state="live",
        rows=file.rows - (12 if stage == 0 and period == "2026-10" and provider == "aws" else 0), files=(file,), sums=sums, exported_at=exported, seen_at=exported, landed_at=exported,
    )  # fmt: skip


def _marts(db: duckdb.DuckDBPyConnection, root: Path, period: str, inputs: list[Snapshot]) -> Snapshot:
    files: list[SnapshotFile] = []
    for name, keys in MARTS.items():
        sums = ", ".join(f"sum({measure}) AS {measure}" for measure in MEASURES)
        sql = f"SELECT {keys}, sum(lines) AS lines, {sums} FROM charge_daily" if keys != "*" else "SELECT * FROM charge_daily"
        if name == "price_volume_daily":
            sql = f"SELECT {keys}, sum(consumed_quantity) AS consumed_quantity, sum(effective_cost) AS effective_cost FROM charge_daily"
        group = "" if keys == "*" else " GROUP BY ALL"
        sql = f"{sql} WHERE strftime(billing_period, '%Y-%m') = '{period}'{group}"
        files.append(_write(db, root, f"marts/_all/{period}/m0/{name}.parquet", name, sql, "day"))
    return Snapshot(
        id=f"marts-{period}",
        layer="marts",
        source="_all",
        period=period,
        format="marts",
        role="marts",
        state="live",
        input_ids=tuple(one.id for one in inputs),
        files=tuple(files),
        seen_at=NOW,
    )


def _renamed(mart: Snapshot, inputs: list[str]) -> Snapshot:
    return replace(mart, input_ids=tuple(dict.fromkeys(inputs)))


def _write(db: duckdb.DuckDBPyConnection, root: Path, path: str, table: str, sql: str, day: str) -> SnapshotFile:
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    db.execute(f"COPY ({sql}) TO '{target}' (FORMAT parquet)")
    rows, first, last = db.execute(f"SELECT count(*), min({day}), max({day}) FROM '{target}'").fetchone() or (0, None, None)
    return SnapshotFile(path=path, table=table, rows=rows, bytes=target.stat().st_size, sha256="0" * 64, min_day=first, max_day=last)


def _invoices(db: duckdb.DuckDBPyConnection, period: str) -> list[dict[str, object]]:
    issuers = {"aws": "Amazon Web Services EMEA SARL", "gcp": "Google Cloud EMEA Limited", "azure": "Microsoft Ireland Operations Ltd"}
    found = db.execute(
        f"SELECT provider, account, currency, sum(billed_cost), count(*) FROM charge WHERE strftime(billing_period, '%Y-%m') = '{period}' GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    rows: list[dict[str, object]] = []
    for provider, account, currency, billed, lines in found:
        total = round(Decimal(billed), 2)
        state = (
            "open"
            if period == "2026-11"
            else "within_tolerance"
            if provider == "gcp"
            else "no_invoice"
            if account == "777788889999"
            else "reconciled"
        )
        off = Decimal("3.84") if state == "within_tolerance" else Decimal(0)
        known = state in {"reconciled", "within_tolerance"}
        invoice, difference = total + off, Decimal(billed) - total - off
        steps = [{"name": "rounding", "amount": plain(Decimal(billed) - total), "proof": f"within 0.05 for {lines} lines"}]
        if off:
            steps.insert(
                0, {"name": "restated after issue", "amount": "-2.60", "proof": "the bill as exported before 2026-11-03 said 2.60 less"}
            )
        rows.append({
            "provider": provider, "billing_account_id": account, "invoice_id": f"{provider.upper()}-{period}-{account[-4:]}", "invoice_key": f"{provider}:{period}:{account}",
            "issuer": issuers[provider], "billing_period": period, "currency": currency, "billed_cost": plain(Decimal(billed)), "lines": lines,
            "invoice_total": plain(invoice) if known else None, "difference": plain(difference) if known else None,
            "difference_ratio": plain(difference / invoice) if known else None, "unexplained": plain(difference - Decimal(billed) + total + (Decimal("2.60") if off else 0)) if known else None,
            "status": state, "waterfall": steps if known else [],
        })  # fmt: skip
    return rows


def _book(store: sa.Engine) -> None:
    """The delivery book: what came, one of it held back."""
    base = {"exported_at": None, "snapshot_id": None, "bytes": 1 << 20, "cause": None, "cure": None, "format": "aws-cur2"}
    rows = [
        {**base, "seen_at": "2026-11-16T04:12:00Z", "name": "exports/azure-ea/2026-11/part-3.csv.gz", "source": "azure-enrolment-8815520", "billing_period": "2026-11", "outcome": "quarantined", "rows": 312, "sums": {"EUR": {"billed": "84.20", "effective": "84.20", "list": "84.20", "contracted": "84.20"}}, "cause": "exports/azure-ea/2026-11/part-3.csv.gz has 312 rows whose amortised twin is missing: EffectiveCost would be a guess.", "cure": "Export the amortised view of the same days and deliver both together."},
        {**base, "seen_at": "2026-11-11T06:00:00Z", "name": "aws/finops/20261001-20261101", "source": "aws-cur2-finops", "billing_period": "2026-10", "outcome": "published", "rows": 4120, "sums": {"USD": {"billed": "85123.41", "effective": "87001.10", "list": "90000", "contracted": "90000"}}},
        {**base, "seen_at": "2026-11-12T07:00:00Z", "name": "invoices-october.csv", "source": "invoices", "billing_period": "2026-10", "outcome": "published", "rows": 5, "sums": None},
        {**base, "seen_at": "2026-11-18T01:40:00Z", "name": "aws/finops/20261101-20261201", "source": "aws-cur2-finops", "billing_period": "2026-11", "outcome": "published", "rows": 2411, "sums": {"USD": {"billed": "48211.07", "effective": "49911.40", "list": "51000", "contracted": "51000"}}},
        {**base, "seen_at": "2026-11-18T01:45:00Z", "name": "aws/finops/20261101-20261201", "source": "aws-cur2-finops", "billing_period": "2026-11", "outcome": "unchanged", "rows": 2411, "sums": None},
    ]  # fmt: skip
    with store.begin() as connection:
        for row in rows:
            connection.execute(schema.delivery.insert().values(**row))


def application(house: MadeHouse) -> FastAPI:
    """The pages alone, on an application of their own."""
    made = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    mount(made, house, house.acting)
    return made


def serve(house: MadeHouse) -> Iterator[str]:
    """The pages on a free port of this machine, for as long as somebody looks."""
    server = uvicorn.Server(uvicorn.Config(application(house), host="127.0.0.1", port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(timeout=5)
