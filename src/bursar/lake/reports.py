"""What the store tells about the data itself: how it stands to the invoices, what came when, what is held back.

Everything here is read from the operational database; no file of the lake is opened.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import cast

import sqlalchemy as sa

from bursar.lake import snapshots
from bursar.lake.snapshots import Snapshot, Sums
from bursar.store import schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """One step of the waterfall from our lines to the invoice: what it is, how much, and what proves it."""

    name: str
    amount: Decimal
    proof: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """How one invoice stands to the lines that meet it. `difference` = billed − invoice; None where there is no invoice."""

    provider: str
    billing_account_id: str
    invoice_id: str
    invoice_key: str
    issuer: str
    billing_period: str
    currency: str
    billed_cost: Decimal
    invoice_total: Decimal | None
    difference: Decimal | None
    difference_ratio: Decimal | None
    unexplained: Decimal | None
    status: str
    lines: int
    waterfall: tuple[Bucket, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Something that arrived, and what became of it, as `ingestion.outcomes` names it."""

    seq: int
    seen_at: datetime
    name: str
    source: str | None
    format: str | None
    period: str | None
    snapshot_id: str | None
    exported_at: datetime | None
    outcome: str
    rows: int | None
    bytes: int | None
    sums: Mapping[str, Sums]
    cause: str | None
    cure: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How old a source's live data is: its newest export, newest charge day's period, and when it was published."""

    source: str
    format: str
    newest_period: str
    exported_at: datetime | None
    landed_at: datetime | None
    published_at: datetime | None
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One snapshot in a period's history, with its change against the one published before it (None for the first)."""

    source: str
    period: str
    snapshot_id: str
    state: str
    exported_at: datetime | None
    landed_at: datetime | None
    published_at: datetime | None
    gen_from: int | None
    gen_to: int | None
    rows: int
    sums: Mapping[str, Sums]
    rows_change: int | None
    change: Mapping[str, Sums] | None


def reconciliation(store: sa.Engine, *, n: int, period: str | None = None) -> list[Reconciled]:
    """Every invoice key of a generation (of one billing period, or of all, newest first)."""
    table = schema.reconciliation
    newest = (
        sa.select(table.c.billing_period, sa.func.max(table.c.n).label("n"))
        .where(table.c.n <= n)
        .group_by(table.c.billing_period)
        .subquery()
    )
    query = sa.select(table).join(newest, (table.c.billing_period == newest.c.billing_period) & (table.c.n == newest.c.n))
    if period:
        query = query.where(table.c.billing_period == period)
    with store.connect().execution_options(read_only=True) as connection:
        found = connection.execute(query.order_by(table.c.billing_period.desc())).mappings().all()
    return [reconciled_from_json(row) for entry in found for row in entry["rows"]]


def deliveries(store: sa.Engine, *, limit: int = 200) -> list[Delivery]:
    """The newest deliveries, newest first."""
    table = schema.delivery
    with store.connect().execution_options(read_only=True) as connection:
        rows = connection.execute(sa.select(table).order_by(table.c.seq.desc()).limit(limit)).mappings().all()
    return [_delivery(row) for row in rows]


def quarantine(store: sa.Engine) -> list[Delivery]:
    """What is held back or was refused and has not been mended by a later delivery of the same name or place, newest first."""
    held: list[Delivery] = []
    settled: set[tuple[str | None, str | None]] = set()
    later: defaultdict[str, set[str | None]] = defaultdict(set)
    for delivery in deliveries(store, limit=1000):
        if (delivery.source, delivery.period) in settled or _again(delivery, later):
            continue
        later[delivery.name].add(delivery.period)
        if delivery.outcome in {"quarantined", "refused"}:
            held.append(delivery)
        elif delivery.outcome == "published" and delivery.source:
            settled.add((delivery.source, delivery.period))
    return held


def _again(delivery: Delivery, later: Mapping[str, Collection[str | None]]) -> bool:
    """Whether the same thing came later: the same file, and of one that holds several periods the same period."""
    periods = later.get(delivery.name, ())
    return bool(periods) and (delivery.period is None or delivery.period in periods or None in periods)


