"""`exceptions` as a listing: every exception, whether it counts, what it has cost (`schemas/exceptions.json`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from bursar.domain.money import plain
from bursar.domain.periods import stamp
from bursar.exception_registry import Grant, Registry, cost_of, load
from bursar.exception_registry.grants import document
from bursar.exception_registry.requests import Request
from bursar.query.filters import Filter, parse, to_text
from bursar.surfaces.documents import Document, Listing, objects
from bursar.surfaces.gating.document import finding, text

if TYPE_CHECKING:
    from bursar.loop import Bursar

COLUMNS = (
    "id", "rule", "resource", "scope", "owner", "approver", "reason", "ticket", "created", "expires", "max_monthly_cost", "currency",
    "origin", "applies",
)  # fmt: skip


ASKED = ("id", "rule", "resource", "scope", "owner", "reason", "ticket", "expires", "max_monthly_cost", "currency")
REQUESTS = (*ASKED, "requested_by", "requested_at")

Costs = Mapping[str, Mapping[str, Decimal]]
"""What exceptions have cost to date, by id and currency."""


def counted(app: Bursar, *, cut: Callable[[Filter | None], Filter | None] = lambda chosen: chosen) -> tuple[Registry, Costs]:
    """Every exception with what is to be said of it, and what it has cost on the rows that `cut` leaves of its scope."""
    head, now, file, owners = app.lake.head(), app.clock(), app.config.file("exceptions.yaml"), tuple(app.config.owners)
    with app.store.connect().execution_options(read_only=True) as connection:
        every = load(connection, now=now, file=file, owners=owners).grants
    month = f"{now:%Y-%m}-01"
    monthly = {one.id: cost_of(one, since=month, generation=head, warehouse=app.warehouse) for one in every}
    ever = {one.id: cost_of(_cut(one, cut), since=f"{one.created:%Y-%m-%d}", generation=head, warehouse=app.warehouse) for one in every}
    with app.store.connect().execution_options(read_only=True) as connection:
        return load(connection, now=now, file=file, owners=owners, monthly=monthly), ever


def _cut(one: Grant, cut: Callable[[Filter | None], Filter | None]) -> Grant:
    left = cut(parse(one.scope) if one.scope else None)
    return replace(one, scope=to_text(left) if left else None)


def exceptions_listing(registry: Registry, costs: Costs) -> Listing:
    """Every exception of file and store, with what its cost to date is by currency (None: the bill knows none)."""
    applying = {one.id for one in registry.applying()}
    rows = [_row(one, applies=one.id in applying) for one in registry.grants]
    told: list[Document] = []
    for row, one in zip(rows, registry.grants, strict=True):
        cost = [{"currency": name, "amount": text(value)} for name, value in sorted(costs.get(one.id, {}).items())]
        told.append({**dict(zip(COLUMNS, row, strict=True)), "cost_to_date": cost or None})
    return Listing(document={"rows": told, "findings": [finding(one) for one in registry.findings]}, columns=COLUMNS, rows=rows)


def requests_listing(found: Iterable[Request]) -> Listing:
    """Exceptions that were asked for and not answered (`schemas/requests.json`)."""
    rows = [(*(document(one.wish)[name] for name in ASKED), one.by, one.at) for one in found]
    return Listing(document={"rows": objects(REQUESTS, rows)}, columns=REQUESTS, rows=rows)


def _row(one: Grant, *, applies: bool) -> tuple[object, ...]:
    cap = None if one.max_monthly_cost is None else plain(one.max_monthly_cost)
    when = (stamp(one.created), stamp(one.expires))
    who = (one.owner, one.approver, one.reason, one.ticket)
    return (one.id, one.rule, one.resource, one.scope, *who, *when, cap, one.currency, one.origin, applies)
