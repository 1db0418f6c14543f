"""Every exception of file and store with what is to be said of it; granting, revoking and using one, each told in the journal."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import cast

import sqlalchemy as sa

from bursar.config import text_yaml
from bursar.domain.canonical import digest
from bursar.domain.errors import ConfigError, Refused
from bursar.domain.money import plain
from bursar.domain.periods import stamp
from bursar.exception_registry.grants import Grant, Origin, document, read_grant
from bursar.store import journal
from bursar.store.schema import exception_grant
from bursar.store.schema import journal as entries

BREAK_GLASS = timedelta(hours=24)
"""The longest exception somebody may approve for themselves."""

ENDS_SOON = timedelta(days=14)
UNUSED = timedelta(days=30)

FINDINGS: Mapping[str, str] = {
    "BRS-EXC-001": "expired",
    "BRS-EXC-002": "malformed",
    "BRS-EXC-003": "not used for 30 days",
    "BRS-EXC-004": "approved by its owner, or its owner is gone",
    "BRS-EXC-005": "ends within 14 days",
    "BRS-EXC-006": "over its cost cap",
}
NOT_APPLIED = frozenset({"BRS-EXC-001", "BRS-EXC-002", "BRS-EXC-004", "BRS-EXC-006"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What is to be said of an exception. `applies` is whether the exception counts all the same."""

    id: str
    exception: str
    message: str

    @property
    def applies(self) -> bool:
        """Whether the exception still counts."""
        return self.id not in NOT_APPLIED


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """Every exception that can be read, and what is to be said of them."""

    grants: tuple[Grant, ...]
    findings: tuple[Finding, ...]

    def applying(self) -> tuple[Grant, ...]:
        """Those that count."""
        out = {finding.exception for finding in self.findings if not finding.applies}
        return tuple(grant for grant in self.grants if grant.id not in out)

    @property
    def digest(self) -> str:
        """SHA-256 over those that count."""
        return digest([document(grant) for grant in self.applying()])


def load(
    connection: sa.Connection,
    *,
    now: datetime,
    file: Path | None = None,
    owners: Collection[str] = (),
    monthly: Mapping[str, Mapping[str, Decimal]] | None = None,
) -> Registry:
    """Every exception that is not revoked, with its findings.

    `owners` are the teams bursar.yaml names (none: nobody is gone), `monthly` what each exception costs this month by currency.
    Raises ConfigError when the file is no list of exceptions.
    """
    grants, findings = read_file(file) if file else ([], [])
    stored = connection.execute(sa.select(exception_grant).where(exception_grant.c.revoked_at.is_(None)).order_by(exception_grant.c.id))
    for row in stored.mappings():
        columns = {name: value for name, value in row.items() if name not in {"revoked_at", "revoked_by"}}
        _add(grants, findings, columns, origin="store")
    uses = _uses(connection, since=now - UNUSED)
    for grant in grants:
        findings += _findings(grant, now=now, owners=owners, is_used=grant.id in uses, cost=(monthly or {}).get(grant.id, {}))
    return Registry(grants=tuple(grants), findings=tuple(findings))


def read_file(path: Path) -> tuple[list[Grant], list[Finding]]:
    """The exceptions of a project's file; an entry that is wrong is a finding, not the end of the others."""
    try:
        content = text_yaml(path.read_text("utf-8"), file=path.name)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path.name}: cannot be read as UTF-8 text", cure="Save it as UTF-8, readable by this user.") from error
    listed: object = cast("dict[str, object]", content).get("exceptions", []) if isinstance(content, dict) else content or []
    if not isinstance(listed, list):
        raise ConfigError(f"{path.name}: exceptions must be a list", cure="See the commented example: bursar init")
    grants: list[Grant] = []
    findings: list[Finding] = []
    for number, entry in enumerate(cast("list[object]", listed), start=1):
        _add(grants, findings, entry, origin="file", name=f"{path.name}, entry {number}")
    return grants, findings


