"""What became of a delivery, told to whoever delivered it and kept for Data health."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

import sqlalchemy as sa

from bursar.domain.periods import stamp
from bursar.domain.wording import count
from bursar.ingestion.deliveries import Dating, Fault
from bursar.lake.snapshots import Snapshot, Sums, sums_to_json
from bursar.store.schema import delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One delivery's fate for one billing period.

    `outcome`: published · staged (passed, waits for the flip) · unchanged (known already; a cause says that it is not what is
    shown) · recorded (older than the live one) · waiting (for its manifest) · quarantined (a bill that is wrong; cause and cure
    say how) · refused (not a bill we know).
    """

    name: str
    outcome: str
    format: str | None = None
    source: str | None = None
    period: str | None = None
    snapshot_id: str | None = None
    exported_at: datetime | None = None
    rows: int | None = None
    bytes: int | None = None
    sums: Mapping[str, Sums] = field(default_factory=dict[str, Sums])
    unknown: Sequence[str] = ()
    cause: str | None = None
    cure: str | None = None


def outcome_of(snapshot: Snapshot, outcome: str, *, name: str, size: int) -> Outcome:
    """The outcome of a snapshot, with what was in it and not understood."""
    types = cast("list[dict[str, object]]", snapshot.detail.get("charge_types", []))
    strange = [
        f"charge type {kind['x_SourceChargeType']!r}: {count(cast('int', kind['rows']), 'row')}, "
        f"{kind['BillingCurrency']} {kind['billed']}, kept as {kind['ChargeCategory']}"
        for kind in types
        if not kind["known"]
    ]
    return Outcome(
        name=name,
        outcome=outcome,
        format=snapshot.format,
        source=snapshot.source,
        period=snapshot.period,
        snapshot_id=snapshot.id,
        exported_at=snapshot.exported_at,
        rows=snapshot.rows,
        bytes=size,
        sums=snapshot.sums,
        unknown=(*strange, *cast("list[str]", snapshot.detail.get("conformance", []))),
    )


def passed_over(snapshot: Snapshot, shown: Snapshot) -> Fault:
    """Why a delivery is not shown, what is shown in its place, and how to make it the one that is."""
    name = str(shown.detail.get("name") or "another delivery")
    if snapshot.order == shown.order:
        why = f"{name} is as new and came later"
    else:
        why = f"{name} is newer ({_dated(shown)}, this one {_dated(snapshot)})"
    cure = "Nothing needs doing. If this one is right after all, deliver it anew: the newest is shown."
    if snapshot.detail.get("dated") == "rows":
        mine = str(snapshot.detail.get("name"))
        mine = mine if _PLAIN.fullmatch(mine) else "FILE"
        cure = f"If this one is right, say when it was exported, after {_at(shown)}: bursar ingest --exported-at YYYY-MM-DD {mine}"
    return Fault(cause=f"kept in the history, not shown: {why}", cure=cure)


_PLAIN = re.compile(r"[\w./-]+")
"""A name that a shell takes as it stands."""

_DATED: Mapping[Dating, str] = {"export": "exported {}", "rows": "newest row {}", "arrival": "came {}"}


def _dated(snapshot: Snapshot) -> str:
    """What gives a delivery its order."""
    return _DATED[cast("Dating", snapshot.detail.get("dated", "export"))].format(_at(snapshot))


def _at(snapshot: Snapshot) -> str:
    return f"{snapshot.order:%Y-%m-%d %H:%M} UTC"


def keep(connection: sa.Connection, outcomes: Sequence[Outcome], *, now: datetime) -> None:
    """Write outcomes to the book of deliveries."""
    for one in outcomes:
        connection.execute(
            delivery.insert().values(
                seen_at=stamp(now),
                name=one.name,
                source=one.source,
                format=one.format,
                billing_period=one.period,
                snapshot_id=one.snapshot_id,
                exported_at=stamp(one.exported_at) if one.exported_at else None,
                outcome=one.outcome,
                rows=one.rows,
                bytes=one.bytes,
                sums=sums_to_json(one.sums),
                cause=one.cause,
                cure=one.cure,
            )
        )


def arrivals(connection: sa.Connection) -> dict[str, int]:
    """When each snapshot last arrived, as a number in the book of deliveries."""
    last = sa.func.max(delivery.c.seq)
    query = sa.select(delivery.c.snapshot_id, last).where(delivery.c.snapshot_id.is_not(None)).group_by(delivery.c.snapshot_id)
    return {str(snapshot_id): int(seq) for snapshot_id, seq in connection.execute(query)}


def resolve(connection: sa.Connection, snapshot_id: str, outcome: str, *, cause: str | None = None, cure: str | None = None) -> None:
    """Turn the staged deliveries of a snapshot into what became of it. What was once held stays told as held."""
    mine = (delivery.c.snapshot_id == snapshot_id) & (delivery.c.outcome == "staged")
    connection.execute(delivery.update().where(mine).values(outcome=outcome, cause=cause, cure=cure))


def resolve_invoices(connection: sa.Connection) -> None:
    """Invoices that waited have been met with what is published."""
    waiting = (delivery.c.format == "invoice") & (delivery.c.outcome == "staged")
    connection.execute(delivery.update().where(waiting).values(outcome="published"))
