"""Incidents in the store: what a detection found beside what was known, every change an entry of the journal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import cast

import sqlalchemy as sa

from bursar.anomaly.incidents import Incident
from bursar.anomaly.panel import Scope
from bursar.domain.money import plain
from bursar.domain.periods import stamp
from bursar.store import journal, schema

ACTOR = "bursar"
TOLD = ("severity", "status", "last_day", "expected", "actual", "excess", "owner")
"""Fields whose change is an update; the rest follows silently."""

Detail = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An incident as it lies in the store; times RFC 3339 in UTC."""

    id: str
    scope: Scope
    direction: str
    kind: str
    severity: str
    status: str
    onset: date
    last_day: date
    opened_at: str
    closed_at: str | None
    expected: Decimal
    actual: Decimal
    excess: Decimal
    currency: str
    score: Decimal
    owner: str | None
    generation: int
    detail: Detail

    @property
    def series(self) -> str:
        """The key of the series that names it."""
        return str(self.detail.get("series", ""))

    @property
    def members(self) -> list[str]:
        """The keys of the series folded into it."""
        return [str(each["series"]) for each in cast("list[dict[str, object]]", self.detail.get("folded", []))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What a detection changed in the store: ids by what became of them."""

    opened: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()
    settled: tuple[str, ...] = ()
    retracted: tuple[str, ...] = ()


def kept(connection: sa.Connection, *, status: str | None = None) -> list[Kept]:
    """Incidents, newest onset first."""
    table = schema.incident
    query = sa.select(table).order_by(table.c.onset.desc(), table.c.severity, table.c.id)
    rows = connection.execute(query if status is None else query.where(table.c.status == status)).mappings()
    return [_kept(row) for row in rows]


def find(connection: sa.Connection, incident_id: str) -> Kept | None:
    """The incident of this id, or of the only one that begins so."""
    rows = connection.execute(sa.select(schema.incident).where(schema.incident.c.id.startswith(incident_id, autoescape=True))).mappings()
    found = [_kept(row) for row in rows]
    exact = [one for one in found if one.id == incident_id]
    return exact[0] if exact else found[0] if len(found) == 1 and len(incident_id) >= 4 else None


def matched(found: Sequence[Incident], known: Sequence[Kept]) -> list[tuple[str, Incident]]:
    """Each incident with the id it is known by: its own, or that of one whose onset day was told a little differently before."""
    ids = {one.id for one in known}
    taken = {one.id for one in found if one.id in ids}
    result: list[tuple[str, Incident]] = []
    for one in found:
        near = [each for each in known if one.id not in ids and each.id not in taken and _same(one, each)]
        name = near[0].id if near else one.id
        taken.add(name)
        result.append((name, one))
    return result


def save(connection: sa.Connection, found: Sequence[tuple[str, Incident]], *, known: Sequence[Kept], since: date, now: datetime) -> Changes:
    """Bring the store to what was found. `known` incidents from `since` on that were not found again are retracted."""
    at = stamp(now)
    before = {one.id: one for one in known}
    changes: dict[str, list[str]] = {"opened": [], "updated": [], "closed": [], "settled": [], "retracted": []}
    for name, incident in found:
        what = _save(connection, name, incident, before=before.get(name), at=at)
        if what:
            changes[what].append(name)
    names = {name for name, _ in found}
    for one in known:
        if one.id not in names and one.onset >= since and _can_vanish(one):
            _retract(connection, one, at=at)
            changes["retracted"].append(one.id)
    return Changes(**{name: tuple(ids) for name, ids in changes.items()})


def _same(incident: Incident, other: Kept) -> bool:
    """Whether they are about the same thing: one's series is among the other's, and they began within a day."""
    alike = (incident.direction, incident.currency) == (other.direction, other.currency)
    near = abs(incident.onset - other.onset) <= timedelta(days=1)
    mine = {incident.series, *(str(each["series"]) for each in cast("list[dict[str, object]]", incident.detail["folded"]))}
    return alike and near and (other.series in mine or incident.series in {other.series, *other.members})


def _save(connection: sa.Connection, name: str, incident: Incident, *, before: Kept | None, at: str) -> str | None:
    table = schema.incident
    row = _row(incident)
    if before is None:
        closed_at = None if incident.status == "open" else at
        connection.execute(table.insert().values(**row, id=name, kind="cost", opened_at=at, closed_at=closed_at))
        journal.append(connection, at=at, kind="incident.opened", actor=ACTOR, payload=_payload(name, incident))
        _journal_end(connection, name, incident, at=at)
        return "opened"
    if "feedback" in before.detail:
        row["detail"] = {**incident.detail, "feedback": before.detail["feedback"]}
    if _is_dismissed(before) and before.last_day >= incident.last_day:
        row["status"] = before.status
    status = str(row["status"])
    ended = before.closed_at if status == before.status else None if status == "open" else at
    connection.execute(table.update().where(table.c.id == name).values(**row, closed_at=ended))
    if all(row[field] == _field(before, field) for field in TOLD):
        return None
    what = status if status not in {before.status, "open"} else "updated"
    journal.append(connection, at=at, kind=f"incident.{what}", actor=ACTOR, payload=_payload(name, incident))
    return what


def _is_dismissed(one: Kept) -> bool:
    """Whether somebody said it is over."""
    return one.detail.get("feedback") in {"expected", "planned", "false"}


def _can_vanish(one: Kept) -> bool:
    """Whether not being found again means that a restated bill took its ground away."""
    return one.kind == "cost" and one.status != "retracted" and not _is_dismissed(one)


def _journal_end(connection: sa.Connection, name: str, incident: Incident, *, at: str) -> None:
    """What was over when it was first seen is opened and ended in one breath."""
    if incident.status != "open":
        journal.append(connection, at=at, kind=f"incident.{incident.status}", actor=ACTOR, payload=_payload(name, incident))


def _retract(connection: sa.Connection, one: Kept, *, at: str) -> None:
    """A restated bill took an incident's ground away; what was said stays readable beside it."""
    table = schema.incident
    detail: Detail = {**one.detail, "retracted": {"said": {"expected": plain(one.expected), "actual": plain(one.actual)}}}
    connection.execute(table.update().where(table.c.id == one.id).values(status="retracted", closed_at=at, detail=detail))
    payload = {"incident": one.id, "excess": one.excess, "currency": one.currency, "onset": one.onset.isoformat()}
    journal.append(connection, at=at, kind="incident.retracted", actor=ACTOR, payload=payload)


def _row(incident: Incident) -> dict[str, object]:
    return {
        "scope": dict(incident.scope),
        "direction": incident.direction,
        "severity": incident.severity,
        "status": incident.status,
        "onset": incident.onset.isoformat(),
        "last_day": incident.last_day.isoformat(),
        "expected": plain(incident.expected),
        "actual": plain(incident.actual),
        "excess": plain(incident.excess),
        "currency": incident.currency,
        "score": plain(incident.score),
        "owner": incident.owner,
        "generation": incident.generation,
        "detail": incident.detail,
    }


def _payload(name: str, incident: Incident) -> Mapping[str, object]:
    row = _row(incident)
    detail = row.pop("detail")
    told = cast("Detail", detail)
    return {"incident": name, **row, "series": incident.series, "severity_rule": told["severity_rule"], "causes": told["causes"]}


def _field(one: Kept, field: str) -> object:
    value: object = getattr(one, field)
    if isinstance(value, Decimal):
        return plain(value)
    return value.isoformat() if isinstance(value, date) else value


def _kept(row: sa.RowMapping) -> Kept:
    return Kept(
        id=row["id"],
        scope=row["scope"],
        direction=row["direction"],
        kind=row["kind"],
        severity=row["severity"],
        status=row["status"],
        onset=date.fromisoformat(row["onset"]),
        last_day=date.fromisoformat(row["last_day"]),
        opened_at=row["opened_at"],
        closed_at=row["closed_at"],
        expected=Decimal(row["expected"]),
        actual=Decimal(row["actual"]),
        excess=Decimal(row["excess"]),
        currency=row["currency"],
        score=Decimal(row["score"]),
        owner=row["owner"],
        generation=row["generation"],
        detail=row["detail"],
    )
