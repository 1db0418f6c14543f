"""Exceptions that were asked for: one asks, another allows. A request is an entry of the journal, and so is what became of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from bursar.domain.errors import ConfigError
from bursar.domain.periods import stamp
from bursar.exception_registry.grants import Grant, document, read_grant
from bursar.store import journal
from bursar.store.schema import exception_grant
from bursar.store.schema import journal as entries

ASKED, DECLINED = "exception.requested", "exception.declined"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What somebody asked for. `wish` is the exception as it would be, with the asker where its approver will stand."""

    wish: Grant
    at: str

    @property
    def by(self) -> str:
        """Who asked."""
        return self.wish.approver


def ask(connection: sa.Connection, given: Mapping[str, object], *, by: str, now: datetime) -> Request:
    """Ask for an exception. Raises ConfigError for a malformed one, or an id that is taken."""
    wish = read_grant({**given, "approver": by, "created": stamp(now)}, origin="store")
    taken = connection.execute(sa.select(exception_grant.c.id).where(exception_grant.c.id == wish.id)).first()
    if taken or any(one.wish.id == wish.id for one in waiting(connection, now=now)):
        raise ConfigError(f"there is an exception {wish.id} already, or a request for one", cure="Choose another id.")
    journal.append(connection, at=stamp(now), kind=ASKED, actor=by, payload=document(wish))
    return Request(wish=wish, at=stamp(now))


def decline(connection: sa.Connection, request: Request, *, by: str, reason: str, now: datetime) -> None:
    """Say no to a request."""
    journal.append(connection, at=stamp(now), kind=DECLINED, actor=by, payload={"id": request.wish.id, "reason": reason})


def waiting(connection: sa.Connection, *, now: datetime) -> list[Request]:
    """The requests nobody answered yet, oldest first: neither granted nor declined since, and not over."""
    query = sa.select(entries.c.kind, entries.c.at, entries.c.payload).where(entries.c.kind.in_([ASKED, DECLINED]))
    found: dict[str, Request] = {}
    for kind, at, payload in connection.execute(query.order_by(entries.c.seq)):
        told = json.loads(payload)
        found.pop(told["id"], None)
        if kind == ASKED:
            found[told["id"]] = Request(wish=read_grant(told, origin="store"), at=at)
    granted = set(connection.execute(sa.select(exception_grant.c.id).where(exception_grant.c.id.in_(found))).scalars())
    return [one for one in found.values() if one.wish.id not in granted and one.wish.expires > now]