def freshness(store: sa.Engine) -> list[Freshness]:
    """One row per live source, by name."""
    with store.connect().execution_options(read_only=True) as connection:
        living = snapshots.live(connection, "focus")
    newest: dict[str, Snapshot] = {}
    for snapshot in sorted(living.values(), key=lambda item: item.period):
        newest[snapshot.source] = snapshot
    return [
        Freshness(
            source=source,
            format=snapshot.format,
            newest_period=snapshot.period,
            exported_at=snapshot.exported_at,
            landed_at=snapshot.landed_at,
            published_at=snapshot.published_at,
            rows=snapshot.rows,
        )
        for source, snapshot in sorted(newest.items())
    ]


def history(store: sa.Engine, *, period: str | None = None) -> list[Version]:
    """Every FOCUS snapshot ever made of a period (or of all), in the provider's order, with what each changed."""
    with store.connect().execution_options(read_only=True) as connection:
        found = [one for one in snapshots.select(connection, layer="focus") if period in {None, one.period}]
        spans = {
            row.snapshot_id: (row.gen_from, row.gen_to)
            for row in connection.execute(sa.select(schema.member).order_by(schema.member.c.gen_from))
        }
    before: dict[tuple[str, str], Snapshot] = {}
    versions: list[Version] = []
    for snapshot in found:
        last = before.get((snapshot.source, snapshot.period))
        versions.append(_version(snapshot, last, spans.get(snapshot.id, (None, None))))
        if snapshot.id in spans:
            before[snapshot.source, snapshot.period] = snapshot
    return versions


def restatements(store: sa.Engine) -> list[Version]:
    """Published snapshots that replaced an earlier one of the same place, newest first."""
    return [version for version in history(store) if version.change is not None and version.gen_from is not None][::-1]


def reconciled_from_json(row: Mapping[str, object]) -> Reconciled:
    """A reconciliation row as ingestion stored it."""
    steps = cast("list[dict[str, str]]", row["waterfall"])
    return Reconciled(
        provider=str(row["provider"]),
        billing_account_id=str(row["billing_account_id"]),
        invoice_id=str(row["invoice_id"]),
        invoice_key=str(row["invoice_key"]),
        issuer=str(row["issuer"]),
        billing_period=str(row["billing_period"]),
        currency=str(row["currency"]),
        billed_cost=Decimal(str(row["billed_cost"])),
        invoice_total=_figure(row["invoice_total"]),
        difference=_figure(row["difference"]),
        difference_ratio=_figure(row["difference_ratio"]),
        unexplained=_figure(row["unexplained"]),
        status=str(row["status"]),
        lines=cast("int", row["lines"]),
        waterfall=tuple(Bucket(name=step["name"], amount=Decimal(step["amount"]), proof=step["proof"]) for step in steps),
    )


def _figure(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _version(snapshot: Snapshot, last: Snapshot | None, span: tuple[int | None, int | None]) -> Version:
    return Version(
        source=snapshot.source,
        period=snapshot.period,
        snapshot_id=snapshot.id,
        state=snapshot.state,
        exported_at=snapshot.exported_at,
        landed_at=snapshot.landed_at,
        published_at=snapshot.published_at,
        gen_from=span[0],
        gen_to=span[1],
        rows=snapshot.rows,
        sums=snapshot.sums,
        rows_change=snapshot.rows - last.rows if last else None,
        change=_change(last.sums, snapshot.sums) if last else None,
    )


def _change(old: Mapping[str, Sums], new: Mapping[str, Sums]) -> dict[str, Sums]:
    nothing = Sums(billed=Decimal(0), effective=Decimal(0), list=Decimal(0), contracted=Decimal(0))
    result: dict[str, Sums] = {}
    for currency in sorted({*old, *new}):
        a, b = old.get(currency, nothing), new.get(currency, nothing)
        result[currency] = Sums(
            billed=b.billed - a.billed, effective=b.effective - a.effective, list=b.list - a.list, contracted=b.contracted - a.contracted
        )
    return result


def _delivery(row: sa.RowMapping) -> Delivery:
    return Delivery(
        seq=row["seq"],
        seen_at=datetime.fromisoformat(row["seen_at"]),
        name=row["name"],
        source=row["source"],
        format=row["format"],
        period=row["billing_period"],
        snapshot_id=row["snapshot_id"],
        exported_at=datetime.fromisoformat(row["exported_at"]) if row["exported_at"] else None,
        outcome=row["outcome"],
        rows=row["rows"],
        bytes=row["bytes"],
        sums=snapshots.sums_from_json(row["sums"]),
        cause=row["cause"],
        cure=row["cure"],
    )
