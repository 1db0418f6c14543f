"""The main loop, a handful of verbs in order: deliver → normalise → reconcile → allocate → publish. Read this file first.

Everything that becomes visible does so in `publish`, in one transaction: staged bills that passed the gate, the marts
built from them, and how every invoice stands.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from bursar.acting import remember
from bursar.allocation.build import MartBuilder, Work
from bursar.config import Config
from bursar.domain.errors import BillError, BursarError, ConfigError
from bursar.domain.estates import Observed
from bursar.ingestion.gate import Held, Place, Verdict, gate, late_for
from bursar.ingestion.intake import Intake
from bursar.ingestion.invoices import Invoice, known_invoices, read_invoices, store_invoices
from bursar.ingestion.metrics import MetricIntake
from bursar.ingestion.outcomes import Outcome, arrivals, keep, outcome_of, resolve, resolve_invoices
from bursar.ingestion.recognise import recognise
from bursar.ingestion.reconcile import Standing, last_said, reconcile
from bursar.lake import snapshots
from bursar.lake.generations import Generation, Lake, flip
from bursar.lake.locks import writer
from bursar.lake.snapshots import Snapshot
from bursar.ports import Clock, Progress, Warehouse

if TYPE_CHECKING:
    from bursar.anomaly.detect import Detection
    from bursar.anomaly.scopes import Wanted

ACTOR = "bursar"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingested:
    """What an ingest did: the fate of every delivery, and the generation readers see now (None while there is none)."""

    outcomes: tuple[Outcome, ...]
    generation: int | None
    changed: bool
    leftovers: int


def no_estate(path: Path) -> tuple[str, Sequence[Observed]]:
    """A house without control planes takes none in. Raises BillError."""
    raise BillError(f"{path.name}: there is no control plane to take it", cure="Leave it out.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bursar:
    """The wired house. `clock` gives now in UTC; `progress` is told what takes time.

    `adopt` takes an estate's file in: what became of it (published, unchanged, recorded), and what was seen on earlier days.
    `budgets` are the scopes that are forecast beside the watched series.
    """

    config: Config
    store: sa.Engine
    lake: Lake
    warehouse: Warehouse
    marts: MartBuilder
    clock: Clock
    progress: Progress
    adopt: Callable[[Path], tuple[str, Sequence[Observed]]] = no_estate
    budgets: Callable[[], Sequence["Wanted"]] = tuple

    def ingest(
        self,
        paths: Sequence[Path],
        *,
        named: str = "auto",
        exported_at: datetime | None = None,
        build: bool = True,
        read: Callable[[Sequence[Outcome]], None] = lambda _: None,
    ) -> Ingested:
        """Take everything below the paths in and publish it. One wrong bill is quarantined; all others go on.

        `named` and `exported_at` are the format of loose files, and when they were exported. `read` is told what was read
        before it is built and published, so that a user sees the figures at once. What fails in the build, such as wrong
        rules, leaves everything staged and says so.
        """
        if exported_at and exported_at > self.clock():
            raise ConfigError(f"{exported_at:%Y-%m-%d %H:%M} is in the future: nothing was exported then", cure="Give a time in the past.")
        with writer(self.config.home):
            found = recognise(paths, warehouse=self.warehouse, named=named, exported_at=exported_at)
            outcomes = [Outcome(name=path.name, outcome="refused", cause=fault.cause, cure=fault.cure) for path, fault in found.unknown]
            outcomes += [Outcome(name=name, outcome="waiting", cause=fault.cause, cure=fault.cure) for name, fault in found.waiting]
            outcomes += self._invoices(found.invoices)
            ready = self.marts.prepare if build else lambda: None
            intake = Intake(lake=self.lake, warehouse=self.warehouse, clock=self.clock, progress=self.progress, ready=ready)
            outcomes += intake.take(found.bills)
            metrics = MetricIntake(lake=self.lake, warehouse=self.warehouse, clock=self.clock)
            outcomes += [one for path in found.metrics for one in metrics.take(path)]
            outcomes += [self._estate(path) for path in found.estates]
            with self.store.begin() as connection:
                keep(connection, outcomes, now=self.clock())
            read(outcomes)
            before = self.lake.head()
            verdict = self._build_after_reading() if build else None
            head = self.lake.head()
        final = tuple(_final(one, verdict) for one in outcomes)
        return Ingested(outcomes=final, generation=head.n if head else None, changed=_n(head) != _n(before), leftovers=found.leftovers)

    def publish(self, *, cause: str = "build", held: Callable[[Held], None] = lambda _: None) -> Generation | None:
        """Finish whatever is staged, rebuild the marts whose rules or bills changed, and flip if anything did.

        `held` is told of each staged delivery that the gate holds back now.
        """
        with writer(self.config.home):
            verdict = self._publish(cause=cause)
        for one in verdict.held:
            if one.snapshot.state == "staged":
                held(one)
        return self.lake.head()

    def detect(self, generation: Generation | None = None, *, until: date | None = None) -> "Detection | None":
        """Score a generation (the newest), raise its incidents, forecast its month; None while nothing is published.

        Runs after the flip: what fails here holds no bill back. `until` keeps nothing: what would have been said at a day's end.
        """
        from bursar.anomaly.detect import detect, room_of  # noqa: PLC0415 - numpy and calendars, only for who detects

        with writer(self.config.home):
            found = generation or self.lake.head()
            now = self.clock() if until is None else min(self.clock(), datetime.combine(until, time(23, 59, 59), UTC))
            room = room_of(self.config, store=self.store, lake=self.lake.root, warehouse=self.warehouse, now=now)
            return detect(room, found, scopes=self.budgets(), until=until) if found else None

    def _build_after_reading(self) -> Verdict:
        try:
            return self._publish(cause="ingest")
        except BursarError as error:
            error.cure = f"What was read is staged, nothing is lost; once it is mended: bursar build. {error.cure}".strip()
            raise

    def _publish(self, *, cause: str) -> Verdict:
        """Gate, build and flip what is there: whatever a run before this one left half-way is finished too."""
        now = self.clock()
        with self.store.connect().execution_options(read_only=True) as connection:
            live = snapshots.live(connection, "focus")
            staged = _waiting(connection, "focus", live)
            driving = snapshots.live(connection, "metrics")
            waiting = _waiting(connection, "metrics", driving)
            invoices = known_invoices(connection)
        drivers = {(one.source, one.period): one for one in waiting}
        verdict = gate(staged, live, invoices, now=now, tolerance=self.config.tolerance.reconcile_ratio)
        older = [late_for(one, drivers[one.source, one.period]) for one in waiting if one not in drivers.values()]
        verdict = replace(verdict, late=(*verdict.late, *older))
        self._settle(verdict)
        bills = live | {(one.source, one.period): one for one in verdict.passed}
        put = [*verdict.passed, *drivers.values(), *self._build(bills, driving | drivers)]
        told = self._standing(bills, invoices, now=now)
        if put or told:
            self._flip(cause, put=put, told=told, now=now)
        with self.store.begin() as connection:
            resolve_invoices(connection)
        return verdict

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

    def _flip(self, cause: str, *, put: Sequence[Snapshot], told: Mapping[str, Standing], now: datetime) -> None:
        with self.store.begin() as connection:
            flip(connection, now=now, actor=ACTOR, cause=cause, put=put, reconciliation=told)
            for snapshot in put:
                resolve(connection, snapshot.id, "published")
            keep(connection, [_released(snapshot) for snapshot in put if snapshot.state == "quarantined"], now=now)

    def _standing(self, bills: Mapping[Place, Snapshot], invoices: Sequence[Invoice], *, now: datetime) -> dict[str, Standing]:
        """How every billing period stands to its invoices, where that is not what was last said of it."""
        told: dict[str, Standing] = {}
        with self.store.connect().execution_options(read_only=True) as connection:
            said = last_said(connection)
            for period in sorted({period for _, period in bills} | {invoice.first.billing_period for invoice in invoices} | set(said)):
                rows = reconcile(
                    [one for (_, held), one in sorted(bills.items()) if held == period],
                    [invoice for invoice in invoices if invoice.first.billing_period == period],
                    now=now,
                    tolerance=self.config.tolerance.reconcile_ratio,
                    earlier=partial(snapshots.last_before, connection),
                )
                if rows != said.get(period):
                    told[period] = rows
        return told

    def _settle(self, verdict: Verdict) -> None:
        """Write down what the gate held, and what was passed over for something newer."""
        if not verdict.held and not verdict.late:
            return
        with self.store.begin() as connection:
            for one in verdict.held:
                snapshots.record(connection, one.snapshot.to("quarantined"))
                resolve(connection, one.snapshot.id, "quarantined", cause=one.cause, cure=one.cure)
            for one in verdict.late:
                snapshots.record(connection, one.snapshot.to("superseded"))
                resolve(connection, one.snapshot.id, "recorded", cause=one.cause, cure=one.cure)

    def _invoices(self, paths: Sequence[Path]) -> list[Outcome]:
        """Take invoice files in; each is taken whole or not at all."""
        outcomes: list[Outcome] = []
        for path in paths:
            try:
                lines = read_invoices(path)
            except BillError as error:
                outcomes.append(Outcome(name=path.name, outcome="quarantined", format="invoice", cause=str(error), cure=error.cure))
                continue
            with self.store.begin() as connection:
                stored = store_invoices(connection, lines, now=self.clock())
            outcomes.append(
                Outcome(
                    name=path.name,
                    outcome="staged" if stored.touched else "unchanged",
                    cause=f"a later version of {', '.join(stored.passed[:3])} counts" if stored.passed else None,
                    cure="To go back to an earlier version, give it a later issued_at." if stored.passed else None,
                    format="invoice",
                    rows=len(lines),
                    bytes=path.stat().st_size,
                )
            )
        return outcomes

    def _estate(self, path: Path) -> Outcome:
        """Take in what control planes say, and remember the thirty days before: again where a run was cut short."""
        name, size = path.name, path.stat().st_size
        try:
            became, past = self.adopt(path)
        except BillError as error:
            return Outcome(name=name, outcome="recorded", format="estate", bytes=size, cause=str(error), cure=error.cure)
        with self.store.begin() as connection:
            remember(connection, past, name=name, now=self.clock())
        return Outcome(name=name, outcome=became, format="estate", rows=len({one.resource for one in past}), bytes=size)


def _waiting(connection: sa.Connection, layer: str, live: Mapping[Place, Snapshot]) -> list[Snapshot]:
    """What waits to be published, in the provider's order; of equals the one that arrived last is the newest.

    What the gate once held comes before it again: an invoice may have changed since.
    """
    arrived = arrivals(connection)
    found = [one for state in ("quarantined", "staged") for one in snapshots.select(connection, layer=layer, state=state)]
    staged = [one for one in found if one.id not in {held.id for held in live.values()}]
    return sorted(staged, key=lambda one: (one.order, arrived.get(one.id, 0)))


def _released(snapshot: Snapshot) -> Outcome:
    """What was held and now agrees: told as a delivery of its own, as the held one stays told as held."""
    size = sum(file.bytes for file in snapshot.files)
    return outcome_of(snapshot, "published", name=f"{snapshot.source} {snapshot.period}, held before", size=size)


def _final(outcome: Outcome, verdict: Verdict | None) -> Outcome:
    """What a staged delivery came to once the gate had spoken."""
    if outcome.outcome != "staged" or verdict is None:
        return outcome
    for became, those in (("quarantined", verdict.held), ("recorded", verdict.late)):
        for one in those:
            if one.snapshot.id == outcome.snapshot_id:
                return replace(outcome, outcome=became, cause=one.cause, cure=one.cure)
    return replace(outcome, outcome="published")


def _n(generation: Generation | None) -> int:
    return generation.n if generation else 0
