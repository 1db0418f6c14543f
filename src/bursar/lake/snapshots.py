"""Snapshots: a whole billing period of one source, immutable, with its sums; and their rows in the store."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import cast

import sqlalchemy as sa

from bursar.domain.money import plain, total
from bursar.domain.periods import stamp
from bursar.store import schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """The four costs of one currency."""

    billed: Decimal
    effective: Decimal
    list: Decimal
    contracted: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotFile:
    """One file of a snapshot: its path below the lake, the table it holds and the days it spans."""

    path: str
    table: str
    rows: int
    bytes: int
    sha256: str
    min_day: date | None = None
    max_day: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What a layer holds of one (source, billing period). `exported_at` is its place among deliveries."""

    id: str
    layer: str
    source: str
    period: str
    format: str
    role: str
    state: str
    input_ids: tuple[str, ...] = ()
    code_digest: str = ""
    rows: int = 0
    files: tuple[SnapshotFile, ...] = ()
    sums: Mapping[str, Sums] = field(default_factory=dict[str, Sums])
    detail: Mapping[str, object] = field(default_factory=dict[str, object])
    exported_at: datetime | None = None
    seen_at: datetime
    landed_at: datetime | None = None
    published_at: datetime | None = None

    @property
    def order(self) -> datetime:
        """The provider's order among deliveries; arrival where the provider says nothing. The same bytes exported later count as that."""
        first = self.exported_at or self.landed_at or self.seen_at
        again = _moment(self.detail.get("again_at"))
        return max(first, again) if again else first

    def to(self, state: str) -> "Snapshot":
        """The same snapshot in another state."""
        return replace(self, state=state)


def confirmed(snapshot: Snapshot, at: datetime) -> Snapshot:
    """The same snapshot, exported again at a moment without a change."""
    return replace(snapshot, detail={**snapshot.detail, "again_at": stamp(at)})


def to_row(snapshot: Snapshot) -> dict[str, object]:
    """The snapshot as its store row (and as its manifest on disk)."""
    moments = {name: _text(getattr(snapshot, name)) for name in ("exported_at", "seen_at", "landed_at", "published_at")}
    return {
        "id": snapshot.id,
        "layer": snapshot.layer,
        "source": snapshot.source,
        "billing_period": snapshot.period,
        "format": snapshot.format,
        "role": snapshot.role,
        "state": snapshot.state,
        "input_ids": list(snapshot.input_ids),
        "code_digest": snapshot.code_digest,
        "rows": snapshot.rows,
        "files": [json.loads(json.dumps(asdict(file), default=str)) for file in snapshot.files],
        "sums": sums_to_json(snapshot.sums),
        "detail": dict(snapshot.detail),
        **moments,
    }


def from_row(row: Mapping[str, object]) -> Snapshot:
    """The snapshot a store row or manifest tells of."""
    return Snapshot(
        id=str(row["id"]),
        layer=str(row["layer"]),
        source=str(row["source"]),
        period=str(row["billing_period"]),
        format=str(row["format"]),
        role=str(row["role"]),
        state=str(row["state"]),
        input_ids=tuple(cast("list[str]", row["input_ids"])),
        code_digest=str(row["code_digest"]),
        rows=cast("int", row["rows"]),
        files=tuple(_file(entry) for entry in cast("list[dict[str, object]]", row["files"])),
        sums=sums_from_json(row["sums"]),
        detail=cast("dict[str, object]", row["detail"]),
        exported_at=_moment(row["exported_at"]),
        seen_at=datetime.fromisoformat(str(row["seen_at"])),
        landed_at=_moment(row["landed_at"]),
        published_at=_moment(row["published_at"]),
    )


def sums_from_json(sums: object) -> dict[str, Sums]:
    """Sums per currency as `sums_to_json` wrote them; none for None."""
    told = cast("dict[str, dict[str, str]] | None", sums) or {}
    return {currency: Sums(**{name: Decimal(value) for name, value in four.items()}) for currency, four in told.items()}


