"""Small published estates: a mart written by hand, the snapshots it came from, and a room to detect in."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple, cast

import duckdb
import sqlalchemy as sa

from bursar.anomaly.detect import Room
from bursar.anomaly.fx import Fx
from bursar.domain.periods import Period
from bursar.lake import snapshots
from bursar.lake.generations import Generation, LakeFile
from bursar.lake.snapshots import Snapshot
from bursar.ports import Warehouse
from bursar.store.database import open_store
from tests.unit.anomaly.made import PACKAGED, noisy
from tests.unit.conftest import PlainWarehouse

FIRST = date(2026, 6, 1)
"""A Monday."""
DAYS = 122
NOW = datetime(2026, 10, 5, tzinfo=UTC)

_COSTS = ("effective_cost", "billed_cost", "allocated_cost", "contracted_cost", "list_cost")
COLUMNS = {
    "day": "DATE",
    "billing_period": "DATE",
    **dict.fromkeys(
        (
            "provider", "source", "billing_account_id", "sub_account_id", "service_name", "region_id", "sku_id", "resource_id",
            "charge_category", "charge_class", "pricing_category", "commitment_discount_status", "currency", "team", "service", "env", "kind",
        ),
        "VARCHAR",
    ),
    **dict.fromkeys(_COSTS, "DECIMAL(38, 12)"),
}  # fmt: skip
"""The columns of `charge_daily` that detection reads."""
PLAIN: Mapping[str, str | None] = {
    "provider": "aws", "source": "src", "sub_account_id": "111", "service_name": "Compute", "region_id": "eu-1", "sku_id": "sku",
    "resource_id": "i-1", "charge_category": "Usage", "commitment_discount_status": None, "currency": "USD", "team": "core",
    "service": "api", "env": "prod", "kind": "direct",
}  # fmt: skip


class Line(NamedTuple):
    """One steady charge by what describes it, and its cost of every day."""

    scope: Mapping[str, str | None]
    cost: Sequence[float]


def line(level: float, *, seed: int, cv: float = 0.015, **scope: str | None) -> Line:
    """A charge around a level, with a week of its own."""
    return Line({**PLAIN, **scope}, list(noisy(DAYS, cv=cv, level=level, seed=seed)[0]))


def times(one: Line, factor: float, first: int, last: int | None = None) -> Line:
    """The same, multiplied from a day on (to a day, included)."""
    end = len(one.cost) if last is None else last + 1
    return Line(one.scope, [cost * factor if first <= day < end else cost for day, cost in enumerate(one.cost)])


def quiet_estate() -> list[Line]:
    """Three teams on two accounts, and two resources of one of them."""
    return [
        line(800, seed=1, team="ml", service="training", service_name="Compute", sub_account_id="222", resource_id="i-a"),
        line(300, seed=2, team="ml", service="training", service_name="Compute", sub_account_id="222", resource_id="i-b", sku_id="small"),
        line(500, seed=3, team="web", service="shop", service_name="Database", resource_id="db-1"),
        line(400, seed=4, team="core", service="api", service_name="Compute", resource_id="i-c"),
        line(200, seed=5, team="core", service="api", env="dev", service_name="Storage", resource_id="s-1"),
        line(0.3, seed=6, team="core", service="tiny", env="dev", service_name="Queue", resource_id="q-1"),
    ]


class House(NamedTuple):
    """A room and the generation it looks at."""

    room: Room
    generation: Generation

    @property
    def store(self) -> sa.Engine:
        """The operational database."""
        return self.room.store


def house(
    folder: Path, lines: Sequence[Line], *, n: int = 1, store: sa.Engine | None = None, exported: timedelta = timedelta(days=4)
) -> House:
    """A published generation of these lines. Each month was exported so long after its end, or the data's."""
    engine = store or open_store("sqlite://")
    after = FIRST + timedelta(days=len(lines[0].cost))
    months = _months(after)
    folder.mkdir(parents=True, exist_ok=True)
    files = [_mart(folder / f"g{n}-{month}.parquet", lines, month, after=after) for month in months]
    with engine.begin() as connection:
        for month in months:
            name = f"focus-{n}-{month}"
            moment = datetime.combine(min(month.end, after), datetime.min.time(), UTC) + exported
            snapshots.record(connection, _snapshot(name, month, moment))
            files.append(_file(folder / f"{name}.parquet", month, after=after, table="cost_and_usage", snapshot_id=name))
    generation = Generation(n=n, at=NOW, data_as_of=NOW, files=tuple(files))
    room = Room(store=engine, lake=folder / "lake", warehouse=cast("Warehouse", PlainWarehouse()), thresholds=PACKAGED, fx=Fx(), now=NOW)
    return House(room, generation)


def _months(after: date) -> list[Period]:
    months = [Period.of(FIRST)]
    while months[-1].end < after:
        months.append(months[-1].shift(1))
    return months


def _mart(path: Path, lines: Sequence[Line], month: Period, *, after: date) -> LakeFile:
    """One month's charges: first as CSV, which the engine reads a thousand times faster than rows it is handed."""
    source = path.with_suffix(".csv")
    with source.open("w", newline="") as file:
        writer = csv.writer(file)
        for one in lines:
            for offset, cost in enumerate(one.cost):
                day = FIRST + timedelta(days=offset)
                if Period.of(day) == month:
                    amounts = dict.fromkeys(_COSTS, f"{cost:.6f}")
                    described = {**one.scope, "day": day, "billing_period": month.start, **amounts}
                    writer.writerow([described.get(name) for name in COLUMNS])
    kinds = ", ".join(f"CAST({name} AS {kind}) AS {name}" for name, kind in COLUMNS.items())
    read = f"read_csv('{source}', header = false, all_varchar = true, names = {list(COLUMNS)})"
    duckdb.connect().execute(f"COPY (SELECT {kinds} FROM {read}) TO '{path}' (FORMAT parquet)")
    return _file(path, month, after=after, table="charge_daily", snapshot_id=f"marts-{month}", source="_all")


def _file(path: Path, month: Period, *, after: date, table: str, snapshot_id: str, source: str = "src") -> LakeFile:
    last = min(month.end, after) - timedelta(days=1)
    return LakeFile(
        path=path, rows=1, bytes=1, min_day=max(month.start, FIRST), max_day=last, period=str(month), source=source,
        snapshot_id=snapshot_id, table=table,
    )  # fmt: skip


def _snapshot(name: str, month: Period, exported: datetime) -> Snapshot:
    return Snapshot(
        id=name, layer="focus", source="src", period=str(month), format="focus", role="bill", state="live", exported_at=exported,
        seen_at=exported, landed_at=exported,
    )  # fmt: skip
