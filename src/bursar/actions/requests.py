"""Asking for an apply: a surface writes down that an approved plan is wanted, the worker carries it out.

Only the worker holds what may change a cloud. A request names the plan; everything else is asked again when it is applied.
"""

from datetime import datetime

import sqlalchemy as sa

from bursar.actions.book import Entry, entries, find
from bursar.domain.errors import NotApproved
from bursar.domain.periods import stamp
from bursar.store import journal
from bursar.store.schema import plan

WANTED = ("approved", "applying")


def ask(connection: sa.Connection, digest: str, *, by: str, now: datetime) -> Entry:
    """Ask for an approved plan to be applied; asking again is the same request. Raises NotApproved for any other plan."""
    journal.lock(connection)
    entry = find(connection, digest)
    if entry.status not in WANTED:
        cure = "Approve it first." if entry.status == "proposed" else "Make a new plan: bursar plan"
        raise NotApproved(f"the plan is {entry.status}; only an approved one is applied", cure=cure)
    mine = (plan.c.digest == entry.digest) & plan.c.requested_by.is_(None)
    if connection.execute(plan.update().where(mine).values(requested_by=by, requested_at=stamp(now))).rowcount:
        journal.append(connection, at=stamp(now), kind="plan.requested", actor=by, payload={"digest": entry.digest})
    return find(connection, entry.digest)


def asked(connection: sa.Connection) -> list[Entry]:
    """What the worker should apply, or go on with, the oldest request first."""
    found = [one for one in entries(connection, WANTED) if one.requested_by]
    return sorted(found, key=lambda one: (one.requested_at or "", one.digest))


def drop(connection: sa.Connection, entry: Entry, *, why: str, now: datetime) -> None:
    """Take a request back that was refused: it must be asked for anew."""
    connection.execute(plan.update().where(plan.c.digest == entry.digest).values(requested_by=None, requested_at=None))
    payload = {"digest": entry.digest, "why": why}
    journal.append(connection, at=stamp(now), kind="plan.request_refused", actor="bursar", payload=payload)
