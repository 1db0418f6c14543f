"""The worker: one pass of detect → decide → act over everything configured, and the next when something has changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from typing import TypeVar

from bursar.acting import Acting, Dropped, Planned
from bursar.actions.apply import Applied
from bursar.anomaly.records import Changes
from bursar.anomaly.written import newest
from bursar.config import Source
from bursar.domain.errors import BursarError
from bursar.ingestion.outcomes import Outcome
from bursar.lake.generations import Generation
from bursar.loop import Bursar
from bursar.policies.budget_alerts import Alert, check
from bursar.policies.gate import Gate
from bursar.store.delivery import Delivered, Worker
from bursar.triage.tell import Told, tell

MAKER = "bursar"
"""Who makes the worker's plans: nobody who could approve them."""

T = TypeVar("T")

Seen = frozenset[tuple[str, int, int]]
"""What a folder looked like: path, size and time of change of every file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """What one pass did. `scored` is the generation it scored, None where it had been scored before.

    `planned` is None where nothing was looked at, `faults` what a step could not do while the others went on.
    """

    outcomes: tuple[Outcome, ...] = ()
    generation: int | None = None
    scored: int | None = None
    changes: Changes = field(default_factory=Changes)
    alerts: tuple[Alert, ...] = ()
    carried: tuple[Applied | Dropped, ...] = ()
    planned: Planned | None = None
    faults: tuple[BursarError, ...] = ()
    told: Told = field(default_factory=Told)
    delivered: Delivered = field(default_factory=Delivered)


@dataclass(slots=True, kw_only=True)
class Rounds:
    """Passes over a house. A folder is read again once a file of it has changed; what is published is scored once."""

    app: Bursar
    gate: Callable[[], Gate]
    messenger: Worker
    acting: Acting
    has_estate: Callable[[], bool]
    _planned: tuple[int, date] | None = None
    _seen: dict[str, Seen] = field(default_factory=dict[str, Seen])

    def once(self) -> Pass:
        """Ingest, detect, apply what was asked for, propose, measure, check budgets, tell.

        A step that fails is told in `faults`, and the others go on; what one bill does wrong is in its outcome. Killed anywhere,
        the next pass goes on from what was committed. The project's files are read anew each time.
        """
        faults: list[BursarError] = []
        outcomes = [one for source in self.app.config.sources for one in _tried(faults, partial(self._pulled, source), ())]
        head = _tried(faults, self.app.lake.head, None)
        changes, scored = _tried(faults, partial(self._scored, head), (Changes(), None))
        carried = tuple(_tried(faults, self.acting.carry_out, []))
        planned = _tried(faults, partial(self._proposed, head, changed=bool(carried)), None)
        alerts = _tried(faults, partial(self._checked, head), ())
        told = _tried(faults, self._told, Told())
        delivered = _tried(faults, self.messenger.deliver, Delivered())
        return Pass(
            outcomes=tuple(outcomes),
            generation=head.n if head else None,
            scored=scored,
            changes=changes,
            alerts=tuple(alerts),
            carried=carried,
            planned=planned,
            told=told,
            delivered=delivered,
            faults=tuple(faults),
        )

    def _told(self) -> Told:
        """What must be said, put into the outbox."""
        with self.app.store.begin() as connection:
            return tell(connection, config=self.app.config, now=self.app.clock())

    def _checked(self, head: Generation | None) -> Sequence[Alert]:
        """Budget alerts that opened, got worse or were cleared."""
        if head is None:
            return ()
        now = self.app.clock()
        ledger = self.gate().ledger(head, now=now)
        with self.app.store.begin() as connection:
            return check(connection, ledger, now=now)

    def _proposed(self, head: Generation | None, *, changed: bool) -> Planned | None:
        """Plans and measured savings, once for each generation and day, and after something was applied."""
        seen = (head.n if head else 0, self.app.clock().date())
        if not self.has_estate() or (self._planned == seen and not changed):
            return None
        planned = self.acting.plan(maker=MAKER)
        self.acting.measure()
        self._planned = seen
        return planned

    def _pulled(self, source: Source) -> Sequence[Outcome]:
        """The deliveries of a watched folder, if it has changed since the last pass."""
        folder = source.folder
        seen = _look(folder)
        if self._seen.get(source.name) == seen:
            return ()
        outcomes = self.app.ingest([folder], named=source.kind).outcomes
        self._seen[source.name] = seen
        return outcomes

    def _scored(self, head: Generation | None) -> tuple[Changes, int | None]:
        done = newest(self.app.lake.root)
        if head is None or (done and done[0] >= head.n):
            return Changes(), None
        found = self.app.detect(head)
        return (found.changes, head.n) if found else (Changes(), None)


def _tried(faults: list[BursarError], step: Callable[[], T], otherwise: T) -> T:
    """What a step gives; what it could not do is kept, and the pass goes on."""
    try:
        return step()
    except BursarError as error:
        faults.append(error)
    except Exception as error:  # noqa: BLE001 - a fault of one step must not silence the others
        faults.append(
            BursarError(f"{type(error).__name__}: {error}", cure="This is a fault in bursar. The other steps went on; please report it.")
        )
    return otherwise


def _look(folder: Path) -> Seen:
    """The folder as it is now; one that is not there yet is empty."""
    files = [folder] if folder.is_file() else folder.rglob("*")
    return frozenset((str(path), told.st_size, told.st_mtime_ns) for path in files if path.is_file() and (told := path.stat()))
