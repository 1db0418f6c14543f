"""What a simulated provider does when it is told to, and what it refuses by itself."""

import json
import sqlite3
from datetime import datetime

from bursar.adapters.clouds.simulated.control_rows import Row, effect, put, rows_of, run, stamp_of, state_of
from bursar.domain.errors import StalePlan
from bursar.domain.estates import Answer, State
from bursar.domain.plans import Change


def check(connection: sqlite3.Connection, change: Change) -> None:
    """What clouds refuse by themselves: what is not there, or there already, in use, or locked. They know of no plan."""
    where = change.resource
    rows = rows_of(connection, "SELECT * FROM resource WHERE provider = ? AND id = ? AND gone_at IS NULL", where.provider, where.id)
    if bool(rows) != (change.before is not None):
        raise StalePlan(f"{where.id} is {'there already' if rows else 'gone'}", cure="Make a new plan: bursar plan")
    if rows and (state_of(rows[0]).get("attached_to") or state_of(rows[0]).get("locked")):
        raise StalePlan(f"{where.id} is in use or locked; the provider refuses", cure="Make a new plan: bursar plan")


def snapshot(connection: sqlite3.Connection, change: Change, token: str) -> str:
    """A snapshot of the disk under a name of its own; the effect is booked."""
    where = change.resource
    ident = f"snap-0{token[:16]}"
    state = {"of": where.id, "size_gb": (change.before or {}).get("size_gb", 0), "status": "completed"}
    now = stamp_of(connection)
    put(
        connection, "resource", provider=where.provider, id=ident, account=where.account, region=where.region, kind="snapshot",
        state=json.dumps(state), made_at=now,
    )  # fmt: skip
    effect(connection, token, "snapshot", where.id)
    return ident


def _delete(connection: sqlite3.Connection, change: Change, token: str) -> Answer:
    check(connection, change)
    where = change.resource
    run(connection, "UPDATE resource SET gone_at = ? WHERE provider = ? AND id = ?", stamp_of(connection), where.provider, where.id)
    effect(connection, token, "delete", where.id)
    return _done(connection, token, {})


def _restore(connection: sqlite3.Connection, change: Change, token: str) -> Answer:
    """A disk made of a snapshot: under its own name where names are ours, under a new id on AWS."""
    check(connection, change)
    where, now = change.resource, stamp_of(connection)
    found = rows_of(
        connection, "SELECT * FROM resource WHERE provider = ? AND id = ?", where.provider, str(change.params.get("snapshot_id"))
    )
    if not found:
        raise StalePlan(f"{where.id} cannot come back: its snapshot is not there")
    ident = f"vol-0{token[:16]}" if where.provider == "aws" else where.id
    if ident == where.id:
        run(connection, "UPDATE resource SET gone_at = NULL, back_at = ? WHERE provider = ? AND id = ?", now, where.provider, where.id)
    else:
        back = (now, ident, where.provider, where.id)
        run(connection, "UPDATE resource SET back_at = ?, back_as = ? WHERE provider = ? AND id = ?", *back)
        put(
            connection, "resource", provider=where.provider, id=ident, account=where.account, region=where.region, kind=where.kind,
            state=json.dumps(change.after), made_at=now,
        )  # fmt: skip
    effect(connection, token, "restore", where.id)
    return _done(connection, token, {"resource": ident})


VERBS = {"delete_disk": _delete, "restore_disk": _restore}
"""What can be done to a resource here."""


def _done(connection: sqlite3.Connection, token: str, more: State) -> Answer:
    row = rows_of(connection, "SELECT * FROM call WHERE token = ?", token)[0]
    detail = json.dumps({**json.loads(str(row["detail"])), **more})
    run(connection, "UPDATE call SET state = 'done', detail = ?, at = ? WHERE token = ?", detail, stamp_of(connection), token)
    return answer_of(rows_of(connection, "SELECT * FROM call WHERE token = ?", token)[0])


def answer_of(row: Row) -> Answer:
    """What was answered when it was done."""
    return Answer(state="done", at=datetime.fromisoformat(str(row["at"])), detail=json.loads(str(row["detail"])))
