"""Business metrics: a CSV of daily quantities becomes the table `unit_metric_daily`, one snapshot per metric and month.

Header: metric, day, service, env, tenant, quantity. Days are UTC; an empty dimension is NULL.
"""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from bursar.domain.errors import BillError
from bursar.ingestion.casts import quoted
from bursar.ingestion.deliveries import Delivery, Part
from bursar.ingestion.land import MIXED, fingerprint, land
from bursar.ingestion.manifests import slug
from bursar.ingestion.outcomes import Outcome
from bursar.lake import layout, snapshots
from bursar.lake.generations import Lake
from bursar.lake.snapshots import Snapshot, SnapshotFile
from bursar.ports import Clock, Script, Statement, Warehouse

TABLE = "unit_metric_daily"
HEADER = ("metric", "day", "service", "env", "tenant", "quantity")
_READ = "read_csv({path}, header=true, all_varchar=true, delim=',', quote='\"', nullstr='')"


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricIntake:
    """Takes metric files into the lake."""

    lake: Lake
    warehouse: Warehouse
    clock: Clock

    def take(self, path: Path) -> list[Outcome]:
        """Stage every (metric, month) of a file. A wrong file is quarantined as a whole."""
        bill = Delivery(name=path.name, format="metrics", role="metrics", period=MIXED, parts=(Part(path=path, key=path.name, kind="csv"),))
        try:
            return self._take(bill)
        except BillError as error:
            return [
                Outcome(name=path.name, outcome="quarantined", format="metrics", cause=str(error).splitlines()[0], cure=error.cure or _CURE)
            ]

    def _take(self, bill: Delivery) -> list[Outcome]:
        mark = fingerprint(bill)
        with self.lake.store.connect().execution_options(read_only=True) as connection:
            raw = snapshots.find(connection, mark.id)
            made = [one for one in snapshots.select(connection, layer="metrics") if mark.id in one.input_ids]
        if made:
            return [_outcome(bill, one, "staged" if one.state == "staged" else "unchanged", mark.bytes) for one in made]
        raw = raw or land(bill, mark, lake=self.lake.root, store=self.lake.store, now=self.clock())
        groups = self._groups(self.lake.root / raw.files[0].path)
        return [_outcome(bill, self._stage(raw, source, period), "staged", mark.bytes) for source, period in groups]

    def _groups(self, path: Path) -> list[tuple[str, str]]:
        """The (source, period) pairs a file holds. Raises BillError for a duplicate key or a value that does not parse."""
        read = _READ.format(path=quoted(str(path)))
        typed = f"SELECT metric, CAST(day AS DATE) AS day, service, env, tenant, CAST(quantity AS DECIMAL(38,12)) AS quantity FROM {read}"
        double = f"SELECT metric, day, service, env, tenant FROM ({typed}) GROUP BY ALL HAVING count(*) > 1 LIMIT 1"
        months = f"SELECT DISTINCT metric, strftime(day, '%Y-%m') FROM ({typed}) ORDER BY ALL"
        answers = self.warehouse.run(
            Script(
                statements=(Statement(name="double", sql=double, returns=True), Statement(name="months", sql=months, returns=True)),
                reads=(path,),
            )
        )
        if answers["double"].rows:
            raise BillError(
                f"two quantities for one key: {', '.join(str(value) for value in answers['double'].rows[0])}", cure="Give each key once."
            )
        return [(slug(f"metrics-{metric}"), str(period)) for metric, period in answers["months"].rows]

    def _stage(self, raw: Snapshot, source: str, period: str) -> Snapshot:
        snapshot_id = hashlib.sha256(f"{raw.id}\n{source}\n{period}".encode()).hexdigest()
        folder = layout.snapshot_folder(self.lake.root, "metrics", source, period, snapshot_id)
        snapshot = (
            snapshots.from_row(manifest)
            if (manifest := layout.read_manifest(folder))
            else self._write(raw, source, period, snapshot_id, folder)
        )
        with self.lake.store.begin() as connection:
            snapshots.record(connection, snapshot)
        return snapshot

    def _write(self, raw: Snapshot, source: str, period: str, snapshot_id: str, folder: Path) -> Snapshot:
        part = layout.stage(folder)
        out = part / "part-0000.parquet"
        path = self.lake.root / raw.files[0].path
        mine = f"regexp_replace(lower(metric), '[^a-z0-9.]+', '-', 'g') = {quoted(source.removeprefix('metrics-'))} "
        mine += f"AND strftime(CAST(day AS DATE), '%Y-%m') = {quoted(period)}"
        rows = (
            "SELECT metric, CAST(day AS DATE) AS day, lower(trim(service)) AS service, lower(trim(env)) AS env, tenant, "
            f"CAST(quantity AS DECIMAL(38,12)) AS quantity, {quoted(source)} AS source, "
            f"'measured' AS quality FROM {_READ.format(path=quoted(str(path)))} "
            f"WHERE {mine} ORDER BY ALL"
        )
        told = f"SELECT count(*), min(day), max(day) FROM read_parquet({quoted(str(out))})"
        copy = Statement(name="copy", sql=f"COPY ({rows}) TO {quoted(str(out))} (FORMAT parquet, COMPRESSION zstd)")
        count, first, last = self.warehouse.run(
            Script(statements=(copy, Statement(name="told", sql=told, returns=True)), reads=(path,), writes=part)
        )["told"].rows[0]
        file = SnapshotFile(
            path=str((folder / out.name).relative_to(self.lake.root)),
            table=TABLE,
            rows=int(str(count)),
            bytes=out.stat().st_size,
            sha256=hashlib.sha256(out.read_bytes()).hexdigest(),
            min_day=first if isinstance(first, date) else None,
            max_day=last if isinstance(last, date) else None,
        )
        snapshot = _snapshot(raw, source, period, snapshot_id, file, self.clock())
        layout.settle(part, folder, snapshots.to_row(snapshot))
        return snapshot


_CURE = f"The header must be: {','.join(HEADER)}; days as YYYY-MM-DD, quantities as plain numbers."


def _snapshot(raw: Snapshot, source: str, period: str, snapshot_id: str, file: SnapshotFile, now: datetime) -> Snapshot:
    return Snapshot(
        id=snapshot_id,
        layer="metrics",
        source=source,
        period=period,
        format="metrics",
        role="metrics",
        state="staged",
        input_ids=(raw.id,),
        rows=file.rows,
        files=(file,),
        exported_at=raw.seen_at,
        seen_at=raw.seen_at,
        landed_at=now,
    )


def _outcome(bill: Delivery, snapshot: Snapshot, outcome: str, size: int) -> Outcome:
    return Outcome(
        name=bill.name,
        outcome=outcome,
        format="metrics",
        source=snapshot.source,
        period=snapshot.period,
        snapshot_id=snapshot.id,
        rows=snapshot.rows,
        bytes=size,
    )
