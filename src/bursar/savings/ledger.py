"""The savings ledger: a line for each plan (its RFC), from the promise to the measured month.

It reads what the room before it wrote: plans, approvals and changes, in the store. Every step of a line is an entry of the
journal in the same transaction.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import cast

import sqlalchemy as sa

from bursar.domain.canonical import canonical, digest
from bursar.domain.errors import ConfigError
from bursar.domain.periods import stamp
from bursar.domain.plans import Plan, Range, read_plan
from bursar.domain.savings import UNPRICED, Measured, Saving, verdict
from bursar.lake.generations import Generation
from bursar.ports import Warehouse
from bursar.query.resources import Wanted, days
from bursar.savings.measure import measure
from bursar.store import journal
from bursar.store.schema import change, plan, saving

BEFORE = timedelta(days=56)
"""So far back before a change the resources are looked at."""
AFTER = timedelta(days=90)
ENOUGH = Decimal("0.8")
AFTER_APPLY = frozenset({"applied", "measuring", "verified", "inconclusive", "regressed", "negative"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What one change did: to which resource, on which day it shows first, and what came to be beside or in place of it."""

    resource: str
    first: date
    beside: tuple[str, ...]


def rfc(plan_digest: str) -> str:
    """The name of a plan in the ledger."""
    return f"RFC-{plan_digest[:8]}"


def follow(connection: sa.Connection, *, now: datetime) -> None:
    """Bring every line up to its plan: proposed, approved, applied. A plan that will never be applied leaves the ledger."""
    journal.lock(connection)
    undone: dict[str, list[str]] = {}
    for row in connection.execute(sa.select(plan.c.digest, plan.c.undoes).where(plan.c.undoes.is_not(None), plan.c.status == "applied")):
        undone.setdefault(str(row.undoes), []).append(str(row.digest))
    known = {one.rfc: one for one in lines(connection)}
    for row in connection.execute(sa.select(plan).where(plan.c.undoes.is_(None)).order_by(plan.c.made_at)).mappings().all():
        _follow_one(connection, row, known.get(rfc(row["digest"])), undone.get(row["digest"], []), now=now)


def lines(connection: sa.Connection) -> list[Saving]:
    """The ledger, newest first."""
    rows = connection.execute(sa.select(saving).order_by(saving.c.applied_at.desc().nulls_first(), saving.c.rfc)).mappings()
    return [_line(row) for row in rows]


def measure_all(connection: sa.Connection, *, generation: Generation, warehouse: Warehouse, now: datetime) -> list[Saving]:
    """Measure every applied line on a generation; one measured on it before is left as it is. Returns those that changed."""
    journal.lock(connection)
    every = [one for one in lines(connection) if one.status in AFTER_APPLY]
    touched = {one.rfc: _done(connection, one) for one in every}
    changed: list[Saving] = []
    for one in every:
        if one.detail.get("generation") == generation.n and one.detail.get("plans") == list(one.plan_digests):
            continue
        found = _measured(one, touched, generation=generation, warehouse=warehouse)
        changed.append(_keep(connection, one, found, generation=generation.n, now=now))
    return changed


def _follow_one(connection: sa.Connection, row: sa.RowMapping, line: Saving | None, undone: list[str], *, now: datetime) -> None:
    done = connection.execute(
        sa.select(sa.func.min(change.c.settled_at)).where(change.c.plan_digest == row["digest"], change.c.state == "done")
    ).scalar()
    status = _status(row["status"], is_done=done is not None)
    if status is None:
        if line:
            connection.execute(saving.delete().where(saving.c.rfc == line.rfc))
            _note(connection, "withdrawn", line.rfc, {"plan": row["status"]}, now=now)
        return
    digests = (str(row["digest"]), *undone)
    if line is None:
        line = _opened(read_plan(row["body"]), str(row["digest"]))
        _put(connection, line)
        _note(connection, "proposed", line.rfc, {"plan": row["digest"]}, now=now)
    if line.status in AFTER_APPLY and (line.plan_digests == digests or status != "applied"):
        return
    moved = replace(line, status=status if line.status not in AFTER_APPLY else line.status, applied_at=done, plan_digests=digests)
    if moved != line:
        _put(connection, moved)
        _note(connection, "undone" if undone and line.status in AFTER_APPLY else status, line.rfc, {"plans": list(digests)}, now=now)


def _status(of_plan: str, *, is_done: bool) -> str | None:
    if of_plan in {"applied", "failed"}:
        return "applied" if is_done else None
    return {"proposed": "proposed", "approved": "approved", "applying": "approved"}.get(of_plan)


