"""A store with incidents and alerts written as their rooms write them, and a configuration with owners."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa

from bursar.config import Config
from bursar.domain.canonical import canonical
from bursar.store import journal, outbox, schema
from bursar.store.database import open_store
from bursar.store.outbox import Row
from bursar.triage.tell import Told, tell

NOW = datetime(2026, 11, 10, 6, tzinfo=UTC)
OWNERS = {"payments": {"slack": "#payments-cost"}, "ml": {}}
SLACK: dict[str, Any] = {"slack": {"token": "xoxb-1", "default": "#finops"}}


def days(*, first: str = "2026-10-05", count: int = 36) -> list[dict[str, str | None]]:
    """The chart's days as detection writes them: calm, then twice as much."""
    start = date.fromisoformat(first)
    return [
        {
            "day": str(start + timedelta(days=n)),
            "actual": None if n == 9 else str(100 + n % 7 if n < count - 7 else 240),
            "expected": str(100 + n % 7),
            "lo": "80",
            "hi": "120",
            "status": "closed",
            "score": "0",
        }
        for n in range(count)
    ]


class Desk(NamedTuple):
    """Writes rows as other rooms do, triages, and reads what came of it."""

    store: sa.Engine
    config: Config

    def incident(self, ident: str = "a1", **changes: Any) -> None:  # noqa: ANN401 - columns
        """Write or overwrite an incident."""
        row: dict[str, Any] = {
            "id": ident, "scope": {"team": "payments", "service": "checkout"}, "direction": "up", "kind": "cost", "severity": "S2",
            "status": "open", "onset": "2026-11-03", "last_day": "2026-11-09", "opened_at": "2026-11-10T00:00:00Z", "closed_at": None,
            "expected": "792.4", "actual": "1204.5", "excess": "412.1", "currency": "USD", "score": "2.5", "owner": "payments", "generation": 3,
            "detail": {
                "severity_rule": "at least $250",
                "causes": [
                    {"scope": {"provider": "aws", "service_name": f"EC2 {ident}"}, "share": "0.62", "excess": "255.5", "currency": "USD"},
                    *({"scope": {"region_id": str(n)}, "share": "0.1", "excess": "41", "currency": "USD"} for n in range(3)),
                ],
                "folded": [{"scope": {}}, {"scope": {}}],
                "days": days(),
                "command": "bursar costs --granularity day --window 2026-10-20..2026-11-10",
            },
        }  # fmt: skip
        row |= changes
        with self.store.begin() as connection:
            connection.execute(schema.incident.delete().where(schema.incident.c.id == ident))
            connection.execute(schema.incident.insert().values(**row))

    def alert(self, **changes: Any) -> None:  # noqa: ANN401 - columns
        """Write or overwrite a budget alert."""
        row: dict[str, Any] = {
            "budget": "payments-prod", "rule": "threshold:0.8:actual", "period": "2026-11-01", "severity": "medium", "status": "open",
            "opened_at": "2026-11-10T00:00:00Z", "cleared_at": None, "generation": 3,
            "detail": {"owner": "payments", "amount": "42000", "actual": "35000", "currency": "USD", "p_breach": "0.83"},
        }  # fmt: skip
        row |= changes
        with self.store.begin() as connection:
            connection.execute(schema.budget_alert.delete().where(schema.budget_alert.c.rule == row["rule"]))
            connection.execute(schema.budget_alert.insert().values(**row))

    def grant(self, ident: str = "e1", **changes: Any) -> None:  # noqa: ANN401 - columns
        """Grant an exception."""
        row: dict[str, Any] = {
            "id": ident, "rule": "BRS-ANO-001", "resource": "*", "scope": "team = 'payments'", "owner": "payments", "approver": "ben",
            "reason": "load test", "created": "2026-11-01T00:00:00Z", "expires": "2026-12-01T00:00:00Z",
        }  # fmt: skip
        row |= changes
        with self.store.begin() as connection:
            connection.execute(schema.exception_grant.insert().values(**row))

    def plan(self, digest: str, *, resource: str, made: str = "2026-11-02", expires: str = "2026-12-01") -> None:
        """A plan that changes one resource."""
        row = {"digest": digest, "body": canonical({"changes": [{"resource": {"id": resource}}]}), "playbook": "p", "maker": "m"}
        row |= {"status": "proposed", "made_at": f"{made}T00:00:00Z", "expires_at": f"{expires}T00:00:00Z"}
        with self.store.begin() as connection:
            connection.execute(schema.plan.insert().values(**row))

    def tell(self, *, days: int = 0) -> Told:
        """Triage, so many days later."""
        with self.store.begin() as connection:
            return tell(connection, config=self.config, now=NOW + timedelta(days=days))

    def rows(self) -> list[Row]:
        """Everything asked for, in order."""
        with self.store.connect() as connection:
            return outbox.select(connection)

    def sent(self) -> None:
        """Every message arrives, in order."""
        for row in self.rows():
            if row.state == "ready":
                with self.store.begin() as connection:
                    claimed = outbox.claim(connection, ["slack", "console"], now=NOW + timedelta(days=9), pace=outbox.Pace())
                    assert claimed
                    outbox.settle(connection, claimed, receipt={"ts": claimed.key}, now=NOW, adopted=False, actor="bursar")

    def entries(self) -> list[str]:
        """The journal's kinds, of a whole chain."""
        with self.store.connect() as connection:
            assert journal.first_broken(connection) is None
            return list(connection.execute(sa.select(schema.journal.c.kind).order_by(schema.journal.c.seq)).scalars())


Open = Callable[..., Desk]


@pytest.fixture
def open_desk() -> Open:
    """A desk with these channels configured."""

    def made(channels: dict[str, Any]) -> Desk:
        return Desk(open_store("sqlite://"), Config.model_validate({"owners": OWNERS, "channels": channels}))

    return made


@pytest.fixture
def desk(open_desk: Open) -> Desk:
    """A desk with Slack."""
    return open_desk(SLACK)
