"""What must reach the outside once: rows written with the decision they tell of, claimed, sent and settled one by one.

ready → sending (committed before any I/O) → done, or uncertain (a crash, a lost answer) → probe → done or sending again,
or dead. Every claim takes a lease and a new fence, and an outcome counts only under the fence it was claimed with.
`store.delivery` is the worker.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, cast

import sqlalchemy as sa

from bursar.domain.canonical import digest
from bursar.domain.errors import ConfigError
from bursar.domain.periods import stamp
from bursar.store import journal
from bursar.store.schema import outbox

Put = Literal["new", "same", "changed", "kept"]
WAITING = ("ready", "sending", "uncertain")
"""States of what is still to be settled."""
SETTLED = ("done", "dead")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long and how often: a sender's lease, the silence after it was lost, attempts, delays. Seconds.

    After `failures` in a row a channel rests; nothing is looked for sooner than `probe_seconds` after it may have happened.

    No delay is longer than `horizon_seconds`, no lease than `lease_seconds`: what is further away was written by a clock
    that was ahead, and counts as due. A channel's whole `send` must end well within the lease.
    """

    lease_seconds: int = 300
    quiet_seconds: int = 120
    attempts: int = 15
    base_seconds: int = 2
    cap_seconds: int = 3600
    horizon_seconds: int = 6 * 3600
    failures: int = 5
    rest_seconds: int = 60
    probe_seconds: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row. `after` must be settled before it goes; `attempted_at` is when the first attempt began."""

    key: str
    seq: int
    kind: str
    payload: Mapping[str, object]
    digest: str
    state: str
    attempts: int
    not_before: str
    lease_until: str | None
    fence: int
    attempted_at: str | None
    receipt: Mapping[str, object] | None
    error: str | None
    created_at: str
    done_at: str | None
    after: str | None
    journal_seq: int | None


def put(connection: sa.Connection, *, key: str, kind: str, payload: Mapping[str, object], now: datetime, after: str | None = None) -> Put:
    """Ask for one message, in the transaction of what it tells. The same key is the same message, however often it is asked for.

    Another payload replaces the one that waits (`changed`); once an attempt may have begun the row stays as it is
    (`kept`), and the caller asks for a follow-up under another key.
    """
    journal.lock(connection)
    mine = digest(payload)
    found = connection.execute(sa.select(outbox.c.digest).where(outbox.c.key == key)).scalar()
    if found == mine:
        return "same"
    if found is not None:
        edit = outbox.update().where(outbox.c.key == key, outbox.c.state == "ready").values(payload=payload, digest=mine, kind=kind)
        return "changed" if connection.execute(edit).rowcount else "kept"
    at = stamp(now)
    values = {"key": key, "kind": kind, "payload": payload, "digest": mine, "attempts": 0, "fence": 0, "created_at": at}
    connection.execute(outbox.insert().values(**values, seq=_next_seq(connection), state="ready", not_before=at, after=after))
    return "new"


def note(connection: sa.Connection, *, key: str, kind: str, payload: Mapping[str, object], now: datetime, actor: str) -> bool:
    """Say something once per key in the journal alone, and send nothing; False when it was said before.

    `kind` is `journal:` and the entry's kind.
    """
    journal.lock(connection)
    if connection.execute(sa.select(outbox.c.key).where(outbox.c.key == key)).first():
        return False
    at, mine = stamp(now), digest(payload)
    told = {**payload, "key": key, "digest": mine}
    seq = journal.append(connection, at=at, kind=kind.partition(":")[2], actor=actor, payload=told)
    values = {"key": key, "kind": kind, "payload": payload, "digest": mine, "attempts": 0, "fence": 0, "created_at": at, "done_at": at}
    connection.execute(outbox.insert().values(**values, seq=_next_seq(connection), state="done", not_before=at, journal_seq=seq))
    return True


def get(connection: sa.Connection, key: str) -> Row | None:
    """The row of a key."""
    found = connection.execute(sa.select(outbox).where(outbox.c.key == key)).mappings().first()
    return Row(**found) if found else None


def select(connection: sa.Connection, *, states: Collection[str] = (), prefix: str = "") -> list[Row]:
    """Rows in the order asked for, of some states or all, whose keys begin with `prefix`."""
    query = sa.select(outbox).order_by(outbox.c.seq)
    if states:
        query = query.where(outbox.c.state.in_(states))
    if prefix:
        query = query.where(outbox.c.key.startswith(prefix, autoescape=True))
    return [Row(**cast("Mapping[str, Any]", row)) for row in connection.execute(query).mappings()]


def retry(connection: sa.Connection, key: str, *, now: datetime, actor: str) -> Row:
    """Let a dead message try again; what may have arrived is probed for first. Raises ConfigError when it is not dead."""
    journal.lock(connection)
    row = get(connection, key)
    if row is None or row.state != "dead":
        state = f"it is {row.state}" if row else "there is no such message"
        raise ConfigError(f"cannot retry {key}: {state}", cure="List the dead ones with: bursar outbox list --state dead")
    back = "uncertain" if row.attempted_at else "ready"
    values = {"state": back, "attempts": 0, "not_before": stamp(now), "error": None, "journal_seq": None}
    connection.execute(outbox.update().where(outbox.c.key == key).values(**values))
    journal.append(connection, at=stamp(now), kind="outbox.retried", actor=actor, payload={"key": key, "digest": row.digest})
    return Row(**cast("Mapping[str, Any]", connection.execute(sa.select(outbox).where(outbox.c.key == key)).mappings().one()))


def recover(connection: sa.Connection, *, now: datetime, pace: Pace) -> int:
    """Mark as uncertain what was being sent by somebody whose lease ran out; returns how many.

    Nothing is probed before a silence as long as a sender's last breath: the clock may have jumped, and the sender may live.
    """
    lost = (outbox.c.state == "sending") & _free(now, pace)
    values = {"state": "uncertain", "fence": outbox.c.fence + 1, "lease_until": None, "not_before": _later(now, pace.quiet_seconds)}
    return connection.execute(outbox.update().where(lost).values(**values)).rowcount


def claim(connection: sa.Connection, channels: Collection[str], *, now: datetime, pace: Pace) -> Row | None:
    """Take the oldest row that is due on one of these channels, under a lease and a new fence; None when there is none.

    A ready row becomes `sending`; an uncertain one stays so until its channel was asked.
    """
    before = outbox.alias("before")
    follows = sa.exists().where(before.c.key == outbox.c.after, before.c.state.not_in(SETTLED))
    due = (
        sa.or_(sa.false(), *(outbox.c.kind.startswith(f"{name}:", autoescape=True) for name in channels))
        & outbox.c.state.in_(("ready", "uncertain"))
        & _due(now, pace)
        & sa.or_(outbox.c.lease_until.is_(None), _free(now, pace))
        & ~follows
    )
    chosen = sa.select(outbox.c.key).where(due).order_by(outbox.c.seq).limit(1).with_for_update(skip_locked=True, of=outbox)
    values = {
        "state": sa.case((outbox.c.state == "ready", "sending"), else_=outbox.c.state),
        "attempts": outbox.c.attempts + 1,
        "fence": outbox.c.fence + 1,
        "lease_until": _later(now, pace.lease_seconds),
        "attempted_at": sa.func.coalesce(outbox.c.attempted_at, stamp(now)),
    }
    statement = outbox.update().where(outbox.c.key == chosen.scalar_subquery()).values(**values).returning(outbox)
    row = connection.execute(statement).mappings().first() if channels else None
    return Row(**cast("Mapping[str, Any]", row)) if row else None


def resume(connection: sa.Connection, row: Row, *, now: datetime, pace: Pace) -> bool:
    """An uncertain row whose message is not there is about to be sent again; False when it is ours no more."""
    return _change(connection, row, state="sending", lease_until=_later(now, pace.lease_seconds))


def settle(connection: sa.Connection, row: Row, *, receipt: Mapping[str, object], now: datetime, adopted: bool, actor: str) -> bool:
    """The message is there: receipt and journal entry, together. False when the row is ours no more, and nothing is written."""
    journal.lock(connection)
    if not _change(connection, row, state="done", receipt=dict(receipt), done_at=stamp(now), lease_until=None, error=None):
        return False
    kind = "outbox.adopted" if adopted else "outbox.sent"
    told = {"key": row.key, "kind": row.kind, "digest": row.digest, "attempts": row.attempts, "receipt": receipt}
    _cite(connection, row, journal.append(connection, at=stamp(now), kind=kind, actor=actor, payload=told))
    return True


def bury(connection: sa.Connection, row: Row, *, error: str, now: datetime, actor: str) -> bool:
    """Given up: dead until somebody retries it, and said in the journal."""
    journal.lock(connection)
    if not _change(connection, row, state="dead", lease_until=None, error=error):
        return False
    told = {"key": row.key, "kind": row.kind, "digest": row.digest, "attempts": row.attempts, "error": error}
    _cite(connection, row, journal.append(connection, at=stamp(now), kind="outbox.dead", actor=actor, payload=told))
    return True


def postpone(connection: sa.Connection, row: Row, *, delay: int, error: str, untouched: bool, now: datetime) -> bool:
    """Later again: as ready when nothing can have happened, else uncertain."""
    state = "ready" if untouched and row.state == "sending" else "uncertain"
    return _change(connection, row, state=state, lease_until=None, error=error, not_before=_later(now, delay))


def _change(connection: sa.Connection, row: Row, **values: object) -> bool:
    """Write an outcome under the fence the row was claimed with."""
    ours = (outbox.c.key == row.key) & (outbox.c.fence == row.fence) & outbox.c.state.in_(("sending", "uncertain"))
    return bool(connection.execute(outbox.update().where(ours).values(**values)).rowcount)


def _cite(connection: sa.Connection, row: Row, seq: int) -> None:
    connection.execute(outbox.update().where(outbox.c.key == row.key).values(journal_seq=seq))


def _next_seq(connection: sa.Connection) -> int:
    return (connection.execute(sa.select(sa.func.max(outbox.c.seq))).scalar() or 0) + 1


def _due(now: datetime, pace: Pace) -> sa.ColumnElement[bool]:
    return (outbox.c.not_before <= stamp(now)) | (outbox.c.not_before > _later(now, pace.horizon_seconds))


def _free(now: datetime, pace: Pace) -> sa.ColumnElement[bool]:
    return (outbox.c.lease_until <= stamp(now)) | (outbox.c.lease_until > _later(now, pace.lease_seconds))


def _later(now: datetime, seconds: int) -> str:
    return stamp(now + timedelta(seconds=seconds))
