"""From FOCUS snapshots to marts: the dbt project over the candidates of some billing periods, then the identities, then the files.

A marts snapshot holds one file per mart and billing period, under the source `_all`, as marts mix sources. Its id says what went in:
the bills, the metrics, the rules as SQL and the project itself; the same id is the same marts.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from pathlib import Path

from bursar.allocation import owners, shared
from bursar.allocation.columns import extra_columns
from bursar.allocation.rules import Rules, read_rules
from bursar.allocation.units import Units, read_units, unit_variables
from bursar.allocation.written import MARTS, Written, check, read_back
from bursar.domain.periods import Period
from bursar.lake import layout
from bursar.lake.snapshots import Snapshot, SnapshotFile, merge_sums, to_row
from bursar.ports import Build, Warehouse
from bursar.query.filter_tree import quote

ALL = "_all"
LAYER = "marts"
BATCH_ROWS = 2_000_000
"""Bill lines built in one run of the project: enough that its start does not count, few enough for the memory of a build."""

_NO_METRICS = (
    "SELECT NULL::VARCHAR AS metric, NULL::DATE AS day, NULL::VARCHAR AS service, NULL::VARCHAR AS env, NULL::VARCHAR AS tenant, "
    "NULL::DECIMAL(38,12) AS quantity, NULL::VARCHAR AS source, NULL::VARCHAR AS quality WHERE false"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What the marts of one billing period are made of: the FOCUS snapshots and the metric snapshots of the period."""

    period: str
    bills: tuple[Snapshot, ...]
    metrics: tuple[Snapshot, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MartBuilder:
    """Builds marts by the project's `rules.yaml` and `units.yaml`; without a file, by the packaged defaults."""

    warehouse: Warehouse
    rules: Path | None = None
    units: Path | None = None

    def check(self) -> None:
        """Read and compile the rules and units. Raises ConfigError naming file, rule and cure when they cannot be used."""
        self._variables()

    def prepare(self) -> None:
        """Get ready to build soon, beside other work."""
        self.warehouse.prepare(project())

    def identity(self, period: str, *, bills: Iterable[Snapshot], metrics: Iterable[Snapshot] = ()) -> str:
        """The id the period's marts have if built from these now. Raises ConfigError for rules or units that cannot be read."""
        return self._identity(Work(period=period, bills=tuple(bills), metrics=tuple(metrics)), self._variables())

    def build(self, period: str, *, bills: Sequence[Snapshot], metrics: Sequence[Snapshot] = (), lake: Path, now: datetime) -> Snapshot:
        """The marts of one billing period, staged below `lake`. Raises as `build_all`."""
        return self.build_all([Work(period=period, bills=tuple(bills), metrics=tuple(metrics))], lake=lake, now=now)[0]

    def build_all(self, works: Sequence[Work], *, lake: Path, now: datetime) -> list[Snapshot]:
        """The marts of several billing periods, staged below `lake`, in as few runs of the project as memory allows.

        Raises ConfigError where the rules are wrong or two pools claim one charge, BillError where a mart is not the bill.
        """
        variables = self._variables()
        return [snapshot for batch in _batches(works) for snapshot in self._build(batch, variables, lake=lake, now=now)]

    def _build(self, works: Sequence[Work], variables: Mapping[str, object], *, lake: Path, now: datetime) -> list[Snapshot]:
        targets = [_Target(work=work, id=self._identity(work, variables), lake=lake) for work in works]
        parts = {target.id: layout.stage(target.folder) for target in targets}
        try:
            outputs = {_slice(mart, target.work.period): parts[target.id] / f"{mart}.parquet" for target in targets for mart in MARTS}
            inputs = _inputs(works, lake)
            self.warehouse.build(
                Build(
                    project=project(),
                    inputs={name: paths for name, (paths, _) in inputs.items()},
                    views={name: sql for name, (_, sql) in inputs.items()},
                    variables=variables,
                    outputs=outputs,
                )
            )
            made = [self._snapshot(target, parts[target.id], now=now) for target in targets]
            for target, snapshot in zip(targets, made, strict=True):
                layout.settle(parts[target.id], target.folder, to_row(snapshot))
        finally:
            for part in parts.values():
                shutil.rmtree(part, ignore_errors=True)
        return made

    def _snapshot(self, target: _Target, part: Path, *, now: datetime) -> Snapshot:
        """The snapshot of the files written, once their sums are the bill's."""
        sums = merge_sums(bill.sums for bill in target.work.bills)
        told = read_back(part, self.warehouse)
        check(told, sums, period=target.work.period)
        return Snapshot(
            id=target.id,
            layer=LAYER,
            source=ALL,
            period=target.work.period,
            format=LAYER,
            role=LAYER,
            state="staged",
            input_ids=tuple(one.id for one in (*target.work.bills, *target.work.metrics)),
            code_digest=project_digest(),
            rows=told["charge_daily"].rows,
            files=tuple(_file(target, part, mart, told[mart]) for mart in MARTS),
            sums=sums,
            seen_at=now,
            landed_at=now,
        )

    def _variables(self) -> dict[str, object]:
        return variables(read_rules(self.rules), read_units(self.units))

    def _identity(self, work: Work, variables: Mapping[str, object]) -> str:
        told = {
            "period": work.period,
            "bills": sorted(bill.id for bill in work.bills),
            "metrics": sorted(metric.id for metric in work.metrics),
            "project": project_digest(),
            "variables": variables,
        }
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def variables(rules: Rules, units: Units) -> dict[str, object]:
    """Rules and units as the dbt project takes them: plain lists and SQL text."""
    return {
        "tag_keys": owners.tag_keys(rules),
        "rule_columns": [list(pair) for pair in extra_columns([*owners.conditions(rules), *shared.conditions(rules)])],
        "dimensions": owners.owner_columns(rules),
        "pools": shared.pools(rules),
        "units": unit_variables(units),
    }


def project() -> Path:
    """The folder of the dbt project."""
    return Path(str(files("bursar.allocation").joinpath("dbt")))


@cache
def project_digest() -> str:
    """SHA-256 over the project's files, by name."""
    digest = hashlib.sha256()
    for path in sorted(path for path in project().rglob("*") if path.suffix in {".sql", ".yml"}):
        digest.update(f"{path.relative_to(project()).as_posix()}\n".encode() + path.read_bytes())
    return digest.hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    """Where the marts of one piece of work go."""

    work: Work
    id: str
    lake: Path

    @property
    def folder(self) -> Path:
        return layout.snapshot_folder(self.lake, LAYER, ALL, self.work.period, self.id)


def _batches(works: Sequence[Work]) -> list[list[Work]]:
    batches: list[list[Work]] = []
    lines = 0
    for work in works:
        mine = sum(bill.rows for bill in work.bills)
        if not batches or lines + mine > BATCH_ROWS:
            batches.append([])
            lines = 0
        batches[-1].append(work)
        lines += mine
    return batches


def _inputs(works: Sequence[Work], lake: Path) -> dict[str, tuple[list[Path], str]]:
    """The relations of schema `inputs`: a view per bill, their union, and the metrics."""
    bills = [(work.period, bill) for work in works for bill in work.bills]
    metrics = [lake / file.path for work in works for metric in work.metrics for file in metric.files]
    views: dict[str, tuple[list[Path], str]] = {
        f"bill_{index}": ([lake / file.path for file in bill.files], _bill_view(period, bill)) for index, (period, bill) in enumerate(bills)
    }
    views["cost_and_usage"] = ([], " UNION ALL BY NAME ".join(f"SELECT * FROM inputs.{name}" for name in list(views)))
    views["unit_metric_daily"] = (metrics, "SELECT * FROM read_parquet({files}, union_by_name=true)" if metrics else _NO_METRICS)
    return views


def _bill_view(period: str, bill: Snapshot) -> str:
    first = Period.parse(period).start
    return f"SELECT *, {quote(bill.source)} AS x_source, DATE '{first}' AS x_billing_period FROM read_parquet({{files}})"


def _slice(mart: str, period: str) -> str:
    """A mart's rows of one period; small marts in one order, so that equal marts are equal files."""
    order = "" if mart == "charge_daily" else " ORDER BY ALL"
    return f"(SELECT * FROM {mart} WHERE billing_period = DATE '{Period.parse(period).start}'{order})"


def _file(target: _Target, part: Path, mart: str, told: Written) -> SnapshotFile:
    path = part / f"{mart}.parquet"
    with path.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return SnapshotFile(
        path=str((target.folder / path.name).relative_to(target.lake)),
        table=mart,
        rows=told.rows,
        bytes=path.stat().st_size,
        sha256=digest,
        min_day=told.first,
        max_day=told.last,
    )