def grant(
    connection: sa.Connection, given: Mapping[str, object], *, now: datetime, owners: Collection[str] = (), by: str | None = None
) -> Grant:
    """Grant an exception. `by` is who wrote it down, where that is not the approver's own verified word.

    Raises ConfigError for a malformed one or an id that is taken, Refused for what would not apply.
    """
    made = read_grant(dict(given), origin="store")
    found = connection.execute(sa.select(exception_grant.c.id).where(exception_grant.c.id == made.id)).first()
    if found:
        raise ConfigError(f"there is an exception {made.id} already", cure="Choose another id, or revoke that one first.")
    for finding in _findings(made, now=now, owners=owners, is_used=True, cost={}):
        if not finding.applies:
            raise Refused(f"{made.id}: {finding.message}", cure="Let somebody else approve it, for a time that is still to come.")
    row = {**document(made), "revoked_at": None, "revoked_by": None}
    connection.execute(exception_grant.insert().values(**row))
    journal.append(connection, at=stamp(now), kind="exception.granted", actor=by or made.approver, payload=document(made))
    return made


def revoke(connection: sa.Connection, exception: str, *, by: str, now: datetime) -> None:
    """End an exception of the store now. Raises ConfigError when there is none of that id."""
    mine = (exception_grant.c.id == exception) & exception_grant.c.revoked_at.is_(None)
    done = connection.execute(exception_grant.update().where(mine).values(revoked_at=stamp(now), revoked_by=by))
    if not done.rowcount:
        raise ConfigError(f"there is no exception {exception} to revoke", cure="Those of exceptions.yaml end by taking them out of it.")
    journal.append(connection, at=stamp(now), kind="exception.revoked", actor=by, payload={"id": exception})


def tell_file(connection: sa.Connection, registry: Registry, *, now: datetime, actor: str) -> None:
    """Journal the exceptions of the file whenever they are not those last told."""
    told = [document(one) for one in registry.grants if one.origin == "file"]
    query = sa.select(entries.c.payload).where(entries.c.kind == "exception.file").order_by(entries.c.seq.desc()).limit(1)
    last = connection.execute(query).scalar()
    before = json.loads(last)["digest"] if last else digest([])
    if digest(told) != before:
        journal.append(connection, at=stamp(now), kind="exception.file", actor=actor, payload={"digest": digest(told), "exceptions": told})


def record_use(connection: sa.Connection, exceptions: Iterable[str], *, by: str, subject: str, now: datetime) -> None:
    """Journal that exceptions were used: by which room, for what."""
    ids = sorted(set(exceptions))
    if ids:
        journal.append(connection, at=stamp(now), kind="exception.used", actor=by, payload={"exceptions": ids, "subject": subject})


def _uses(connection: sa.Connection, *, since: datetime) -> set[str]:
    query = sa.select(entries.c.payload).where(entries.c.kind == "exception.used", entries.c.at >= stamp(since))
    return {str(one) for payload in connection.execute(query).scalars() for one in json.loads(payload)["exceptions"]}


def _findings(grant: Grant, *, now: datetime, owners: Collection[str], is_used: bool, cost: Mapping[str, Decimal]) -> list[Finding]:
    life = grant.expires - grant.created
    self_approved = grant.approver == grant.owner and life > BREAK_GLASS
    cap = grant.max_monthly_cost
    over = cap is not None and (cost.get(grant.currency or "", Decimal(0)) > cap)
    gone = bool(owners) and grant.owner not in owners
    checks = {
        "BRS-EXC-001": (grant.expires <= now, f"expired on {grant.expires:%Y-%m-%d}"),
        "BRS-EXC-003": (not is_used and grant.created <= now - UNUSED and now < grant.expires, "not used for 30 days"),
        "BRS-EXC-004": (self_approved or gone, f"its owner {grant.owner} is gone" if gone else "approved by its own owner"),
        "BRS-EXC-005": (now < grant.expires <= now + ENDS_SOON, f"ends on {grant.expires:%Y-%m-%d}"),
        "BRS-EXC-006": (over, f"costs more than its cap of {plain(cap) if cap is not None else ''} {grant.currency}"),
    }
    return [Finding(id=name, exception=grant.id, message=message) for name, (is_so, message) in checks.items() if is_so]


def _add(grants: list[Grant], findings: list[Finding], entry: object, *, origin: Origin, name: str = "") -> None:
    """One entry, or the finding that it is malformed."""
    said = dict(cast("Mapping[str, object]", entry)) if isinstance(entry, Mapping) else dict[str, object]()
    ident = str(said.get("id") or name)
    if any(one.id == ident for one in grants):
        again = f"{ident} ({name or origin})"
        findings.append(Finding(id="BRS-EXC-002", exception=again, message=f"the id {ident} is given twice"))
        return
    try:
        grants.append(read_grant(said, origin=origin))
    except ConfigError as error:
        findings.append(Finding(id="BRS-EXC-002", exception=ident, message=error.message))
