"""Exceptions that keep resources as they are: whoever holds one for a playbook is left alone by it.

Here an exception protects. So one that may hold counts: a scope that cannot be decided from the resource alone protects it,
and a file of exceptions that cannot be read stops everything until it can.
"""

import re
from collections.abc import Collection
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from bursar.actions.playbooks.playbook import Excepted
from bursar.exception_registry.grants import Grant
from bursar.exception_registry.registry import load
from bursar.query.filters import parse
from bursar.query.known import holds

FILE = "exceptions.yaml"


def keeper(connection: sa.Connection, *, file: Path | None, owners: Collection[str], now: datetime) -> Excepted:
    """Whether an exception that counts now covers (playbook, resource). Raises ConfigError for a file that cannot be read."""
    grants = load(connection, now=now, file=file, owners=owners).applying()

    def excepted(rule: str, resource: str) -> bool:
        return any(_covers(one, rule, resource, now=now) for one in grants)

    return excepted


def exceptions(connection: sa.Connection, *, file: Path | None, owners: Collection[str], now: datetime) -> list[dict[str, object]]:
    """Those that excuse from a policy's rules, as the policy reads them: only ones without a scope, which certainly hold."""
    return [
        {
            "id": one.id,
            "rule": one.rule,
            "pattern": one.pattern,
            "created_ns": _ns(one.created),
            "expires_ns": _ns(one.expires),
            "only": None,
        }
        for one in load(connection, now=now, file=file, owners=owners).applying()
        if one.scope is None
    ]


def _covers(one: Grant, rule: str, resource: str, *, now: datetime) -> bool:
    fits = one.rule == rule and re.search(one.pattern, resource) is not None and one.created <= now < one.expires
    return fits and (one.scope is None or holds(parse(one.scope), {"resource_id": resource}) is not False)


def _ns(moment: datetime) -> int:
    return int(moment.timestamp()) * 10**9
