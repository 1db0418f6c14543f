"""Plans, approvals and changes as the store holds them; every step is an entry of the journal in the same transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

import sqlalchemy as sa

from bursar.domain.errors import ConfigError, Refused
from bursar.domain.estates import State
from bursar.domain.periods import stamp
from bursar.domain.plans import Approval, Plan, read_plan
from bursar.store import journal
from bursar.store.schema import approval, change, plan

SHORTEST = 8
"""So many characters of a digest name a plan, when no other begins with them."""
OPEN = frozenset({"proposed", "approved"})
REMEMBERED = timedelta(days=90)
UNDER_WAY = frozenset({"approved", "applying"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What became of one change of a plan. `outcome` is the provider's answer, and what an undo needs."""

    position: int
    state: str
    token: str
    intended_at: str
    settled_at: str | None
    outcome: State | None

    @property
    def is_settled(self) -> bool:
        """Whether it is known what happened."""
        return self.state in {"done", "failed", "stale"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A plan with everything that was said of it and done under it. `body` is what is stored; `plan` what it says."""

    digest: str
    body: str
    plan: Plan
    status: str
    closed_at: str | None
    approvals: tuple[Approval, ...]
    made: Mapping[int, Made]
    requested_by: str | None = None
    requested_at: str | None = None


def keep(connection: sa.Connection, made: Plan, *, now: datetime) -> bool:
    """Store a proposed plan; False when the very same is there. Open ones of the same purpose are superseded."""
    digest = made.digest
    if connection.execute(sa.select(plan.c.digest).where(plan.c.digest == digest)).scalar():
        return False
    row = {"playbook": made.playbook, "maker": made.maker, "made_at": made.made_at, "expires_at": made.expires_at, "undoes": made.undoes}
    connection.execute(plan.insert().values(digest=digest, body=made.body, status="proposed", **row))
    saving = made.saving.document() if made.saving else None
    payload = {"digest": digest, "playbook": made.playbook, "changes": len(made.changes), "saving_monthly": saving, "undoes": made.undoes}
    journal.append(connection, at=stamp(now), kind="plan.proposed", actor=made.maker, payload=payload)
    return True


def entries(connection: sa.Connection, statuses: Iterable[str] = ()) -> list[Entry]:
    """Every plan that reads, newest first, the dearest first among those made at once."""
    query = sa.select(plan).order_by(plan.c.made_at.desc(), plan.c.digest)
    wanted = list(statuses)
    rows = connection.execute(query.where(plan.c.status.in_(wanted)) if wanted else query).mappings().all()
    found = [_entry(connection, row) for row in rows if _reads(row["body"])]
    return sorted(found, key=lambda one: (one.plan.made_at, one.plan.saving.amount if one.plan.saving else 0), reverse=True)


def edited(connection: sa.Connection) -> list[str]:
    """The digests of plans whose stored body does not read: they cannot be applied, and stand in no list of plans."""
    rows = connection.execute(sa.select(plan.c.digest, plan.c.body).order_by(plan.c.made_at)).all()
    return [row.digest for row in rows if not _reads(row.body)]


def find(connection: sa.Connection, named: str) -> Entry:
    """The plan of a digest or of its first characters. Raises ConfigError when none or more than one is meant."""
    if len(named) < SHORTEST:
        raise ConfigError(f"{named!r} is too short to name a plan", cure=f"Give at least {SHORTEST} characters of its digest.")
    query = sa.select(plan).where(plan.c.digest.startswith(named.lower(), autoescape=True)).limit(2)
    rows = connection.execute(query).mappings().all()
    if len(rows) != 1:
        many = "more than one plan begins with" if rows else "there is no plan"
        raise ConfigError(f"{many} {named}", cure="List them with: bursar plans list")
    return _entry(connection, rows[0])


def move(connection: sa.Connection, entry: Entry, to: str, *, now: datetime, actor: str, why: Mapping[str, object] | None = None) -> None:
    """Give a plan another status. Raises Refused when somebody else moved it first."""
    mine = (plan.c.digest == entry.digest) & (plan.c.status == entry.status)
    closed = {} if to in {*OPEN, "applying"} else {"closed_at": stamp(now)}
    if connection.execute(plan.update().where(mine).values(status=to, **closed)).rowcount != 1:
        raise Refused(f"plan {entry.digest[:12]} is not {entry.status} any more", cure=f"Look again: bursar plans show {entry.digest[:12]}")
    journal.append(connection, at=stamp(now), kind=f"plan.{to}", actor=actor, payload={"digest": entry.digest, **(why or {})})


def supersede(connection: sa.Connection, by: Sequence[Plan], *, playbook: str, now: datetime) -> list[str]:
    """Close proposed plans of a playbook that newer ones replace; returns their digests. What is approved stays."""
    fresh = {one.digest for one in by}
    old = [one for one in entries(connection, ["proposed"]) if one.plan.playbook == playbook and not one.plan.undoes]
    gone = [one for one in old if one.digest not in fresh]
    for one in gone:
        move(connection, one, "superseded", now=now, actor="bursar")
    return [one.digest for one in gone]


def taken(connection: sa.Connection, *, now: datetime) -> dict[str, str]:
    """Resources no new plan may have, and why: those of plans under way, and those somebody took back in the last ninety days."""
    live = [one for one in entries(connection, UNDER_WAY) if one.status == "applying" or one.plan.expires_at > stamp(now)]
    found = {change.resource.id: f"in plan {one.digest[:12]}, which is {one.status}" for one in live for change in one.plan.changes}
    for one in entries(connection, ["applied"]):
        if one.plan.undoes and one.plan.made_at > stamp(now - REMEMBERED):
            found |= dict.fromkeys(_came_back(one), f"taken back by plan {one.digest[:12]}")
    return found


def _came_back(entry: Entry) -> set[str]:
    """The resources an undo brought back, under their old names and their new ones."""
    fresh = {str(made.outcome["resource"]) for made in entry.made.values() if made.outcome and "resource" in made.outcome}
    return fresh | {change.resource.id for change in entry.plan.changes}


def approvals_of(connection: sa.Connection, digest: str) -> tuple[Approval, ...]:
    """Everything that was said of a plan, in order."""
    rows = connection.execute(sa.select(approval).where(approval.c.plan_digest == digest).order_by(approval.c.at)).mappings()
    return tuple(Approval(**{one.name: row[one.name] for one in fields(Approval)}) for row in rows)


def made_of(connection: sa.Connection, digest: str) -> dict[int, Made]:
    """The changes begun under a plan, by position."""
    rows = connection.execute(sa.select(change).where(change.c.plan_digest == digest).order_by(change.c.position)).mappings()
    return {row["position"]: Made(**{one.name: row[one.name] for one in fields(Made)}) for row in rows}


def _entry(connection: sa.Connection, row: sa.RowMapping) -> Entry:
    return Entry(
        digest=row["digest"],
        body=row["body"],
        plan=_read(row["digest"], row["body"]),
        status=row["status"],
        closed_at=row["closed_at"],
        approvals=approvals_of(connection, row["digest"]),
        made=made_of(connection, row["digest"]),
        requested_by=row["requested_by"],
        requested_at=row["requested_at"],
    )


def _reads(body: str) -> bool:
    try:
        read_plan(body)
    except (ValueError, KeyError, TypeError, ArithmeticError):
        return False
    return True


def _read(digest: str, body: str) -> Plan:
    try:
        return read_plan(body)
    except (ValueError, KeyError, TypeError, ArithmeticError) as error:
        raise Refused(f"plan {digest[:12]} does not read: its body was edited", cure="Make a new plan: bursar plan") from error
