"""Lines of AWS as a CUR 2.0 data export: typed Parquet in chunks, execution folders, a manifest written last."""

import csv
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path
from string import Template
from tempfile import TemporaryDirectory

from bursar.adapters.clouds.simulated.amounts import text
from bursar.adapters.clouds.simulated.aws.lines import Item, Run
from bursar.domain.periods import Period

EXPORT = "finops"
BUCKET = "s3://acme-billing/cur2"
_MAPS = frozenset({"resource_tags", "cost_category", "product", "discount"})
_COVERED = "d.line_item_line_item_type = 'SavingsPlanCoveredUsage'"
_RESERVED = "d.line_item_line_item_type = 'DiscountedUsage'"
_VARYING = {
    "identity_line_item_id": "md5('$prefix' || l.line)",
    "identity_time_interval": "m.stretch",
    "line_item_usage_start_date": "m.starts",
    "line_item_usage_end_date": "m.ends",
    "line_item_usage_amount": "CASE WHEN d.rate > 0 THEN coalesce(nullif(l.cost, 0), l.public) / d.rate / 1e10 ELSE 1.0 END",
    "line_item_unblended_cost": "l.cost / 1e10",
    "line_item_blended_cost": "l.cost / 1.02e10",
    "pricing_public_on_demand_cost": "l.public / 1e10",
    "savings_plan_savings_plan_effective_cost": f"CASE WHEN {_COVERED} THEN l.effective ELSE 0 END / 1e10",
    "reservation_effective_cost": f"CASE WHEN {_RESERVED} THEN l.effective ELSE 0 END / 1e10",
    "reservation_amortized_upfront_cost_for_usage": "l.amortised / 1e10",
    "reservation_recurring_fee_for_usage": f"CASE WHEN {_RESERVED} THEN l.effective - l.amortised ELSE 0 END / 1e10",
}


@cache
def columns(*, net: bool) -> tuple[tuple[str, str], ...]:
    """Names and physical types of CUR 2.0's columns, with or without those of negotiated discounts."""
    source = files("bursar.adapters.clouds.simulated.aws").joinpath("columns.csv").read_text(encoding="utf-8")
    rows = [(row["column"], row["type"]) for row in csv.DictReader(source.splitlines())]
    return tuple(row for row in rows if net or "_net_" not in row[0])


