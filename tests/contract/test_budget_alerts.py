"""Budget alerts on both databases: whoever looks, each is opened once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from threading import Barrier, BrokenBarrierError

import sqlalchemy as sa

from bursar.adapters.warehouses.duckdb import DuckDBWarehouse
from bursar.domain.periods import Span
from bursar.policies.budget_alerts import check
from bursar.policies.budgets import Budget, Severity, parse_budgets
from bursar.policies.measured import Ledger, Measure
from bursar.store import journal
from bursar.store.schema import budget_alert

NOW = datetime(2026, 7, 21, 9, tzinfo=UTC)
BUDGETS = """
- {id: core, scope: "team = 'core'", currency: USD, amounts: {default: 100}, thresholds: [{at: 0.8, of: actual, severity: high}]}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Met(Ledger):
    """Measures once everybody is about to, where they can be."""

    meet: Callable[[], object]

    def measure(self, budget: Budget, *, open_at: Severity | None = None, burning: bool = True) -> Measure:  # noqa: ARG002 - as the ledger's
        """Ninety of a hundred dollars."""
        with suppress(BrokenBarrierError):
            self.meet()
        span = Span(start=date(2026, 7, 1), end=date(2026, 8, 1))
        return Measure(budget=budget, span=span, amount=Decimal(100), actual=Decimal(90), watermark=date(2026, 7, 21))


def test_two_workers_at_once_open_one_alert(store: sa.Engine, tmp_path: Path) -> None:
    """Both look before either has written: one row, one entry, no failure."""
    barrier = Barrier(2, timeout=0.5)
    warehouse, today = DuckDBWarehouse(tmp_path), NOW.date()
    ledger = Met(budgets=parse_budgets(BUDGETS), generation=None, warehouse=warehouse, forecasts={}, today=today, meet=barrier.wait)

    def look(_: int) -> int:
        with store.begin() as connection:
            return len(check(connection, ledger, now=NOW))

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(look, range(2))) == [0, 1]
    with store.connect() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(budget_alert)).scalar() == 1
        assert journal.first_broken(connection) is None
