"""What a condition in `rules.yaml` may look at: every text column of a bill line, tags, and owner dimensions decided before it."""

from __future__ import annotations

from collections.abc import Iterable

from bursar.query.filters import ColumnSql, Filter, fields_of, snake
from bursar.query.focus import focus_columns

CHARGE_COLUMNS = (
    "BillingAccountId", "SubAccountId", "SubAccountName", "x_InvoiceKey", "ServiceName", "ServiceCategory", "RegionId",
    "SkuId", "ResourceId", "ResourceName", "ResourceType", "ChargeCategory", "ChargeClass", "PricingCategory", "CommitmentDiscountStatus",
    "BillingCurrency", "ConsumedUnit", "x_Provider",
)  # fmt: skip
"""FOCUS columns that `charge_columns()` of the dbt project carries anyway; any other has to be asked for."""

_NAMES = {"x_provider": "provider", "billing_currency": "currency", "x_invoice_key": "invoice_key"}
_OURS = ("provider", "source", "currency", "invoice_key")


def charge_registry(owners: Iterable[str] = ()) -> dict[str, ColumnSql]:
    """The columns of one bill line by snake_case name, with the owner dimensions already decided."""
    text = {snake(column.name) for column in focus_columns() if column.type == "VARCHAR"}
    names = {name: ColumnSql(sql=_NAMES.get(name, name)) for name in sorted(text)}
    ours = {name: ColumnSql(sql=name) for name in (*_OURS, *owners)}
    tags = ColumnSql(sql="tags[{key}]", kind="map")
    return {**names, **ours, "tag": tags, "label": tags}


def owner_registry(owners: Iterable[str]) -> dict[str, ColumnSql]:
    """The owner dimensions alone: what may limit the bearers of a shared cost."""
    return {name: ColumnSql(sql=name) for name in owners}


def extra_columns(conditions: Iterable[Filter]) -> list[tuple[str, str]]:
    """The (name, FOCUS column) of each column that conditions look at and no mart carries, in order."""
    wanted = {field.name for tree in conditions for field in fields_of(tree)}
    return sorted(
        (snake(column.name), column.name)
        for column in focus_columns()
        if snake(column.name) in wanted and column.name not in CHARGE_COLUMNS
    )
