"""The main loop, a handful of verbs in order: deliver → normalise → reconcile → allocate → publish. Read this file first.

Everything that becomes visible does so in `publish`, in one transaction: staged bills that passed the gate, the marts
built from them, and how every invoice stands.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import sqlalchemy as sa

from bursar.allocation.build import MartBuilder, Work
from bursar.config import Config
from bursar.domain.errors import BillError
from bursar.ingestion.gate import Held, Place, gate
from bursar.ingestion.intake import Intake
from bursar.ingestion.invoices import known_invoices, read_invoices, store_invoices
from bursar.ingestion.metrics import MetricIntake
from bursar.ingestion.outcomes import Outcome, keep, resolve
from bursar.ingestion.recognise import recognise
from bursar.ingestion.reconcile import reconcile
from bursar.lake import snapshots
from bursar.lake.generations import Generation, Lake, flip
from bursar.lake.locks import writer
from bursar.lake.snapshots import Snapshot
from bursar.ports import Clock, Progress, Warehouse

ACTOR = "bursar"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingested:
    """What an ingest did: the fate of every delivery, and the generation readers see now (None while there is none)."""

    outcomes: tuple[Outcome, ...]
    generation: int | None
    changed: bool
    leftovers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bursar:
    """The wired house. `clock` gives now in UTC; `progress` is told what takes time."""

    config: Config
    store: sa.Engine
    lake: Lake
    warehouse: Warehouse
    marts: MartBuilder
    clock: Clock
    progress: Progress

    def ingest(self, paths: Sequence[Path], *, named: str = "auto", build: bool = True) -> Ingested:
        """Take everything below the paths in and publish it. One wrong bill is quarantined; all others go on."""
        with writer(self.config.home):
            arrivals = recognise(paths, warehouse=self.warehouse, named=named)
            outcomes = [Outcome(name=path.name, outcome="refused", cause=fault.cause, cure=fault.cure) for path, fault in arrivals.unknown]
            touched, invoice_outcomes = self._invoices(arrivals.invoices)
            outcomes += invoice_outcomes
            intake = Intake(lake=self.lake, warehouse=self.warehouse, clock=self.clock, progress=self.progress)
            outcomes += intake.take(arrivals.bills)
            metrics = MetricIntake(lake=self.lake, warehouse=self.warehouse, clock=self.clock)
            outcomes += [one for path in arrivals.metrics for one in metrics.take(path)]
            with self.store.begin() as connection:
                keep(connection, outcomes, now=self.clock())
            before = self.lake.head()
            held = self._publish(cause="ingest", touched=touched) if build else []
            head = self.lake.head()
        final = tuple(_final(one, held, build=build) for one in outcomes)
        return Ingested(outcomes=final, generation=head.n if head else None, changed=_n(head) != _n(before), leftovers=arrivals.leftovers)

    def publish(self, *, cause: str = "build") -> Generation | None:
        """Finish whatever is staged, rebuild the marts whose rules or bills changed, and flip if anything did."""
        with writer(self.config.home):
            self._publish(cause=cause)
        return self.lake.head()

    def _publish(self, *, cause: str, touched: Sequence[str] = ()) -> list[Held]:
        now = self.clock()
        with self.store.connect().execution_options(read_only=True) as connection:
            live = snapshots.live(connection, "focus")
            staged = _newest(snapshots.select(connection, layer="focus", state="staged"), live)
            metrics = snapshots.live(connection, "metrics")
            fresh_metrics = _newest(snapshots.select(connection, layer="metrics", state="staged"), metrics)
            invoices = known_invoices(connection)
        passed, held = gate(staged, live, invoices, now=now, tolerance=self.config.tolerance.reconcile_ratio)
        self._hold(held)
        bills = live | {(one.source, one.period): one for one in passed}
        driven = metrics | {(one.source, one.period): one for one in fresh_metrics}
        marts = self._build(bills, driven)
        periods = sorted({one.period for one in passed} | set(touched))
        if passed or fresh_metrics or marts or periods:
            self._flip(cause, put=[*passed, *fresh_metrics, *marts], bills=bills, periods=periods)
        return held

    def _build(self, bills: dict[Place, Snapshot], metrics: dict[Place, Snapshot]) -> list[Snapshot]:
        """The marts of every billing period whose bills, drivers or rules changed since they were built."""
        with self.store.connect().execution_options(read_only=True) as connection:
            live = {period: one for (_, period), one in snapshots.live(connection, "marts").items()}
        works: list[Work] = []
        for period in sorted({period for _, period in bills}):
            mine = tuple(one for (_, held), one in sorted(bills.items()) if held == period)
            drivers = tuple(one for (_, held), one in sorted(metrics.items()) if held == period)
            if period not in live or live[period].id != self.marts.identity(period, bills=mine, metrics=drivers):
                works.append(Work(period=period, bills=mine, metrics=drivers))
        if not works:
            return []
        self.progress(f"Allocating {', '.join(work.period for work in works)}")
        return self.marts.build_all(works, lake=self.lake.root, now=self.clock())

    def _flip(self, cause: str, *, put: Sequence[Snapshot], bills: dict[Place, Snapshot], periods: Sequence[str]) -> None:
        now = self.clock()
        with self.store.begin() as connection:
            told = {period: self._reconciled(connection, period, bills) for period in periods}
            flip(connection, now=now, actor=ACTOR, cause=cause, put=put, reconciliation=told)
            for snapshot in put:
                resolve(connection, snapshot.id, "published")

    def _reconciled(self, connection: sa.Connection, period: str, bills: dict[Place, Snapshot]) -> list[dict[str, object]]:
        mine = [one for (_, held), one in sorted(bills.items()) if held == period]
        earlier = {
            (one.source, one.period): snapshots.select(
                connection, layer="focus", source=one.source, billing_period=one.period, state="superseded"
            )
            for one in mine
        }
        invoices = known_invoices(connection, [period])
        return reconcile(mine, invoices, now=self.clock(), tolerance=self.config.tolerance.reconcile_ratio, earlier=earlier)

    def _hold(self, held: Sequence[Held]) -> None:
        if not held:
            return
        with self.store.begin() as connection:
            for one in held:
                snapshots.record(connection, one.snapshot.to("quarantined"))
                resolve(connection, one.snapshot.id, "quarantined", cause=one.cause, cure=one.cure)

    def _invoices(self, paths: Sequence[Path]) -> tuple[list[str], list[Outcome]]:
        """Take invoice files in; returns the billing periods they changed."""
        touched: set[str] = set()
        outcomes: list[Outcome] = []
        for path in paths:
            try:
                lines = read_invoices(path)
            except BillError as error:
                outcomes.append(Outcome(name=path.name, outcome="quarantined", format="invoice", cause=str(error), cure=error.cure))
                continue
            with self.store.begin() as connection:
                changed = store_invoices(connection, lines, now=self.clock())
            touched.update(changed)
            outcomes.append(
                Outcome(
                    name=path.name,
                    outcome="published" if changed else "unchanged",
                    format="invoice",
                    rows=len(lines),
                    bytes=path.stat().st_size,
                )
            )
        return sorted(touched), outcomes


def _newest(staged: Sequence[Snapshot], live: dict[Place, Snapshot]) -> list[Snapshot]:
    """The newest staged snapshot of every place (they come in the provider's order)."""
    newest = {(one.source, one.period): one for one in staged}
    return [one for place, one in newest.items() if place not in live or live[place].id != one.id]


def _final(outcome: Outcome, held: Sequence[Held], *, build: bool) -> Outcome:
    """What a staged delivery came to once the gate had spoken."""
    if outcome.outcome != "staged" or not build:
        return outcome
    for one in held:
        if one.snapshot.id == outcome.snapshot_id:
            return replace(outcome, outcome="quarantined", cause=one.cause, cure=one.cure)
    return replace(outcome, outcome="published")


def _n(generation: Generation | None) -> int:
    return generation.n if generation else 0
