"""What triage reads of the store: incidents and budget alerts as other rooms wrote them, and plans that wait."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, cast

import sqlalchemy as sa

from bursar.domain.periods import stamp
from bursar.store import schema

LATELY = timedelta(days=45)
"""How long after its end an incident's message is still kept true."""

Json = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """An incident as detection wrote it; money of the days from `onset` to `last_day`, `excess` negative for a drop."""

    id: str
    scope: Mapping[str, str | None]
    direction: str
    kind: str
    severity: str
    status: str
    onset: str
    last_day: str
    expected: Decimal
    actual: Decimal
    excess: Decimal
    currency: str
    owner: str | None
    detail: Json

    @property
    def causes(self) -> Sequence[Json]:
        """Causes, the one with the most money first."""
        return rows_of(self.detail, "causes")

    @property
    def is_news(self) -> bool:
        """Whether somebody should hear of it first: it goes on, or it came and went between two looks at the bill."""
        return self.status == "open" or (self.status in {"closed", "settled"} and self.detail.get("is_news") is True)

    @property
    def cause(self) -> Mapping[str, object]:
        """The place the first cause names, in full; its own scope where no cause is known."""
        return {**self.scope, **mapping(self.causes[0].get("scope") if self.causes else None)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A budget's alert as the policies wrote it."""

    budget: str
    rule: str
    period: str
    severity: str
    status: str
    detail: Json


def incidents(connection: sa.Connection, *, now: datetime) -> list[Incident]:
    """What is open, and what ended lately, in the order it began."""
    table = schema.incident
    recent = table.c.closed_at >= stamp(now - LATELY)
    query = sa.select(table).where((table.c.status == "open") | recent).order_by(table.c.onset, table.c.id)
    return [_incident(row) for row in connection.execute(query).mappings()]


def alerts(connection: sa.Connection, *, now: datetime) -> list[Alert]:
    """Open alerts, and what was cleared lately."""
    table = schema.budget_alert
    recent = table.c.cleared_at >= stamp(now - LATELY)
    query = sa.select(table).where((table.c.status == "open") | recent).order_by(table.c.budget, table.c.rule, table.c.period)
    names = ("budget", "rule", "period", "severity", "status", "detail")
    return [Alert(**{name: row[name] for name in names}) for row in connection.execute(query).mappings()]


def waiting_plans(connection: sa.Connection, *, now: datetime) -> dict[str, str]:
    """The newest plan that would change each resource and still can be approved: resource id → digest."""
    table = schema.plan
    alive = table.c.status.in_(("proposed", "approved")) & (table.c.expires_at > stamp(now))
    query = sa.select(table.c.digest, table.c.body).where(alive).order_by(table.c.made_at, table.c.digest)
    return {resource: row.digest for row in connection.execute(query) for resource in _resources(row.body)}


def mapping(value: object) -> Mapping[str, object]:
    """A JSON object, empty where there is none."""
    return cast("Mapping[str, object]", value) if isinstance(value, Mapping) else {}


def rows_of(detail: Json, name: str) -> list[Json]:
    """A list of JSON objects, empty where there is none."""
    found = detail.get(name)
    return [mapping(item) for item in cast("Iterable[object]", found)] if isinstance(found, list | tuple) else []


def decimal(value: object) -> Decimal | None:
    """An amount from its text, None where there is none."""
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _incident(row: sa.RowMapping) -> Incident:
    told = dict(cast("Mapping[str, Any]", row))
    amounts: dict[str, Any] = {name: Decimal(told[name]) for name in ("expected", "actual", "excess")}
    names = ("id", "scope", "direction", "kind", "severity", "status", "onset", "last_day", "currency", "owner", "detail")
    return Incident(**{name: told[name] for name in names} | amounts)


def _resources(body: str) -> Iterable[str]:
    """The resources a plan would change, by their ids."""
    try:
        told = mapping(json.loads(body))
    except ValueError:  # edited by hand: it cannot be applied, and ends nothing
        return
    for change in rows_of(told, "changes"):
        resource = change.get("resource")
        ident = mapping(resource).get("id") or resource
        if isinstance(ident, str):
            yield ident
