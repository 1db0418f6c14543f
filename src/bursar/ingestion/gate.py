"""The gate before publication: what is staged must not contradict its invoice, bill anything twice, or displace another's bill."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import cast

from bursar.ingestion.invoices import Invoice
from bursar.ingestion.outcomes import passed_over
from bursar.ingestion.reconcile import contradictions, keys_of, reconcile
from bursar.lake.snapshots import Snapshot

Place = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A staged snapshot that is not published, with the reason and what to do."""

    snapshot: Snapshot
    cause: str
    cure: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the gate decided of everything staged: published now, held with a reason, or passed over for a newer one."""

    passed: tuple[Snapshot, ...]
    held: tuple[Held, ...]
    late: tuple[Held, ...]


def gate(
    staged: Sequence[Snapshot], live: Mapping[Place, Snapshot], invoices: Sequence[Invoice], *, now: datetime, tolerance: Decimal
) -> Verdict:
    """Which staged snapshots go live beside what is live: of every place the newest that is right.

    `staged` comes in the provider's order. Where the newest is held the one before it is tried, down to the live one.
    """
    passed: dict[Place, Snapshot] = {}
    held: list[Held] = []
    late: list[Held] = []
    for snapshot in reversed(staged):
        place = (snapshot.source, snapshot.period)
        published = {**live, **passed}
        if place in passed or (place in live and snapshot.order < live[place].order):
            late.append(late_for(snapshot, published[place]))
        elif reason := (
            _displaces(snapshot, published.get(place))
            or _doubles(snapshot, published)
            or _contradicts(snapshot, published, invoices, now=now, tolerance=tolerance)
        ):
            held.append(reason)
        else:
            passed[place] = snapshot
    return Verdict(passed=tuple(passed.values()), held=tuple(held), late=tuple(late))


def late_for(snapshot: Snapshot, shown: Snapshot) -> Held:
    """A snapshot passed over for a newer one."""
    why = passed_over(snapshot, shown)
    return Held(snapshot=snapshot, cause=why.cause, cure=why.cure)


def _displaces(snapshot: Snapshot, live: Snapshot | None) -> Held | None:
    """Two accounts' exports of one name would take each other's place."""
    if live is None or not _accounts(live) or _accounts(snapshot) & _accounts(live):
        return None
    mine, theirs = (", ".join(sorted(account for _, account in _accounts(one))) for one in (snapshot, live))
    return Held(
        snapshot=snapshot,
        cause=f"{snapshot.source} {snapshot.period} holds the bill of {theirs}; this delivery of the same name is the bill of {mine}",
        cure="Give each account's export a name of its own.",
    )


def _doubles(snapshot: Snapshot, published: Mapping[Place, Snapshot]) -> Held | None:
    """One bill through two exports would be counted twice."""
    for (source, period), other in published.items():
        if source == snapshot.source or period != snapshot.period:
            continue
        if shared := sorted(_accounts(snapshot) & _accounts(other)):
            return Held(
                snapshot=snapshot,
                cause=f"{snapshot.period} of billing account {shared[0][1]} is already published from {source}; "
                f"{snapshot.source} would count it twice",
                cure="Deliver each bill through one export. To change over, start the new export with a month the old one does not hold.",
            )
    return None


def _contradicts(
    snapshot: Snapshot, published: Mapping[Place, Snapshot], invoices: Sequence[Invoice], *, now: datetime, tolerance: Decimal
) -> Held | None:
    mine = [one for (source, period), one in published.items() if period == snapshot.period and source != snapshot.source]
    theirs = [invoice for invoice in invoices if invoice.first.billing_period == snapshot.period]
    rows = reconcile([*mine, snapshot], theirs, now=now, tolerance=tolerance)
    off = contradictions(rows, keys_of(snapshot))
    if not off:
        return None
    worst = max(off, key=lambda row: abs(Decimal(str(row["unexplained"]))))
    return Held(
        snapshot=snapshot,
        cause=f"contradicts invoice {worst['invoice_id']}: {worst['currency']} {worst['billed_cost']} against {worst['invoice_total']}, "
        f"{worst['unexplained']} unexplained (more than {tolerance:.0%})",
        cure="Check that the export is complete and the invoice right, then deliver either again. What was published stays.",
    )


def _accounts(snapshot: Snapshot) -> set[tuple[str, str]]:
    """(provider, billing account) pairs a snapshot bills."""
    entries = cast("list[dict[str, object]]", snapshot.detail.get("invoices", []))
    return {(str(entry["x_Provider"]), str(entry["BillingAccountId"])) for entry in entries}
