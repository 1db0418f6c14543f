"""One function through which every word on a plan is taken down, whichever surface it came by.

The approver is the verified subject of that surface, never a name in the request.
"""

from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from bursar.actions.book import OPEN, Entry, approvals_of, find, move
from bursar.actions.door import Door
from bursar.actions.guards import RULES, Rules, opened, person, usable
from bursar.domain.errors import NotApproved, Refused
from bursar.domain.periods import stamp
from bursar.domain.plans import Approval
from bursar.store import journal
from bursar.store.schema import approval


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Who speaks, as a surface verified it: name, role, and by which surface (cli, api, web, slack)."""

    name: str
    role: str
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """How a plan stands after a word on it: how many count, and how many it takes."""

    digest: str
    status: str
    given: int
    needed: int


def approve(door: Door, digest: str, by: Subject, *, reason: str = "", rules: Rules = RULES) -> Agreed:
    """Take an approval down. It names the digest, lives for a day at most, and counts for one apply.

    Raises NotApproved when the subject may not approve this plan, Refused when the plan waits for nobody.
    """
    if not person(by.name):
        raise NotApproved("whoever approves has a name", cure="Name them.")
    now = door.clock()
    with door.store.begin() as connection:
        journal.lock(connection)
        entry = find(connection, digest)
        given = _word(door, entry, by, verdict="approve", reason=reason, now=now)
        _refuse(door, entry, given, rules, now=now)
        _put(connection, given)
        journal.append(connection, at=given.at, kind="plan.approval", actor=by.name, payload=_told(given))
        entry = replace(entry, approvals=approvals_of(connection, entry.digest))
        case = opened(door, entry)
        good, _ = usable(case, rules)
        needed, count = case.card.needed(entry.plan), len({person(one.approver) for one in good})
        enough = count >= needed and not door.unheard(entry.plan, good)
        if enough and entry.status == "proposed":
            move(connection, entry, "approved", now=now, actor=by.name)
    return Agreed(digest=entry.digest, status="approved" if enough else "proposed", given=count, needed=needed)


def reject(door: Door, digest: str, by: Subject, *, reason: str = "") -> Agreed:
    """Close a plan for good; its maker may too. Raises Refused when it waits for nobody."""
    now = door.clock()
    with door.store.begin() as connection:
        journal.lock(connection)
        entry = find(connection, digest)
        given = _word(door, entry, by, verdict="reject", reason=reason, now=now)
        _open(entry)
        if not door.may_approve(given, entry.plan) and by.name != entry.plan.maker:
            raise NotApproved(f"a {by.role} may not reject this plan")
        _put(connection, given)
        move(connection, entry, "rejected", now=now, actor=by.name, why={"reason": reason})
    return Agreed(digest=entry.digest, status="rejected", given=0, needed=0)


def _refuse(door: Door, entry: Entry, given: Approval, rules: Rules, *, now: datetime) -> None:
    _open(entry)
    case = opened(door, entry)
    if wrong := [text for rule in rules.approval.values() if (text := rule(case, given))]:
        raise NotApproved(f"{given.approver}: {'; '.join(wrong)}", cure="Somebody else must approve it.")
    if stamp(now) >= entry.plan.expires_at:
        raise Refused(f"the plan expired {entry.plan.expires_at}", cure="Make a new plan: bursar plan")


def _open(entry: Entry) -> None:
    if entry.status not in OPEN:
        raise Refused(f"the plan is {entry.status}; it waits for nobody", cure="Make a new plan: bursar plan")


def _word(door: Door, entry: Entry, by: Subject, *, verdict: str, reason: str, now: datetime) -> Approval:
    ends = min(stamp(now + door.approval_life), entry.plan.expires_at)
    return Approval(
        plan_digest=entry.digest, approver=by.name, role=by.role, verdict=verdict, via=by.via, reason=reason, at=stamp(now), expires_at=ends
    )  # fmt: skip


def _put(connection: sa.Connection, given: Approval) -> None:
    """A later word of the same person on the same plan replaces the earlier, as long as that was not used."""
    mine = (approval.c.plan_digest == given.plan_digest) & (approval.c.approver == given.approver)
    connection.execute(approval.delete().where(mine, approval.c.used_at.is_(None)))
    connection.execute(approval.insert().values(**{name: getattr(given, name) for name in given.__slots__}))


def _told(given: Approval) -> dict[str, object]:
    return {
        "digest": given.plan_digest, "verdict": given.verdict, "role": given.role, "via": given.via, "reason": given.reason,
        "expires_at": given.expires_at,
    }  # fmt: skip