def _opened(made: Plan, plan_digest: str) -> Saving:
    expected = made.saving
    owners = sorted({one.owner for one in made.changes if one.owner})
    kinds = sorted({one.resource.kind for one in made.changes})
    providers = sorted({one.resource.provider for one in made.changes})
    return Saving(
        rfc=rfc(plan_digest),
        title=f"{made.playbook}: {len(made.changes)} × {', '.join(kinds)} on {', '.join(providers)}",
        owner=owners[0] if len(owners) == 1 else None,
        plan_digests=(plan_digest,),
        status="proposed",
        expected=expected or Range(amount=Decimal(0), low=Decimal(0), high=Decimal(0), currency=UNPRICED),
        realised=None,
        currency=expected.currency if expected else UNPRICED,
        slo_verdict=None,
        applied_at=None,
        measured_at=None,
        detail={"resources": [one.resource.id for one in made.changes], "owners": owners, "is_priced": expected is not None},
    )


def _done(connection: sa.Connection, line: Saving) -> list[Done]:
    """Every change that was made under a line's plans, those that took back included."""
    rows = connection.execute(
        sa.select(change.c.resource, change.c.outcome)
        .where(change.c.plan_digest.in_(line.plan_digests), change.c.state == "done")
        .order_by(change.c.settled_at)
    )
    told: list[Done] = []
    for resource, outcome in rows:
        answer = cast("Mapping[str, object]", outcome or {})
        at = datetime.fromisoformat(str(answer["at"]))
        first = at.date() if at.time() == time.min else at.date() + timedelta(days=1)
        beside = tuple(str(answer[name]) for name in ("snapshot", "resource") if name in answer)
        told.append(Done(resource=str(resource), first=first, beside=beside))
    return told


def _measured(line: Saving, touched: Mapping[str, list[Done]], *, generation: Generation, warehouse: Warehouse) -> Measured | None:
    """The line's saving from its first change on; up to where a later line changed one of the same resources."""
    mine = touched[line.rfc]
    if not mine or not line.detail.get("is_priced", True):
        return None
    names, first = {one.resource for one in mine}, min(one.first for one in mine)
    elsewhere = [one for other, done in touched.items() if other != line.rfc for one in done]
    later = [one.first for one in elsewhere if one.resource in names and one.first > first]
    wanted = Wanted(
        start=first - BEFORE,
        change=first,
        end=min([first + AFTER, *later]),
        before=names,
        after={name for one in mine for name in one.beside},
        others={one.resource for one in elsewhere},
    )
    found = days(wanted, currency=line.currency, generation=generation, warehouse=warehouse, enough=ENOUGH)
    return measure(found, start=wanted.start, change=first, currency=line.currency, generation=generation.n)


def _keep(connection: sa.Connection, line: Saving, found: Measured | None, *, generation: int, now: datetime) -> Saving:
    """Write a measurement down. The same days measured anew with another result are a correction, and said as one."""
    before = cast("Mapping[str, object] | None", line.detail.get("measured"))
    told = found.document() if found else None
    corrections = list(cast("list[object]", line.detail.get("corrections", [])))
    if before and told and before["end"] == told["end"] and canonical(before["realised"]) != canonical(told["realised"]):
        corrections.append({"was": before["realised"], "is": told["realised"], "generation": generation})
    detail = {**line.detail, "measured": told, "corrections": corrections, "generation": generation, "plans": list(line.plan_digests)}
    status = verdict(found, slo=line.slo_verdict)
    moved = replace(line, status=status, realised=found.realised if found else None, measured_at=stamp(now), detail=detail)
    _put(connection, moved)
    if digest(told) != digest(before) or status != line.status:
        kind = "corrected" if len(corrections) > len(cast("list[object]", line.detail.get("corrections", []))) else status
        _note(connection, kind, line.rfc, {"measured": told, "generation": generation}, now=now)
    return moved


def _put(connection: sa.Connection, line: Saving) -> None:
    values: dict[str, object] = {one.name: getattr(line, one.name) for one in fields(Saving)}
    values |= {"expected": _json(line.expected.document()), "realised": _json(line.realised.document()) if line.realised else None}
    values |= {"plan_digests": list(line.plan_digests), "detail": _json(line.detail)}
    connection.execute(saving.delete().where(saving.c.rfc == line.rfc))
    connection.execute(saving.insert().values(**values))


def _json(value: object) -> object:
    """A value as a JSON column takes it, decimals as text."""
    return json.loads(canonical(value))


def _line(row: sa.RowMapping) -> Saving:
    told = {one.name: row[one.name] for one in fields(Saving)}
    told["expected"] = Range.read(row["expected"])
    told["realised"] = Range.read(row["realised"]) if row["realised"] else None
    told["plan_digests"] = tuple(row["plan_digests"])
    if row["status"] not in {"proposed", "approved", *AFTER_APPLY}:
        raise ConfigError(f"{row['rfc']}: unknown status {row['status']!r}")
    return Saving(**told)


def _note(connection: sa.Connection, what: str, name: str, payload: Mapping[str, object], *, now: datetime) -> None:
    journal.append(connection, at=stamp(now), kind=f"saving.{what}", actor="bursar", payload={"rfc": name, **payload})
