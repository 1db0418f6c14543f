"""A published estate with decisions, budgets and exceptions, served with keys: what tests of who may see what share."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
import sqlalchemy as sa
from e2e.made import make_house
from fastapi import FastAPI
from fastapi.testclient import TestClient

from bursar.acting import Acting
from bursar.config import Config
from bursar.domain.periods import stamp
from bursar.lake.generations import Lake
from bursar.ports import Clock, Warehouse
from bursar.store import keys, schema
from bursar.surfaces.api.app import create_app
from bursar.surfaces.principal import read_scope

NOW = datetime(2026, 11, 18, 5, 40, tzinfo=UTC)
BUDGETS = """
- {id: usd, scope: "currency = 'USD'", currency: USD, amounts: {default: 120000}}
- {id: payments, parent: usd, owner: payments, scope: "team = 'payments'", currency: USD, amounts: {default: 30000}}
- {id: payments-prod, parent: payments, scope: "env = 'prod'", currency: USD, amounts: {default: 20000}}
- {id: ml, parent: usd, scope: "team IN ('ml')", currency: USD, amounts: {default: 9000}}
- {id: gcp, scope: "provider = 'gcp' AND service_name LIKE 'Cloud%'", currency: USD, amounts: {default: 9000}}
"""
EXCEPTIONS = """
- {id: pay-dev, rule: BRS-TAG-001, resource: "*", scope: "team = 'payments' AND env = 'dev'", owner: platform, approver: ana, reason: moves, created: 2026-11-01, expires: 2026-12-01}
- {id: of-search, rule: BRS-TAG-001, resource: "*", scope: "provider = 'aws'", owner: search, approver: ana, reason: moves, created: 2026-11-01, expires: 2026-12-01}
- {id: nobodys, rule: BRS-TAG-001, resource: "i-0a1", owner: platform, approver: ana, reason: moves, created: 2026-11-01, expires: 2026-12-01}
"""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Served:
    """A house as the server has it."""

    config: Config
    store: sa.Engine
    lake: Lake
    warehouse: Warehouse
    clock: Clock
    acting: Acting

    def key(self, role: str, scope: str | None = None, *, name: str | None = None, expires: datetime | None = None) -> str:
        """The text of a new key, named after its role."""
        wish = keys.Wish(subject=name or f"{role}-key", role=role, scope=read_scope(scope) if scope else None, expires=expires)
        with self.store.begin() as connection:
            return keys.create(connection, wish, actor="test", now=NOW)[1]

    def client(self, key: str | None = None, *, is_local: bool = True) -> TestClient:
        """A client that sends this key, or none. All of them meet one application, with what it keeps."""
        api = _application(self, is_local=is_local)
        sent = {"Authorization": f"Bearer {key}"} if key else {}
        return TestClient(api, base_url="http://127.0.0.1", headers=sent, raise_server_exceptions=False, follow_redirects=False)

    def journal(self, kind: str) -> list[dict[str, Any]]:
        """Actor and payload of every entry of a kind."""
        query = (
            sa.select(schema.journal.c.actor, schema.journal.c.payload).where(schema.journal.c.kind == kind).order_by(schema.journal.c.seq)
        )
        with self.store.connect() as connection:
            return [{"actor": actor, **json.loads(payload)} for actor, payload in connection.execute(query)]


@lru_cache(maxsize=8)
def _application(house: Served, *, is_local: bool) -> FastAPI:
    return create_app(house, acting=lambda: house.acting, is_local=is_local)


def lay_out(home: Path, *, filled: bool) -> None:
    """The estate's state and project, to be copied."""
    made = make_house(home, filled=filled)
    if not filled:
        from e2e.decided import decide  # noqa: PLC0415 - as make_house does for a filled one

        decide(made.store, home / "lake")
    with made.store.begin() as connection:
        settled = {"at": stamp(NOW - timedelta(days=5)), "snapshot": "snap-1"}
        connection.execute(schema.change.update().where(schema.change.c.state == "done").values(outcome=settled))
    made.store.dispose()
    _forecasts(home / "lake" / "scores" / "g2" / "forecast_month.parquet")
    (home / "bursar.yaml").write_text("version: 1\n")
    (home / "budgets.yaml").write_text(BUDGETS)
    (home / "exceptions.yaml").write_text(EXCEPTIONS)


def _forecasts(file: Path) -> None:
    """The month of the estate, of two teams, and of a budget."""
    usage = "charge_category = 'Usage' AND charge_class IS NULL AND currency = 'USD'"
    scopes = [
        ("estate/USD", usage),
        ("team/payments/USD", f"{usage} AND team = 'payments'"),
        ("team/ml/USD", f"{usage} AND team = 'ml'"),
        ("payments-prod", "env = 'prod' AND team = 'payments' AND currency = 'USD'"),
    ]
    rows = ", ".join(
        "(?, ?, DATE '2026-11-01', 'USD', DATE '2026-11-16', ?::DECIMAL(38,12), ?::DECIMAL(38,12)[], 'made up')" for _ in scopes
    )
    quantiles = [Decimal(20000 + percent) for percent in range(1, 100)]
    values = [value for place, (name, scope) in enumerate(scopes) for value in (name, scope, Decimal(17000 + place), quantiles)]
    file.unlink()
    columns = "scope_id, scope, period, currency, as_of, actual, quantiles, method"
    db = duckdb.connect()
    db.execute(f"CREATE TABLE f AS SELECT * FROM (VALUES {rows}) t({columns})", values)
    db.execute(f"COPY f TO '{file}' (FORMAT parquet)")


def opened(home: Path) -> Served:
    """The house over a state folder that `lay_out` made."""
    made = make_house(home, filled=False)
    return Served(
        config=Config(home=home, project=home), store=made.store, lake=made.lake, warehouse=made.warehouse, clock=made.clock, acting=made.acting
    )  # fmt: skip
