"""Business metrics: a CSV of daily quantities becomes the table `unit_metric_daily`, one snapshot per metric and month.

Header: metric, day, service, env, tenant, quantity. Days are UTC; an empty dimension is NULL.
"""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from bursar.domain.errors import BillError
from bursar.domain.wording import count
from bursar.ingestion.casts import quoted
from bursar.ingestion.deliveries import Delivery, Part, cause_of
from bursar.ingestion.land import MIXED, fingerprint, land
from bursar.ingestion.manifests import slug
from bursar.ingestion.outcomes import Outcome, passed_over
from bursar.ingestion.packed import check_packed
from bursar.ingestion.signatures import header_of
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
            cause = cause_of(error, path.name, {path: path.name})
            return [Outcome(name=path.name, outcome="quarantined", format="metrics", cause=cause, cure=error.cure or _CURE)]

    def _take(self, bill: Delivery) -> list[Outcome]:
        mark = fingerprint(bill)
        with self.lake.store.connect().execution_options(read_only=True) as connection:
            raw = snapshots.find(connection, mark.id)
            made = [one for one in snapshots.select(connection, layer="metrics") if mark.id in one.input_ids]
            live = snapshots.live(connection, "metrics")
        if made:
            return [_seen(bill, one, live.get((one.source, one.period)), mark.bytes) for one in made]
        check_packed(bill)
        if missing := set(HEADER) - set(header_of(bill.parts[0].path, "csv")):
            raise BillError(f"no column {', '.join(name for name in HEADER if name in missing)}", cure=_CURE)
        raw = raw or land(bill, mark, lake=self.lake.root, store=self.lake.store, now=self.clock())
        fresh = [self._settled(raw, *place, names=names) for place, names in self._groups(self.lake.root / raw.files[0].path).items()]
        with self.lake.store.begin() as connection:  # all or none: a run cut short here reads the file again
            for snapshot in fresh:
                snapshots.record(connection, snapshot)
        return [_outcome(bill, one, "staged", mark.bytes) for one in fresh]

    def _groups(self, path: Path) -> dict[tuple[str, str], list[str]]:
        """The (source, period) pairs a file holds, with the metrics of each. Raises BillError for what cannot be read as one."""
        empty = f"SELECT count(*) FROM ({_typed(path)}) WHERE metric IS NULL OR day IS NULL OR quantity IS NULL"
        double = f"SELECT metric, day, service, env, tenant FROM ({_typed(path)}) GROUP BY ALL HAVING count(*) > 1 LIMIT 1"
        months = f"SELECT DISTINCT metric, strftime(day, '%Y-%m') FROM ({_typed(path)}) ORDER BY ALL"
        asked = {"empty": empty, "double": double, "months": months}
        statements = tuple(Statement(name=name, sql=sql, returns=True) for name, sql in asked.items())
        answers = self.warehouse.run(Script(statements=statements, reads=(path,)))
        if answers["empty"].rows[0][0]:
            empties = int(str(answers["empty"].rows[0][0]))
            told = f"{count(empties, 'row lacks', 'rows lack')} metric, day or quantity"
            raise BillError(told, cure="Fill them in, or leave the rows out.")
        if answers["double"].rows:
            told = ", ".join("" if value is None else str(value) for value in answers["double"].rows[0])
            raise BillError(f"two quantities for one key: {told}", cure="Give each key once.")
        if not answers["months"].rows:
            raise BillError("holds no quantities", cure="Add one row per metric and day.")
        groups: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        for metric, period in answers["months"].rows:
            groups[slug(f"metrics-{metric}"), str(period)].append(str(metric))
        return groups

    def _settled(self, raw: Snapshot, source: str, period: str, *, names: Sequence[str]) -> Snapshot:
        snapshot_id = hashlib.sha256(f"{raw.id}\n{source}\n{period}".encode()).hexdigest()
        folder = layout.snapshot_folder(self.lake.root, "metrics", source, period, snapshot_id)
        if manifest := layout.read_manifest(folder):
            return snapshots.from_row(manifest)
        with layout.staged(folder) as part:
            file = self._write(self.lake.root / raw.files[0].path, part, source=source, period=period, names=names)
            path = str((folder / file.path).relative_to(self.lake.root))
            snapshot = _snapshot(raw, source, period, snapshot_id, replace(file, path=path), self.clock())
            layout.settle(part, folder, snapshots.to_row(snapshot))
        return snapshot

    def _write(self, path: Path, part: Path, *, source: str, period: str, names: Sequence[str]) -> SnapshotFile:
        out = part / "part-0000.parquet"
        mine = f"metric IN ({', '.join(map(quoted, names))}) AND strftime(day, '%Y-%m') = {quoted(period)}"
        rows = f"SELECT *, {quoted(source)} AS source, 'measured' AS quality FROM ({_typed(path)}) WHERE {mine} ORDER BY ALL"
        told = f"SELECT count(*), min(day), max(day) FROM read_parquet({quoted(str(out))})"
        copy = Statement(name="copy", sql=f"COPY ({rows}) TO {quoted(str(out))} (FORMAT parquet, COMPRESSION zstd)")
        script = Script(statements=(copy, Statement(name="told", sql=told, returns=True)), reads=(path,), writes=part)
        count, first, last = self.warehouse.run(script)["told"].rows[0]
        return SnapshotFile(
            path=out.name,
            table=TABLE,
            rows=int(str(count)),
            bytes=out.stat().st_size,
            sha256=hashlib.sha256(out.read_bytes()).hexdigest(),
            min_day=first if isinstance(first, date) else None,
            max_day=last if isinstance(last, date) else None,
        )


def _typed(path: Path) -> str:
    """SQL of a metric file's rows, typed; services and environments compare as owners do, trimmed and in lower case."""
    return (
        "SELECT nullif(trim(metric), '') AS metric, CAST(day AS DATE) AS day, nullif(lower(trim(service)), '') AS service, "
        "nullif(lower(trim(env)), '') AS env, nullif(trim(tenant), '') AS tenant, CAST(quantity AS DECIMAL(38,12)) AS quantity "
        f"FROM {_READ.format(path=quoted(str(path)))}"
    )


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
        detail={"name": raw.detail["name"], "dated": "arrival"},
        exported_at=raw.seen_at,
        seen_at=raw.seen_at,
        landed_at=now,
    )


def _seen(bill: Delivery, known: Snapshot, shown: Snapshot | None, size: int) -> Outcome:
    """The outcome of bytes that were taken before: they wait, count, or gave way to a later file."""
    again = _outcome(bill, known, "staged" if known.state == "staged" else "unchanged", size)
    if known.state != "superseded" or shown is None:
        return again
    why = passed_over(known, shown)
    return replace(again, cause=why.cause, cure=why.cure)


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