def sums_to_json(sums: Mapping[str, Sums]) -> dict[str, dict[str, str]]:
    """Sums per currency with decimals as plain strings."""
    return {currency: {name: plain(value) for name, value in asdict(four).items()} for currency, four in sums.items()}


def record(connection: sa.Connection, snapshot: Snapshot) -> None:
    """Write a snapshot's row, or bring it up to date."""
    row = to_row(snapshot)
    done = connection.execute(schema.snapshot.update().where(schema.snapshot.c.id == snapshot.id).values(**row))
    if not done.rowcount:
        connection.execute(schema.snapshot.insert().values(**row))


def find(connection: sa.Connection, snapshot_id: str) -> Snapshot | None:
    """The snapshot of that id."""
    row = connection.execute(sa.select(schema.snapshot).where(schema.snapshot.c.id == snapshot_id)).mappings().first()
    return from_row(dict(row)) if row else None


def select(connection: sa.Connection, *, newest_first: bool = False, **where: str) -> list[Snapshot]:
    """Snapshots by column values, in the provider's order (`exported_at`, then landing)."""
    table = schema.snapshot
    query = sa.select(table).where(*(table.c[column] == value for column, value in where.items()))
    rows = connection.execute(query.order_by(table.c.exported_at, table.c.landed_at, table.c.id)).mappings()
    found = [from_row(dict(row)) for row in rows]
    return found[::-1] if newest_first else found


def last_before(connection: sa.Connection, place: Snapshot, moment: datetime) -> Snapshot | None:
    """The newest FOCUS snapshot of a snapshot's place that was exported by a moment and not held back."""
    table = schema.snapshot
    mine = (table.c.layer == "focus", table.c.source == place.source, table.c.billing_period == place.period)
    query = sa.select(table).where(*mine, table.c.exported_at <= stamp(moment), table.c.state.in_(("live", "superseded")))
    row = connection.execute(query.order_by(table.c.exported_at.desc(), table.c.landed_at.desc()).limit(1)).mappings().first()
    return from_row(dict(row)) if row else None


def live(connection: sa.Connection, layer: str) -> dict[tuple[str, str], Snapshot]:
    """The live snapshot of every (source, billing period) of a layer."""
    joined = sa.select(schema.snapshot).join(schema.member, schema.member.c.snapshot_id == schema.snapshot.c.id)
    rows = connection.execute(joined.where(schema.member.c.layer == layer, schema.member.c.gen_to.is_(None))).mappings()
    return {(found.source, found.period): found for found in (from_row(dict(row)) for row in rows)}


def merge_sums(parts: Iterable[Mapping[str, Sums]]) -> dict[str, Sums]:
    """Sums per currency over several snapshots."""
    result: dict[str, Sums] = {}
    for part in parts:
        for currency, four in part.items():
            old = result.get(currency)
            result[currency] = (
                four
                if old is None
                else Sums(
                    billed=total((old.billed, four.billed)),
                    effective=total((old.effective, four.effective)),
                    list=total((old.list, four.list)),
                    contracted=total((old.contracted, four.contracted)),
                )
            )
    return result


def _file(entry: Mapping[str, object]) -> SnapshotFile:
    return SnapshotFile(
        path=str(entry["path"]),
        table=str(entry["table"]),
        rows=cast("int", entry["rows"]),
        bytes=cast("int", entry["bytes"]),
        sha256=str(entry["sha256"]),
        min_day=_day(entry.get("min_day")),
        max_day=_day(entry.get("max_day")),
    )


def _day(text: object) -> date | None:
    return date.fromisoformat(str(text)) if text else None


def _text(moment: datetime | None) -> str | None:
    return moment and stamp(moment)


def _moment(text: object) -> datetime | None:
    return datetime.fromisoformat(str(text)) if text else None
