"""Which exception covers an incident: one that applies now, names anomalies, and holds for every charge of its scope.

What is not known of a charge is not covered: an exception for `env = 'dev'` covers no incident of a whole team.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa

from bursar.domain.periods import stamp
from bursar.query.filter_tree import And, Compare, Filter, In, Like, Missing, Not, Or
from bursar.query.filters import parse
from bursar.store import schema
from bursar.triage.rows import Incident, decimal

RULE = "BRS-ANO-001"
"""The rule an exception names to keep incidents of its scope quiet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemption:
    """An exception that applies: its scope, the resources it is about, and the cost beyond which it does not."""

    id: str
    resource: str
    scope: Filter | None
    cap: Decimal | None
    currency: str | None


def applying(connection: sa.Connection, *, now: datetime) -> list[Exemption]:
    """Exceptions of this rule that are granted by somebody else than their owner, not expired and not revoked."""
    table, at = schema.exception_grant, stamp(now)
    living = table.c.revoked_at.is_(None) & (table.c.created <= at) & (table.c.expires > at) & (table.c.approver != table.c.owner)
    rows = connection.execute(sa.select(table).where(living, table.c.rule == RULE).order_by(table.c.id)).mappings()
    return [
        Exemption(
            id=row["id"],
            resource=row["resource"],
            scope=parse(row["scope"]) if row["scope"] else None,
            cap=decimal(row["max_monthly_cost"]),
            currency=row["currency"],
        )
        for row in rows
    ]


def covering(incident: Incident, exemptions: Sequence[Exemption]) -> Exemption | None:
    """The first that covers it."""
    return next((one for one in exemptions if _covers(one, incident)), None)


def _covers(exemption: Exemption, incident: Incident) -> bool:
    resource = incident.scope.get("resource_id")
    pattern = exemption.resource
    named = pattern in {"*", resource} or bool(pattern.endswith("*") and resource and resource.startswith(pattern[:-1]))
    dear = exemption.cap is not None and (exemption.currency not in {None, incident.currency} or incident.excess > exemption.cap)
    return named and not dear and (exemption.scope is None or holds(exemption.scope, incident.scope) is True)


def holds(tree: Filter, scope: Mapping[str, str | None]) -> bool | None:
    """Whether a filter holds for every charge of a scope; None where the scope does not say."""
    match tree:
        case And():
            found = [holds(term, scope) for term in tree.terms]
            return False if False in found else None if None in found else True
        case Or():
            found = [holds(term, scope) for term in tree.terms]
            return True if True in found else None if None in found else False
        case Not():
            inner = holds(tree.term, scope)
            return None if inner is None else not inner
        case _:
            where = tree.field
            if where.key is not None or where.name not in scope:
                return None
            return _test(tree, scope[where.name])


def _test(test: Filter, value: str | None) -> bool | None:
    """One comparison with a known value; a missing one makes it false."""
    if isinstance(test, Missing):
        return value is None
    if value is None:
        return False
    match test:
        case Compare(op="="):
            return value == test.value
        case In():
            return value in test.values
        case Like():
            return bool(re.fullmatch(_pattern(test.pattern), value, re.DOTALL | (re.IGNORECASE if test.fold else 0)))
        case _:
            return None


def _pattern(pattern: str) -> str:
    """A LIKE pattern as a regular expression."""
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    return "".join({"%": ".*", "_": "."}.get(part) or re.escape(part[-1]) for part in parts)
