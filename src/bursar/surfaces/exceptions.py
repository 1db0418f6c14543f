"""`exceptions` as a listing: every exception, whether it counts, what it has cost (`schemas/exceptions.json`)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from bursar.domain.money import plain
from bursar.domain.periods import stamp
from bursar.exception_registry import Grant, Registry
from bursar.surfaces.documents import Document, Listing
from bursar.surfaces.gating.document import finding, text

COLUMNS = (
    "id", "rule", "resource", "scope", "owner", "approver", "reason", "ticket", "created", "expires", "max_monthly_cost", "currency",
    "origin", "applies",
)  # fmt: skip


def exceptions_listing(registry: Registry, costs: Mapping[str, Mapping[str, Decimal]]) -> Listing:
    """Every exception of file and store, with what its cost to date is by currency (None: the bill knows none)."""
    applying = {one.id for one in registry.applying()}
    rows = [_row(one, applies=one.id in applying) for one in registry.grants]
    told: list[Document] = []
    for row, one in zip(rows, registry.grants, strict=True):
        cost = [{"currency": name, "amount": text(value)} for name, value in sorted(costs.get(one.id, {}).items())]
        told.append({**dict(zip(COLUMNS, row, strict=True)), "cost_to_date": cost or None})
    return Listing(document={"rows": told, "findings": [finding(one) for one in registry.findings]}, columns=COLUMNS, rows=rows)


def _row(one: Grant, *, applies: bool) -> tuple[object, ...]:
    cap = None if one.max_monthly_cost is None else plain(one.max_monthly_cost)
    when = (stamp(one.created), stamp(one.expires))
    who = (one.owner, one.approver, one.reason, one.ticket)
    return (one.id, one.rule, one.resource, one.scope, *who, *when, cap, one.currency, one.origin, applies)
