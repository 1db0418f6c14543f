"""The one SELECT behind a question: bound parameters to run it, and a reading copy for the evidence drawer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from bursar.query.errors import QuestionError
from bursar.query.filter_tree import value_text
from bursar.query.filters import ColumnSql, Field, compile_sql
from bursar.query.question import Query
from bursar.query.router import Table
from bursar.query.windows import Slice

OTHER = "other"
"""The key under which `top` sums the groups it does not name."""

_RELATION = "{relation}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """SQL text with a place for its relation, and the values of its marks in order."""

    text: str
    parameters: tuple[object, ...]

    def over(self, relation: str) -> str:
        """The statement to run over this relation."""
        return self.text.replace(_RELATION, relation)

    def display(self, table: str) -> str:
        """The statement to read: values in place, the table by its name, no path."""
        values = iter(self.parameters)
        return re.sub(r"\?", lambda _: _literal(next(values)), self.over(table))


def statement_of(query: Query, *, table: Table, current: Slice, before: Slice | None) -> Statement:
    """The SELECT of a question; its columns are bucket, k1…, currency, value, previous."""
    parameters: list[object] = []
    keys = [f"k{index + 1}" for index in range(len(query.group_by))]
    picked = [f"{_key(field, table, parameters)} AS {key}" for field, key in zip(query.group_by, keys, strict=True)]
    where = [_either(table, current=current, before=before)]
    if query.filter:
        condition, values = compile_sql(query.filter, table.columns)
        where.append(condition)
        parameters.extend(values)
    text = "\n".join([
        "WITH charges AS (",
        f"  SELECT {', '.join([_as(table.day, 'day'), _as(table.billing_period, 'billing_period'), *picked])},",
        f"    {_as(table.columns['currency'].sql, 'currency')}, {table.amount} AS amount",
        f"  FROM {_RELATION}",
        f"  WHERE {' AND '.join(where)}",
        "), sums AS (",
        *_sums(query, keys=keys, current=current, before=before),
        *_chosen(query, keys=keys, parameters=parameters),
        f"ORDER BY {_order(query, keys)}",
    ])  # fmt: skip
    return Statement(text=text, parameters=tuple(parameters))


def _as(expression: str, name: str) -> str:
    """An expression under its name, said once where they are the same."""
    return expression if expression == name else f"{expression} AS {name}"


def _either(table: Table, *, current: Slice, before: Slice | None) -> str:
    """The days read: the slice, and what it is compared with."""
    sides = [side.where(table.moment, table.billing_period) for side in (current, before) if side]
    return sides[0] if len(sides) == 1 else f"(({sides[0]}) OR ({sides[1]}))"


def _key(field: Field, table: Table, parameters: list[object]) -> str:
    """A dimension's expression; its value is always text."""
    column = table.columns[field.name]
    if field.key is None:
        return column.sql if column.kind == "text" else f"CAST({column.sql} AS VARCHAR)"
    parameters.append(field.key)
    return column.sql.replace("{key}", "?")


def _sums(query: Query, *, keys: list[str], current: Slice, before: Slice | None) -> Iterator[str]:
    """Each side summed by bucket; the buckets of both are counted from their own start, so that they meet."""
    grouped = ", ".join([*keys, "currency"])
    if before is None:
        yield f"  SELECT {_bucket(query, current)} AS bucket, {grouped}, sum(amount) AS value, NULL AS previous"
        yield "  FROM charges GROUP BY ALL"
        return
    yield f"  SELECT bucket, {grouped}, sum(value) AS value, sum(previous) AS previous FROM ("
    yield f"    SELECT {_bucket(query, current)} AS bucket, {grouped}, amount AS value, NULL AS previous FROM charges"
    yield f"    WHERE {current.where('day', 'billing_period')}"
    yield "    UNION ALL"
    yield f"    SELECT {_bucket(query, before)}, {grouped}, NULL, amount FROM charges"
    yield f"    WHERE {before.where('day', 'billing_period')}"
    yield "  ) GROUP BY ALL"


def _bucket(query: Query, side: Slice) -> str:
    """The number of the bucket a charge falls into, counted from the slice's start."""
    if query.granularity == "total" or (query.granularity == "month" and side.period):
        return "0"
    return f"datediff('{query.granularity}', DATE '{side.start}', day)"


def _chosen(query: Query, *, keys: list[str], parameters: list[object]) -> Iterator[str]:
    """The rows to show: groups that pass `having`, those beyond `top` summed as `other`."""
    last = "sums"
    if query.having or query.top:
        partition = ", ".join([*keys, "currency"])
        yield "), whole AS ("
        yield f"  SELECT *, sum(value) OVER (PARTITION BY {partition}) AS overall FROM sums"
        last = "whole"
    if query.having:
        yield "), kept AS ("
        yield f"  SELECT * FROM {last} WHERE {_having(query, parameters)}"
        last = "kept"
    if query.top and keys:
        yield from _ranked(query, keys=keys, last=last)
        last = "named"
    yield ")"
    yield f"SELECT bucket, {''.join(f'{key}, ' for key in keys)}currency, value, previous"
    yield f"FROM {last}"


def _ranked(query: Query, *, keys: list[str], last: str) -> Iterator[str]:
    """Groups by size within their currency. A real group called `other` joins the rest: one name, one row."""
    is_other = _is_other(keys)
    order = f"{is_other}, overall DESC NULLS LAST, {', '.join(keys)}"
    yield "), ranked AS ("
    yield f"  SELECT *, {is_other} AS is_other, dense_rank() OVER (PARTITION BY currency ORDER BY {order}) AS place FROM {last}"
    yield "), named AS ("
    shown = ", ".join(f"CASE WHEN place > {query.top} OR is_other THEN '{OTHER}' ELSE {key} END AS {key}" for key in keys)
    yield f"  SELECT bucket, {shown}, currency, sum(value) AS value, sum(previous) AS previous FROM ranked GROUP BY ALL"


def _having(query: Query, parameters: list[object]) -> str:
    """A filter over a group's sum, which it may call `value` or by the metric's name."""
    column = ColumnSql(sql="coalesce(overall, 0)", kind="number")
    try:
        condition, values = compile_sql(query.having, {"value": column, query.metric: column}) if query.having else ("true", ())
    except QuestionError as error:
        raise QuestionError(
            error.message, cure=f"having speaks of value or {query.metric}", pointer="having", column=error.column
        ) from None
    parameters.extend(values)
    return condition


def _order(query: Query, keys: list[str]) -> str:
    """By bucket and currency, then the largest first or by name; `other` comes last."""
    by = [f"{key} NULLS LAST" for key in keys]
    if query.order == "value":
        by.insert(0, "value DESC NULLS LAST")
    if query.top and keys:
        by.insert(0, _is_other(keys))
    return ", ".join(["bucket", "currency", *by])


def _is_other(keys: list[str]) -> str:
    """Whether a row is the one that sums the rest."""
    return "(" + " AND ".join(f"coalesce({key}, '') = '{OTHER}'" for key in keys) + ")"


def _literal(value: object) -> str:
    return value_text(value) if isinstance(value, str | Decimal | date | bool) else str(value)
