"""One at a time, across processes and machines: a named lease that runs out, and a fence that grows with every holder.

A lease alone is no guard: its holder may sleep through the end of it. What the holder writes must be written in a
transaction that asks `holds` first.
"""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bursar.domain.periods import stamp
from bursar.store.schema import lease

INSERT: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def acquire(connection: sa.Connection, name: str, *, holder: str, now: datetime, seconds: int) -> int | None:
    """Take a lease that is free, run out, or already ours; the fence it is held under, or None while somebody else holds it.

    All who share a name give the same `seconds`: a lease that ends later than any could was given by a clock that was
    ahead, and is taken over.
    """
    at, until = stamp(now), stamp(now + timedelta(seconds=seconds))
    new = INSERT[connection.dialect.name](lease).values(name=name, holder=holder, until=until, fence=1)
    free = (lease.c.until <= at) | (lease.c.until > until)
    taken = new.on_conflict_do_update(
        index_elements=[lease.c.name],
        set_={"holder": holder, "until": until, "fence": lease.c.fence + 1},
        where=free | (lease.c.holder == holder),
    )
    fence: int | None = connection.execute(taken.returning(lease.c.fence)).scalar()
    return fence


def renew(connection: sa.Connection, name: str, *, fence: int, now: datetime, seconds: int) -> bool:
    """Hold on for longer; False when somebody else took over."""
    until = stamp(now + timedelta(seconds=seconds))
    return bool(connection.execute(lease.update().where(lease.c.name == name, lease.c.fence == fence).values(until=until)).rowcount)


def holds(connection: sa.Connection, name: str, *, fence: int) -> bool:
    """Whether nobody has taken the lease since; asked in the transaction that writes, and locked until it ends."""
    mine = sa.select(lease.c.fence).where(lease.c.name == name, lease.c.fence == fence).with_for_update()
    return connection.execute(mine).first() is not None


def release(connection: sa.Connection, name: str, *, fence: int) -> None:
    """Let go. The fence stays, so that it never repeats."""
    connection.execute(lease.update().where(lease.c.name == name, lease.c.fence == fence).values(until=""))
