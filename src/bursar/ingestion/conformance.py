"""Conformance of a staged snapshot: what FOCUS demands of types, nulls, values and between columns, counted in one pass.

Rules of single columns come from `focus/columns.yaml`, those between columns from `focus/conformance.yaml`.
"""

import csv
from dataclasses import dataclass
from functools import cache
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict

from bursar.domain.wording import count
from bursar.ingestion.casts import quoted
from bursar.ingestion.columns import FocusColumn, focus_columns
from bursar.ingestion.families import packaged
from bursar.ports import Rows

Level = Literal["must", "should"]


class RowRule(BaseModel):
    """A rule of one row; `when` is SQL that is true where the row breaks it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    level: Level
    promise: str
    when: str


class GroupRule(BaseModel):
    """A rule between rows; each row of `query` is a breach."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    level: Level
    promise: str
    query: str


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    not_null_unless: dict[str, str]
    rows: tuple[RowRule, ...]
    groups: tuple[GroupRule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A rule that does not hold, and how many rows or groups break it."""

    rule: str
    level: Level
    promise: str
    count: int

    def __str__(self) -> str:
        return f"{self.rule}: {self.promise}, broken {count(self.count, 'time')}"


@cache
def row_rules() -> tuple[RowRule, ...]:
    """Every rule of single rows: nullability and allowed values of the columns, then the written ones."""
    written = _written()
    generated = [rule for column in focus_columns() for rule in _column_rules(column, written)]
    return (*generated, *written.rows)


def group_rules() -> tuple[GroupRule, ...]:
    """Every rule between rows."""
    return _written().groups


def conformance_sql() -> str:
    """One SELECT over `focus` with a row per rule: (rule, failed)."""
    counted = ", ".join(f"{quoted(rule.id)}: count_if({rule.when})" for rule in row_rules())
    types = ", ".join(quoted(f"{column.name} {column.type}") for column in focus_columns())
    described = "SELECT list(column_name || ' ' || column_type) FROM (DESCRIBE SELECT * FROM focus)"
    parts = [
        f"SELECT unnest(map_entries(found), recursive := true) FROM (SELECT MAP {{{counted}}} AS found FROM focus)",
        f"SELECT 'columns', CASE WHEN ({described}) = [{types}] THEN 0 ELSE 1 END",
        *(f"SELECT {quoted(rule.id)}, count(*) FROM ({rule.query.replace('{pairs}', _pairs())})" for rule in group_rules()),
    ]
    return " UNION ALL ".join(parts)


def findings(answer: Rows) -> list[Breach]:
    """The rules that do not hold, musts first; empty when all hold."""
    told: dict[str, tuple[Level, str]] = {rule.id: (rule.level, rule.promise) for rule in (*row_rules(), *group_rules())}
    told["columns"] = ("must", "the table has exactly the columns and types of columns.yaml")
    broken = [(str(rule), int(str(failed))) for rule, failed in answer.rows if failed]
    breaches = [Breach(rule=rule, level=told[rule][0], promise=told[rule][1], count=failed) for rule, failed in broken]
    return sorted(breaches, key=lambda breach: (breach.level, breach.rule))


def _column_rules(column: FocusColumn, written: _Written) -> list[RowRule]:
    rules: list[RowRule] = []
    if not column.may_be_null and column.name not in written.not_null_unless:
        rules.append(RowRule(id=f"{column.name}-null", level="must", promise="it is never null", when=f'"{column.name}" IS NULL'))
    if column.allowed:
        values = ", ".join(quoted(value) for value in column.allowed)
        when = f'NOT list_contains([{values}], "{column.name}")'  # a long IN becomes a join in DuckDB
        rules.append(RowRule(id=f"{column.name}-value", level="must", promise="it is one of the allowed values", when=when))
    return rules


@cache
def _written() -> _Written:
    return _Written.model_validate(yaml.safe_load(packaged("focus/conformance.yaml")))


@cache
def _pairs() -> str:
    """Every `category/subcategory` FOCUS knows, as a SQL list."""
    rows = csv.DictReader(packaged("reference/service_subcategories.csv").splitlines())
    return "[" + ", ".join(quoted(f"{row['service_category']}/{row['service_subcategory']}") for row in rows) + "]"
