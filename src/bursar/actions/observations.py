"""The daily ledger of observations: what each resource was on each day, so that `first seen idle` can be answered."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

import sqlalchemy as sa

from bursar.actions.playbooks.playbook import Seen
from bursar.domain.canonical import canonical
from bursar.domain.estates import Observed, State
from bursar.store.schema import observation

MEMORY = timedelta(days=90)
"""So far back a playbook is shown."""


def record(connection: sa.Connection, seen: Iterable[Observed]) -> int:
    """Keep what was seen, one observation per resource and day (of the estate's clock); a later one of the same day replaces.

    What is gone is not recorded: an absence is a day without an observation. Returns how many were new or different.
    """
    rows = {(one.resource.provider, one.resource.id, one.at.date().isoformat()): one for one in seen if one.state is not None}
    known = _known(connection, {day for _, _, day in rows})
    texts = {id(one.state): canonical(one.state) for one in {id(one.state): one for one in rows.values()}.values()}
    changed = {key: one for key, one in rows.items() if known.get(key) != texts[id(one.state)]}
    for key in changed.keys() & known.keys():
        connection.execute(observation.delete().where(*_is(key)))
    if changed:
        connection.execute(observation.insert(), [_row(key, one, texts[id(one.state)]) for key, one in changed.items()])
    return len(changed)


def with_history(connection: sa.Connection, survey: Sequence[Observed]) -> list[Seen]:
    """Each surveyed resource with its observations of the last ninety days, none after the survey."""
    if not survey:
        return []
    today = max(one.at.date() for one in survey)
    kinds = {one.resource.kind for one in survey}
    days: dict[tuple[str, str], list[tuple[date, State]]] = defaultdict(list)
    query = (
        sa.select(observation.c.provider, observation.c.resource, observation.c.day, observation.c.state)
        .where(observation.c.kind.in_(kinds), observation.c.day >= (today - MEMORY).isoformat(), observation.c.day <= today.isoformat())
        .order_by(observation.c.day)
    )
    for provider, resource, day, state in connection.execute(query):
        days[provider, resource].append((date.fromisoformat(day), state))
    return [Seen(now=one, days=tuple(days[one.resource.provider, one.resource.id])) for one in survey]


def _known(connection: sa.Connection, days: set[str]) -> dict[tuple[str, str, str], str]:
    query = sa.select(observation.c.provider, observation.c.resource, observation.c.day, observation.c.state)
    found = connection.execute(query.where(observation.c.day.in_(sorted(days))))
    return {(provider, resource, day): canonical(state) for provider, resource, day, state in found}


def _is(key: tuple[str, str, str]) -> tuple[sa.ColumnElement[bool], ...]:
    return (observation.c.provider == key[0], observation.c.resource == key[1], observation.c.day == key[2])


def _row(key: tuple[str, str, str], one: Observed, text: str) -> dict[str, object]:
    return {
        "provider": key[0],
        "resource": key[1],
        "day": key[2],
        "kind": one.resource.kind,
        "account": one.resource.account,
        "region": one.resource.region,
        "state": json.loads(text),
    }
