"""The values a dimension takes, with their cost: what type-ahead and filter chips offer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import cast

from bursar.lake.generations import Generation
from bursar.ports import Warehouse
from bursar.query.ask import NOTHING_PUBLISHED, ask
from bursar.query.errors import QuestionError
from bursar.query.filters import Field, Filter, Like, all_of, field_text
from bursar.query.question import Query, read_fields
from bursar.query.router import LINES, relation_of

MART = "dimension_values"


@dataclass(frozen=True, slots=True, kw_only=True)
class DimensionValue:
    """A value a dimension takes (None: charges without one), with its effective cost in one currency."""

    value: str | None
    currency: str
    effective_cost: Decimal


def dimension_values(
    dimension: str,
    letters: str = "",
    *,
    generation: Generation | None,
    warehouse: Warehouse,
    limit: int = 20,
    within: Filter | None = None,
) -> tuple[DimensionValue, ...]:
    """The values of a dimension that hold these letters, whatever their case, dearest first, over everything published.

    `within` leaves the rows of a filter only. Raises QuestionError naming `dimension` for what is none.
    """
    book = generation or NOTHING_PUBLISHED
    try:
        field = _one(read_fields(dimension))
        found = None if within else _from_mart(field, letters, generation=book, warehouse=warehouse, limit=limit)
        return _from_charges(field, letters, within, generation=book, warehouse=warehouse)[:limit] if found is None else found
    except QuestionError as error:
        error.pointer = "dimension" if error.pointer == "group_by" else error.pointer
        raise


def _one(fields: Sequence[Field]) -> Field:
    if len(fields) != 1:
        raise QuestionError("values are listed of one dimension", pointer="dimension")
    return fields[0]


def _from_mart(
    field: Field, letters: str, *, generation: Generation, warehouse: Warehouse, limit: int
) -> tuple[DimensionValue, ...] | None:
    """The mart's answer; None where it does not list this dimension, or lacks a billing period."""
    files = generation.of(MART)
    if field.key is not None or {file.period for file in files} != set(generation.periods()) or not files:
        return None
    name, reads = field_text(field), [file.path for file in generation.files]
    sql = f"""SELECT nullif(value, '') AS value, currency, sum(effective_cost) AS effective_cost
FROM {relation_of(files)}
WHERE dimension = ? AND value ILIKE ? ESCAPE '\\'
GROUP BY ALL ORDER BY effective_cost DESC, value, currency LIMIT {limit}"""
    found = warehouse.rows(sql, [name, _pattern(letters)], reads=reads).rows
    if not found and not warehouse.rows(f"SELECT 1 FROM {relation_of(files)} WHERE dimension = ? LIMIT 1", [name], reads=reads).rows:
        return None
    return tuple(
        DimensionValue(value=value, currency=currency, effective_cost=cost)
        for value, currency, cost in cast("list[tuple[str | None, str, Decimal]]", found)
    )


def _from_charges(
    field: Field, letters: str, within: Filter | None, *, generation: Generation, warehouse: Warehouse
) -> tuple[DimensionValue, ...]:
    """The answer of whatever table knows the dimension, and what the rows are chosen by."""
    days = [day for file in generation.of(LINES) for day in (file.min_day, file.max_day) if day]
    if not days:
        return ()
    like = [Like(field=field, pattern=_pattern(letters), fold=True)] if letters else []
    chosen = [*like, *([within] if within else [])]
    query = Query(group_by=(field,), granularity="total", window=f"{min(days)}..{max(days) + timedelta(days=1)}")
    if chosen:
        query = replace(query, filter=all_of(*chosen))
    rows = sorted(ask(query, generation=generation, warehouse=warehouse).rows, key=lambda row: -row.value)
    return tuple(DimensionValue(value=row.keys[0], currency=row.currency, effective_cost=row.value) for row in rows)


def _pattern(letters: str) -> str:
    """These letters anywhere; signs of the pattern language stand for themselves."""
    escaped = letters.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
