"""Which exception covers an incident: one that counts, names anomalies, and holds for every charge of its scope.

What is not known of a charge is not covered: an exception for `env = 'dev'` covers no incident of a whole team.
"""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from bursar.config import Config
from bursar.domain.errors import ConfigError
from bursar.exception_registry.grants import Grant
from bursar.exception_registry.registry import load
from bursar.triage.rows import Incident

RULE = "BRS-ANO-001"
"""The rule an exception names to keep incidents of its scope quiet."""
FILE = "exceptions.yaml"


def applying(connection: sa.Connection, *, config: Config, now: datetime) -> tuple[Grant, ...]:
    """Exceptions of this rule that count. With a file that cannot be read there are none: a typo silences nobody.

    Whoever asks for the exceptions themselves is told what is wrong with it.
    """
    try:
        registry = load(connection, now=now, file=config.file(FILE), owners=config.owners)
    except ConfigError:
        return ()
    return tuple(grant for grant in registry.applying() if grant.rule == RULE)


def covering(incident: Incident, grants: Sequence[Grant], *, now: datetime) -> Grant | None:
    """The first that covers it; one whose cost cap the excess is over does not."""
    resource = incident.scope.get("resource_id") or ""
    found = (one for one in grants if not _is_dear(one, incident) and one.covers(RULE, resource, incident.scope, now=now))
    return next(found, None)


def _is_dear(grant: Grant, incident: Incident) -> bool:
    cap = grant.max_monthly_cost
    return cap is not None and (grant.currency != incident.currency or incident.excess > cap)
