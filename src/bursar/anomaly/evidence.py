"""Evidence: the one SELECT that gives a stated amount to the last digit on its generation, and the command line that shows it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from bursar.anomaly.panel import MART, OTHER, UNUSED, Scope, Series
from bursar.query.catalogue import MARTS
from bursar.query.filter_tree import Compare, Field, Filter, Missing, all_of, negate, value_text
from bursar.query.filters import ColumnSql, compile_sql
from bursar.query.question import Query, command_of

_COLUMNS: Mapping[str, ColumnSql] = next(mart for mart in MARTS if mart.name == MART).columns()


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A statement over `{relation}` with its bound values; `text` shows it with the values in place."""

    sql: str
    parameters: tuple[object, ...]

    @property
    def text(self) -> str:
        """The statement to read and to keep: values in place, the mart by its name."""
        values = iter(self.parameters)
        return re.sub(r"\?", lambda _: _literal(next(values)), self.sql.replace("{relation}", MART))


def usage_filter(scope: Scope, *, unused: bool, currency: str | None = None) -> Filter:
    """Which charges a scope's series is made of, in the filter language."""
    status = Compare(field=Field(name="commitment_discount_status"), op="=", value="Unused")
    terms: list[Filter] = [_equal("charge_category", "Usage"), _equal("charge_class", None), status if unused else negate(status)]
    terms += [_equal("currency", currency)] if currency else []
    return all_of(*terms, *(_equal(name, value) for name, value in scope.items()))


def series_filter(series: Series) -> Filter:
    """Which charges a series is made of."""
    return usage_filter(series.scope, unused=series.level == UNUSED, currency=series.currency)


def scope_text(scope: Scope) -> str:
    """A scope as people read it: `ml / training / prod`, or `the whole estate`."""
    return " / ".join("none" if value is None else value for value in scope.values()) or "the whole estate"


def proof(wanted: Filter, *, first: date, last: date) -> Proof:
    """The statement that gives the effective cost of these charges, both days included."""
    where, values = compile_sql(wanted, _COLUMNS)
    sql = f"SELECT sum(effective_cost) AS actual FROM {{relation}} WHERE {where} AND day BETWEEN ? AND ?"
    return Proof(sql=sql, parameters=(*values, first, last))


def where_of(wanted: Filter) -> tuple[str, tuple[object, ...]]:
    """A filter over the mart as SQL with its values."""
    return compile_sql(wanted, _COLUMNS)


def command(wanted: Filter, *, first: date, last: date) -> str:
    """The `bursar costs` line that shows the same charges by day."""
    window = f"{first}..{last + timedelta(days=1)}"
    return command_of(Query(granularity="day", window=window, filter=wanted))


def _equal(name: str, value: str | None) -> Filter:
    if value == OTHER:
        raise ValueError("the rest of a parent has no filter of its own")
    field = Field(name=name)
    return Missing(field=field) if value is None else Compare(field=field, op="=", value=value)


def _literal(value: object) -> str:
    return value_text(value) if isinstance(value, str | Decimal | date | bool) else str(value)
