"""What open changes have promised to spend: one row per change and budget, written in the transaction that decides.

A new head replaces the rows of the change, closing it releases them, and a merged one stays committed until it is billed, for
fourteen days at most.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import sqlalchemy as sa

from bursar.domain.errors import ConfigError
from bursar.domain.money import plain, total
from bursar.domain.periods import stamp
from bursar.store import journal
from bursar.store.schema import reservation

COMMITTED_FOR = timedelta(days=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A pull request: repository and number, and the commit that is judged."""

    name: str
    head: str


def reserved(connection: sa.Connection, *, now: datetime, without: str | None = None) -> dict[tuple[str, str], Decimal]:
    """Monthly money that other changes hold, by budget and currency."""
    table = reservation
    holds = (table.c.state == "reserved") | ((table.c.state == "committed") & (table.c.at > stamp(now - COMMITTED_FOR)))
    rows = connection.execute(sa.select(table).where(holds).order_by(table.c.change, table.c.budget)).mappings()
    held: dict[tuple[str, str], list[Decimal]] = {}
    for row in rows:
        if row["change"] != without:
            held.setdefault((row["budget"], row["currency"]), []).append(Decimal(row["delta_monthly"]))
    return {key: total(amounts) for key, amounts in held.items()}


def replace(connection: sa.Connection, change: Change, deltas: Mapping[str, tuple[Decimal, str]], *, now: datetime) -> None:
    """Put a change's promises in place of those of its earlier head. Only what adds is a promise; a saving is not spent twice."""
    connection.execute(reservation.delete().where(reservation.c.change == change.name))
    rows = [
        {
            "change": change.name,
            "budget": budget,
            "head": change.head,
            "delta_monthly": plain(delta),
            "currency": currency,
            "state": "reserved",
            "at": stamp(now),
        }
        for budget, (delta, currency) in sorted(deltas.items())
        if delta > 0
    ]
    if rows:
        connection.execute(reservation.insert(), rows)


def close(connection: sa.Connection, change: str, *, merged: bool, actor: str, now: datetime) -> int:
    """Release what a closed change holds, or commit it where it was merged; how many budgets. Raises ConfigError when it holds nothing."""
    state = "committed" if merged else "released"
    mine = (reservation.c.change == change) & (reservation.c.state == "reserved")
    done = connection.execute(reservation.update().where(mine).values(state=state, at=stamp(now)))
    if not done.rowcount:
        raise ConfigError(f"{change} holds no reservation", cure="A change is named as the gate was given it: OWNER/REPO#NUMBER.")
    journal.append(connection, at=stamp(now), kind=f"reservation.{state}", actor=actor, payload={"change": change})
    return done.rowcount
