"""The API over a small published book and an operational database in memory."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import served
import sqlalchemy as sa
from served import Served
from starlette.testclient import TestClient

from bursar.config import Config
from bursar.domain.errors import ConfigError
from bursar.lake.generations import Generation, Lake
from bursar.ports import Clock, Warehouse
from bursar.store import schema
from bursar.store.database import open_store, sqlite_url
from bursar.surfaces.api.app import create_app

NOW = datetime(2026, 7, 22, 6, tzinfo=UTC)


class Shelf(Lake):
    """A lake whose generations are laid before it."""

    def __init__(self, store: sa.Engine, *generations: Generation) -> None:
        super().__init__(Path("lake"), store)
        self.kept = {generation.n: generation for generation in generations}

    def head(self) -> Generation | None:
        """The newest."""
        return self.kept[max(self.kept)] if self.kept else None

    def generation(self, n: int) -> Generation:
        """One of them."""
        if n not in self.kept:
            raise ConfigError(f"there is no generation {n}")
        return self.kept[n]


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What the API needs."""

    lake: Shelf
    warehouse: Warehouse
    store: sa.Engine
    config: Config = field(default_factory=Config)
    clock: Clock = lambda: NOW


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> sa.Engine:
    """A database with an invoice, a delivery and a quarantined one."""
    engine = open_store(sqlite_url(tmp_path_factory.mktemp("store") / "bursar.sqlite"))
    at = "2026-07-21T06:00:00Z"
    waterfall = [{"name": "tax", "amount": "-1.50", "proof": "lines of category Tax"}]
    invoice = {
        "provider": "aws", "billing_account_id": "p0", "invoice_id": "INV-1", "invoice_key": "aws:2026-06", "issuer": "AWS",
        "billing_period": "2026-06", "currency": "USD", "billed_cost": "100.10", "invoice_total": "101.60", "difference": "-1.5",
        "difference_ratio": "-0.0147", "unexplained": "0", "status": "within_tolerance", "lines": 7, "waterfall": waterfall,
    }  # fmt: skip
    delivery = {"seen_at": at, "source": "src", "format": "focus", "billing_period": "2026-06", "rows": 7, "bytes": 100}
    with engine.begin() as connection:
        connection.execute(schema.reconciliation.insert().values(n=2, billing_period="2026-06", rows=[invoice]))
        connection.execute(schema.generation.insert().values(n=3, at=at, cause="ingest", data_as_of=at, journal_seq=1))
        connection.execute(schema.delivery.insert().values(**delivery, name="june.csv", outcome="published", snapshot_id="s1"))
        connection.execute(
            schema.delivery.insert().values(
                **{**delivery, "source": None}, name="=cmd.csv", outcome="quarantined", cause="it is torn", cure="send it again"
            )
        )
    return engine


@pytest.fixture(scope="session")
def house(generation: Generation, warehouse: Warehouse, store: sa.Engine) -> House:
    """A house with two generations, of which the older lacks July."""
    june = tuple(file for file in generation.files if file.period == "2026-06")
    older = replace(generation, n=2, at=datetime(2026, 7, 5, tzinfo=UTC), data_as_of=datetime(2026, 7, 4, tzinfo=UTC), files=june)
    return House(lake=Shelf(store, older, generation), warehouse=warehouse, store=store)


@pytest.fixture(scope="session")
def client(house: House) -> Iterator[TestClient]:
    """A client of the API; a fault of ours is answered, not raised."""
    with TestClient(create_app(house), raise_server_exceptions=False) as made:
        yield made


@pytest.fixture(scope="session")
def estate_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A filled estate with decisions, to be copied."""
    home = tmp_path_factory.mktemp("estate")
    served.lay_out(home, filled=True)
    return home


@pytest.fixture(scope="session")
def estate(estate_home: Path) -> Served:
    """The filled estate, for tests that change nothing but keys."""
    return served.opened(estate_home)


@pytest.fixture(scope="session")
def bare_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Decisions without a bill, to be copied."""
    home = tmp_path_factory.mktemp("bare")
    served.lay_out(home, filled=False)
    return home


@pytest.fixture
def desk(bare_home: Path, tmp_path: Path) -> Served:
    """Decisions without a bill, of one's own."""
    home = tmp_path / "home"
    shutil.copytree(bare_home, home)
    return served.opened(home)
