"""What an exception costs, from the bill."""

from __future__ import annotations

import re
from decimal import Decimal

from bursar.domain.errors import ConfigError
from bursar.domain.money import total
from bursar.exception_registry.grants import Grant
from bursar.lake.generations import Generation
from bursar.ports import Warehouse
from bursar.query.ask import ask
from bursar.query.filters import Compare, Field, Filter, Like, all_of, any_of, parse
from bursar.query.question import Query


def cost_of(exception: Grant, *, since: str, generation: Generation | None, warehouse: Warehouse) -> dict[str, Decimal]:
    """What the bill has charged since a day for what an exception covers, by currency; empty where the bill knows none of it."""
    chosen: Filter | None = parse(exception.scope) if exception.scope else None
    if exception.resource != "*":
        name = exception.resource
        test = [_named(Field(name=column), name) for column in ("resource_id", "resource_name")]
        chosen = all_of(chosen, any_of(*test)) if chosen else any_of(*test)
    try:
        answer = ask(Query(granularity="total", window=f"{since}..2899-12-31", filter=chosen), generation=generation, warehouse=warehouse)
    except ConfigError:
        return {}
    return {
        currency: total(row.value for row in answer.rows if row.currency == currency) for currency in {row.currency for row in answer.rows}
    }


def _named(field: Field, name: str) -> Filter:
    if not name.endswith("*"):
        return Compare(field=field, op="=", value=name)
    return Like(field=field, pattern=re.sub(r"([%_\\])", r"\\\1", name.removesuffix("*")) + "%")
