"""How budgets stand, read for the pages: measured once for a generation, with what the store holds of alerts and reservations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import sqlalchemy as sa

from bursar.anomaly.written import FORECASTS, newest
from bursar.config import Config
from bursar.policies.budgets import FILE, Budgets, read_budgets
from bursar.policies.forecasts import Months, read_forecasts
from bursar.policies.measured import Fault, Ledger, Measure
from bursar.policies.reservations import COMMITTED_FOR, reserved
from bursar.store.schema import budget_alert, reservation
from bursar.surfaces.web.books import Books


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerted:
    """One alert of a budget as it is kept: which rule, in which period, how bad, and since when until when."""

    rule: str
    period: str
    severity: str
    is_open: bool
    opened_at: datetime
    cleared_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserved:
    """What one change promised to spend a month; `counts` says whether it still holds it."""

    change: str
    head: str
    delta_monthly: Decimal
    currency: str
    state: str
    at: datetime
    counts: bool


@dataclass(frozen=True, slots=True)
class _Kept:
    """What was measured, and what it was measured of."""

    key: tuple[object, ...]
    ledger: Ledger
    measures: Mapping[str, Measure]


class BudgetBooks:
    """The budgets of a project on the newest generation.

    A generation never changes, so what was measured on one is kept until it, `budgets.yaml` or the forecast is another.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self._kept: _Kept | None = None
        self._faults: tuple[object, tuple[Fault, ...]] | None = None

    @property
    def has_project(self) -> bool:
        """Whether there is a folder a `budgets.yaml` can be written into."""
        return self._config.project is not None

    def measured(self, books: Books) -> tuple[Ledger, Mapping[str, Measure]]:
        """Every budget in its current period, by id in the order written. Raises ConfigError for a file that is wrong."""
        key = self._key(books)
        kept = self._kept
        if kept is None or kept.key != key:
            ledger = self._ledger(books)
            kept = _Kept(key, ledger, {budget.id: ledger.measure(budget) for budget in ledger.budgets})
            self._kept = kept
        return kept.ledger, kept.measures

    def faults(self, books: Books) -> tuple[Fault, ...]:
        """What is wrong with the budgets together."""
        ledger, _ = self.measured(books)
        kept = self._faults
        if kept is None or kept[0] is not ledger:
            kept = (ledger, tuple(ledger.faults(tuple(self._config.owners))))
            self._faults = kept
        return kept[1]

    def _ledger(self, books: Books) -> Ledger:
        budgets = read_budgets(self._config.file(FILE))
        forecasts = _forecasts(books, budgets)
        return Ledger(
            budgets=budgets, generation=books.generation, warehouse=books.house.warehouse, forecasts=forecasts, today=books.now.date()
        )

    def _key(self, books: Books) -> tuple[object, ...]:
        n = books.generation.n if books.generation else 0
        scored = newest(books.house.lake.root, until=n)
        return (n, books.now.date(), _state(self._config.file(FILE)), _state(scored[1] / f"{FORECASTS}.parquet" if scored else None))


def held(books: Books) -> Mapping[tuple[str, str], Decimal]:
    """What open changes hold a month, by budget and currency."""
    with books.house.store.connect().execution_options(read_only=True) as connection:
        return reserved(connection, now=books.now)


def alerts_of(books: Books, budget: str) -> Sequence[Alerted]:
    """The alerts of a budget, the newest period first, the open ones before the others."""
    table = budget_alert
    query = (
        sa.select(table).where(table.c.budget == budget).order_by(table.c.period.desc(), table.c.status.desc(), table.c.opened_at.desc())
    )
    with books.house.store.connect().execution_options(read_only=True) as connection:
        rows = connection.execute(query).mappings().all()
    return [
        Alerted(
            rule=str(row["rule"]),
            period=str(row["period"]),
            severity=str(row["severity"]),
            is_open=row["status"] == "open",
            opened_at=datetime.fromisoformat(row["opened_at"]),
            cleared_at=datetime.fromisoformat(row["cleared_at"]) if row["cleared_at"] else None,
        )
        for row in rows
    ]


def reservations_of(books: Books, budget: str) -> Sequence[Reserved]:
    """What changes hold or held of a budget, newest first; `counts` by the rule that sums them."""
    table = reservation
    query = sa.select(table).where(table.c.budget == budget).order_by(table.c.at.desc(), table.c.change)
    with books.house.store.connect().execution_options(read_only=True) as connection:
        rows = connection.execute(query).mappings().all()
    return [_reserved(row, now=books.now) for row in rows]


def _reserved(row: sa.RowMapping, *, now: datetime) -> Reserved:
    at, state = datetime.fromisoformat(row["at"]), str(row["state"])
    return Reserved(
        change=str(row["change"]),
        head=str(row["head"]),
        delta_monthly=Decimal(row["delta_monthly"]),
        currency=str(row["currency"]),
        state=state,
        at=at,
        counts=state == "reserved" or (state == "committed" and at > now - COMMITTED_FOR),
    )


def _forecasts(books: Books, budgets: Budgets) -> Months:
    """The written forecasts; not looked for where nobody budgets anything."""
    if not len(budgets):
        return {}
    n = books.generation.n if books.generation else 0
    return read_forecasts(books.house.lake.root / "scores", newest=n, warehouse=books.house.warehouse)


def _state(file: Path | None) -> tuple[int, int] | None:
    """When a file was last written, and its size: another of either is another file."""
    try:
        found = file.stat() if file else None
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size) if found else None
