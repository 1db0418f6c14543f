"""The columns of `cost_and_usage` as questions see them: FOCUS names in snake_case, `tag:key`, and both published versions.

Source: `ingestion/focus/columns.yaml`, the one list of columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import cast

from bursar.query.errors import QuestionError
from bursar.query.filters import MEASURES, ColumnSql, snake

VERSIONS = ("1.2", "1.4")
"""FOCUS versions that can be exported."""

_KINDS = {"VARCHAR": "text", "TIMESTAMP": "date", "DECIMAL(38,12)": "number"}
_OURS = {"provider": "x_Provider", "currency": "BillingCurrency", "invoice_key": "x_InvoiceKey"}


@dataclass(frozen=True, slots=True, kw_only=True)
class FocusColumn:
    """A column of the table: its name, SQL type and the FOCUS versions that know it (none: it is ours)."""

    name: str
    type: str
    versions: tuple[str, ...]


@cache
def focus_columns() -> tuple[FocusColumn, ...]:
    """Every column, in file order."""
    import yaml  # noqa: PLC0415 - only for questions about bill lines

    text = files("bursar").joinpath("ingestion/focus/columns.yaml").read_text()
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    rows = cast("dict[str, list[dict[str, object]]]", yaml.load(text, Loader=loader))["columns"]  # noqa: S506 - a safe loader, and our own file
    return tuple(FocusColumn(name=str(row["name"]), type=str(row["type"]), versions=tuple(cast("list[str]", row["focus"]))) for row in rows)


@cache
def snake_names() -> tuple[str, ...]:
    """The columns' names as JSON carries them, in file order."""
    return tuple(snake(column.name) for column in focus_columns())


@cache
def focus_registry() -> dict[str, ColumnSql]:
    """What a filter or a `group by` on bill lines may name, by snake_case name: everything but measures and maps."""
    plain = {
        snake(column.name): ColumnSql(sql=column.name, kind=_KINDS[column.type])
        for column in focus_columns()
        if column.type in _KINDS and snake(column.name) not in MEASURES
    }
    ours = {name: ColumnSql(sql=sql) for name, sql in _OURS.items()}
    days = {
        "day": ColumnSql(sql="CAST(ChargePeriodStart AS DATE)", kind="date"),
        "billing_period": ColumnSql(sql="CAST(BillingPeriodStart AS DATE)", kind="date"),
    }
    return {**plain, **ours, **days, "tag": ColumnSql(sql="Tags[{key}]", kind="map")}


def version_columns(version: str) -> tuple[FocusColumn, ...]:
    """The columns of one published version in file order, ours after them. Raises QuestionError for a version we do not write."""
    if version not in VERSIONS:
        raise QuestionError(f"FOCUS {version} is not written", cure=f"choose one of {', '.join(VERSIONS)}", pointer="focus_version")
    known = focus_columns()
    return (*(column for column in known if version in column.versions), *(column for column in known if column.name.startswith("x_")))
