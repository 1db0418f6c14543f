"""The gate over a small published book: the real engine, a store in a file, a clock that is set."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlalchemy as sa
from planned_changes import OWNERSHIP, binary

from bursar.adapters.engines.opa import Opa
from bursar.bootstrap import rego
from bursar.lake.generations import Generation, Lake
from bursar.policies.budgets import NONE, Budgets, parse_budgets
from bursar.policies.forecasts import Months
from bursar.policies.gate import Gate
from bursar.policies.measured import Ledger
from bursar.ports import Warehouse
from bursar.store.database import open_store, sqlite_url

NOW = datetime(2026, 7, 21, 9, tzinfo=UTC)
"""A few hours after the book's newest export."""

MakeGate = Callable[..., Gate]
MakeLedger = Callable[..., Ledger]


class PublishedLake(Lake):
    """A lake whose head is given."""

    def __init__(self, root: Path, store: sa.Engine, generation: Generation | None) -> None:
        super().__init__(root, store)
        self.given = generation

    def head(self) -> Generation | None:
        """The given generation."""
        return self.given


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opa]:
    """OPA over the packaged rules."""
    opa = Opa(library=rego(), run=tmp_path_factory.mktemp("run"), named=binary(), seconds=30, start_seconds=60)
    yield opa
    opa.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[sa.Engine]:
    """An empty store in a file."""
    opened = open_store(sqlite_url(tmp_path / "bursar.sqlite"))
    yield opened
    opened.dispose()


@pytest.fixture
def make_gate(engine: Opa, store: sa.Engine, warehouse: Warehouse, tmp_path: Path) -> MakeGate:
    """A gate over budgets in YAML and a generation."""

    def make(budgets: str = "", generation: Generation | None = None, **more: Any) -> Gate:  # noqa: ANN401 - fields of a gate
        return Gate(**{
            "engine": engine,
            "store": store,
            "lake": PublishedLake(tmp_path / "lake", store, generation),
            "warehouse": warehouse,
            "clock": lambda: NOW,
            "ownership": OWNERSHIP,
            "budgets": parse_budgets(budgets) if budgets else NONE,
            **more,
        })  # fmt: skip

    return make


@pytest.fixture
def ledger(generation: Generation, warehouse: Warehouse) -> MakeLedger:
    """Budgets in YAML measured by the book."""

    def make(budgets: str, forecasts: Months | None = None) -> Ledger:
        read: Budgets = parse_budgets(budgets)
        return Ledger(budgets=read, generation=generation, warehouse=warehouse, forecasts=forecasts or {}, today=date(2026, 7, 21))

    return make


def reckoned(bill: duckdb.DuckDBPyConnection, where: str) -> Decimal:
    """A sum of effective cost, by hand."""
    row = bill.execute(f"SELECT coalesce(sum(EffectiveCost), 0) FROM bill WHERE {where}").fetchone()
    assert row is not None
    return Decimal(row[0])
