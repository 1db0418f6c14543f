"""Generations: which snapshots are the truth, as of when. One transaction flips from one to the next.

A reader takes a generation once and reads exactly its files; no later flip changes what it sees.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import sqlalchemy as sa

from bursar.domain.errors import ConfigError, Refused
from bursar.domain.periods import Period, stamp
from bursar.lake import snapshots
from bursar.lake.snapshots import Snapshot
from bursar.store import journal, schema


@dataclass(frozen=True, slots=True, kw_only=True)
class LakeFile:
    """One Parquet file of a generation. `table` is `cost_and_usage`, `unit_metric_daily` or a mart's name; days are UTC, both inclusive."""

    path: Path
    rows: int
    bytes: int
    min_day: date | None
    max_day: date | None
    period: str
    source: str
    snapshot_id: str
    table: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """One consistent state of everything published. `data_as_of` is the newest export in it, UTC."""

    n: int
    at: datetime
    data_as_of: datetime | None
    files: tuple[LakeFile, ...]

    def of(self, table: str, *, start: date | None = None, end: date | None = None, period: str | None = None) -> tuple[LakeFile, ...]:
        """The files of a table, pruned by charge days (`end` exclusive) and by billing period."""
        return tuple(
            file
            for file in self.files
            if file.table == table
            and (period is None or file.period == period)
            and not (start and file.max_day and file.max_day < start)
            and not (end and file.min_day and file.min_day >= end)
        )

    def periods(self) -> list[str]:
        """Billing periods that hold charges, oldest first."""
        return sorted({file.period for file in self.files if file.table == "cost_and_usage"})


class Lake:
    """The lake's files through the store's eyes."""

    def __init__(self, root: Path, store: sa.Engine) -> None:
        self.root = root
        self.store = store
        self._cache: dict[int, Generation] = {}

    def head(self) -> Generation | None:
        """The newest generation, or None while nothing was ever published."""
        with self.store.connect().execution_options(read_only=True) as connection:
            n = connection.execute(sa.select(schema.generation_head.c.n)).scalar_one()
        return self.generation(n) if n else None

    def at(self, moment: datetime) -> Generation | None:
        """The generation that was the newest at a moment, or None before the first."""
        with self.store.connect().execution_options(read_only=True) as connection:
            newest = sa.select(sa.func.max(schema.generation.c.n)).where(schema.generation.c.at <= stamp(moment))
            n = connection.execute(newest).scalar()
        return self.generation(n) if n else None

    def generation(self, n: int) -> Generation:
        """Generation `n`; raises ConfigError when there is no such one."""
        if n not in self._cache:
            self._cache = {**dict(list(self._cache.items())[-7:]), n: self._load(n)}
        return self._cache[n]

    def _load(self, n: int) -> Generation:
        with self.store.connect().execution_options(read_only=True) as connection:
            row = connection.execute(sa.select(schema.generation).where(schema.generation.c.n == n)).mappings().first()
            if row is None:
                raise ConfigError(f"there is no generation {n}", cure="List them with: bursar history")
            member = schema.member
            living = (member.c.gen_from <= n) & (member.c.gen_to.is_(None) | (member.c.gen_to > n))
            query = sa.select(schema.snapshot).join(member, member.c.snapshot_id == schema.snapshot.c.id).where(living)
            members = [snapshots.from_row(dict(found)) for found in connection.execute(query).mappings()]
        files = tuple(file for member_ in members for file in _lake_files(self.root, member_))
        as_of = row["data_as_of"]
        return Generation(n=n, at=_moment(row["at"]), data_as_of=_moment(as_of) if as_of else None, files=files)


def flip(
    connection: sa.Connection,
    *,
    now: datetime,
    actor: str,
    cause: str,
    put: Sequence[Snapshot],
    reconciliation: Mapping[str, Sequence[Mapping[str, object]]],
) -> int:
    """Make `put` live in place of what held their (layer, source, period); returns the new generation's number.

    Raises Refused when a mart was built from a bill or metric that is neither live nor flips now: another run published
    in between, and the marts must be built again.
    """
    at = stamp(now)
    n = _next(connection)
    for snapshot in put:
        _replace_member(connection, snapshot, n)
        snapshots.record(connection, replace(snapshot, state="live", published_at=now))
    _check_marts(connection)
    for period, rows in reconciliation.items():
        connection.execute(schema.reconciliation.insert().values(n=n, billing_period=period, rows=list(rows)))
    newest = max((snapshot.exported_at for snapshot in snapshots.live(connection, "focus").values() if snapshot.exported_at), default=None)
    told = [{"layer": item.layer, "source": item.source, "period": item.period, "snapshot": item.id, "rows": item.rows} for item in put]
    payload = {"generation": n, "cause": cause, "snapshots": told}
    seq = journal.append(connection, at=at, kind="flip", actor=actor, payload=payload)
    as_of = stamp(newest) if newest else None
    connection.execute(schema.generation.insert().values(n=n, at=at, cause=cause, data_as_of=as_of, journal_seq=seq))
    return n


def _next(connection: sa.Connection) -> int:
    head = schema.generation_head
    connection.execute(head.update().values(n=head.c.n + 1))
    return int(connection.execute(sa.select(head.c.n)).scalar_one())


def _replace_member(connection: sa.Connection, snapshot: Snapshot, n: int) -> None:
    member = schema.member
    place = (member.c.layer == snapshot.layer, member.c.source == snapshot.source, member.c.billing_period == snapshot.period)
    old = connection.execute(sa.select(member.c.snapshot_id).where(*place, member.c.gen_to.is_(None))).scalar()
    if old:
        connection.execute(member.update().where(*place, member.c.gen_to.is_(None)).values(gen_to=n))
        connection.execute(schema.snapshot.update().where(schema.snapshot.c.id == old).values(state="superseded"))
    values = {"layer": snapshot.layer, "source": snapshot.source, "billing_period": snapshot.period}
    snapshots.record(connection, snapshot)
    connection.execute(member.insert().values(**values, gen_from=n, snapshot_id=snapshot.id))


def _check_marts(connection: sa.Connection) -> None:
    living = {snapshot.id for layer in ("focus", "metrics") for snapshot in snapshots.live(connection, layer).values()}
    for marts in snapshots.live(connection, "marts").values():
        if set(marts.input_ids) - living:
            raise Refused(f"the marts of {marts.period} were built from a bill that is not live any more", cure="Build again: bursar build")


def _lake_files(root: Path, snapshot: Snapshot) -> list[LakeFile]:
    return [
        LakeFile(
            path=root / file.path,
            rows=file.rows,
            bytes=file.bytes,
            min_day=file.min_day,
            max_day=file.max_day,
            period=str(Period.parse(snapshot.period)),
            source=snapshot.source,
            snapshot_id=snapshot.id,
            table=file.table,
        )
        for file in snapshot.files
        if snapshot.layer != "raw"
    ]


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