@dataclass(slots=True)
class Chunk:
    """Lines waiting to become one Parquet file, with the items and moments they name."""

    lines: list[str] = field(default_factory=list[str])
    items: dict[int, Item] = field(default_factory=dict[int, Item])
    numbers: dict[int, int] = field(default_factory=dict[int, int])
    moments: set[int] = field(default_factory=set[int])
    rows: int = 0

    def add(self, run: Run) -> None:
        """Take a run's lines."""
        number = self.numbers.setdefault(id(run.item), len(self.numbers))
        self.items[number] = run.item
        self.moments.update(run.moments)
        self.rows += len(run.cost)
        self.lines.extend(
            f"{number},{moment},{cost},{public},{effective},{amortised}\n"
            for moment, cost, public, effective, amortised in zip(
                run.moments, run.cost, run.public, run.effective, run.amortised, strict=True
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """One run of the export: when, and under which id its folder stands."""

    at: datetime
    ident: str

    @property
    def folder(self) -> str:
        """The name of its folder."""
        return f"{self.at:%Y%m%dT%H%M%S}Z-{self.ident}"


def write(root: Path, month: Period, runs: Iterable[Run], *, execution: Execution, chunk_rows: int, account: str) -> int:
    """Write one execution of the export and, last of all, its manifest. Returns the number of native rows."""
    partition = f"BILLING_PERIOD={month}"
    folder = root / EXPORT / "data" / partition / execution.folder
    folder.mkdir(parents=True)
    names: list[str] = []
    rows = 0
    for number, chunk in enumerate(_chunks(runs, chunk_rows), start=1):
        name = f"{EXPORT}-{number:05d}.snappy.parquet"
        _render(chunk, month, folder / name, prefix=f"{month}/{execution.ident}/{number}/")
        names.append(f"{BUCKET}/{EXPORT}/data/{partition}/{execution.folder}/{name}")
        rows += chunk.rows
    manifest = _manifest(month, names, execution=execution, account=account)
    metadata = root / EXPORT / "metadata" / partition
    for target in (metadata / execution.folder, metadata):
        target.mkdir(parents=True, exist_ok=True)
        (target / f"{EXPORT}-Manifest.json").write_text(manifest, encoding="utf-8")
    return rows


def _chunks(runs: Iterable[Run], size: int) -> Iterable[Chunk]:
    chunk = Chunk()
    for run in runs:
        chunk.add(run)
        if chunk.rows >= size:
            yield chunk
            chunk = Chunk()
    if chunk.rows:
        yield chunk


def _render(chunk: Chunk, month: Period, target: Path, *, prefix: str) -> None:
    import duckdb  # noqa: PLC0415  heavy: only when a bill is really written

    with TemporaryDirectory() as folder:
        paths = {name: Path(folder) / f"{name}.csv" for name in ("lines", "items", "moments")}
        paths["lines"].write_text("".join(chunk.lines), encoding="utf-8")
        _write_items(chunk, paths["items"])
        _write_moments(chunk, month, paths["moments"])
        script = files("bursar.adapters.clouds.simulated.aws").joinpath("cur2.sql").read_text(encoding="utf-8")
        sql = Template(Template(script).safe_substitute(columns=_columns(), constants=_constants())).safe_substitute(
            prefix=prefix, target=target, **paths
        )
        with duckdb.connect(config={"threads": 1, "memory_limit": "1GB"}) as connection:
            connection.execute(sql)


def _columns() -> str:
    names = [name for name, _ in columns(net=False)]
    return ",\n        ".join(f"{_VARYING.get(name, f'd.{name}')} AS {name}" for name in names)


def _constants() -> str:
    kept = [(name, kind) for name, kind in columns(net=False) if name not in _VARYING]
    return ",\n            ".join(
        f"{name}::JSON::{kind} AS {name}" if name in _MAPS else f"{name}::{kind} AS {name}" for name, kind in kept
    )


def _write_items(chunk: Chunk, path: Path) -> None:
    names = [name for name, _ in columns(net=False) if name not in _VARYING]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["item", "rate", *names])
        for number, item in chunk.items.items():
            values = {**item.columns, **_maps(item)}
            writer.writerow([number, text(item.rate) if item.rate else "0", *(values.get(name, "") for name in names)])


def _maps(item: Item) -> dict[str, str]:
    product = {
        name.removeprefix("product_"): value
        for name, value in item.columns.items()
        if name in {"product_product_name", "product_region_code", "product_instance_type"}
    }
    return {
        "resource_tags": json.dumps(dict(item.tags)),
        "cost_category": json.dumps(dict(item.categories)),
        "product": json.dumps(product),
        "discount": "{}",
    }


@cache
def stretch(month: Period, moment: int) -> tuple[str, str]:
    """A moment's start and end as AWS writes them."""
    starts = datetime(month.year, month.month, 1, tzinfo=UTC) + timedelta(hours=moment // 1000)
    ends = starts + timedelta(hours=moment % 1000)
    return f"{starts:%Y-%m-%dT%H:%M:%S}Z", f"{ends:%Y-%m-%dT%H:%M:%S}Z"


def _write_moments(chunk: Chunk, month: Period, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["moment", "starts", "ends", "stretch"])
        for moment in sorted(chunk.moments):
            starts, ends = stretch(month, moment)
            writer.writerow([moment, starts, ends, f"{starts}/{ends}"])


def _manifest(month: Period, names: list[str], *, execution: Execution, account: str) -> str:
    kept = columns(net=False)
    return json.dumps(
        {
            "executionId": execution.ident,
            "exportArn": f"arn:aws:bcm-data-exports:us-east-1:{account}:export/{EXPORT}-7b1c",
            "exportName": EXPORT,
            "executionTime": f"{execution.at:%Y-%m-%dT%H:%M:%S}.000Z",
            "billingPeriod": {"start": f"{month.start}T00:00:00.000Z", "end": f"{month.end}T00:00:00.000Z"},
            "dataTables": [{"tableName": "COST_AND_USAGE_REPORT", "columns": [name for name, _ in kept]}],
            "compression": "PARQUET",
            "contentType": "application/x-parquet",
            "dataFiles": names,
        },
        indent=2,
    )
