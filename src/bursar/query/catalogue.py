"""The catalogue: metrics, dimensions, and the marts that hold them. Command line, API, web pages and dashboards all ask here.

A mart is named with the columns it has; a question goes to the one with the fewest rows that has all it needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bursar.query.filters import ColumnSql


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A sum of money: its mart column, its FOCUS column (None where a bill line cannot know it) and what it means."""

    name: str
    title: str
    focus: str | None
    meaning: str


_MEANINGS = (
    ("effective_cost", "Effective cost", "EffectiveCost", "With commitments spread over what used them, under the direct owner."),
    ("billed_cost", "Billed cost", "BilledCost", "What the invoice says, purchases on the day they are billed."),
    ("list_cost", "List cost", "ListCost", "At public prices, before any discount."),
    ("contracted_cost", "Contracted cost", "ContractedCost", "At negotiated prices, before commitments."),
    ("allocated_cost", "Allocated cost", None, "Effective cost after shared costs are split over their users."),
)

METRICS: Mapping[str, Metric] = {
    name: Metric(name=name, title=title, focus=focus, meaning=meaning) for name, title, focus, meaning in _MEANINGS
}
"""Every metric by name. Only marts know `allocated_cost`."""

DIMENSIONS: Mapping[str, str] = {
    "provider": "Provider",
    "team": "Team",
    "service": "Service",
    "env": "Environment",
    "billing_account_id": "Billing account",
    "sub_account_id": "Account",
    "sub_account_name": "Account name",
    "service_name": "Cloud service",
    "service_category": "Service category",
    "region_id": "Region",
    "sku_id": "SKU",
    "resource_id": "Resource",
    "resource_name": "Resource name",
    "resource_type": "Resource type",
    "charge_category": "Charge category",
    "charge_class": "Charge class",
    "pricing_category": "Pricing category",
    "commitment_discount_status": "Commitment status",
    "invoice_key": "Invoice",
    "source": "Source",
    "kind": "Kind",
    "pool": "Shared pool",
    "team_rule": "Team rule",
    "service_rule": "Service rule",
    "env_rule": "Environment rule",
    "consumed_unit": "Unit",
}
"""Every dimension of the marts and its heading. `team`, `service` and `env` are ours, after the allocation rules."""

OWNERS = ("team", "service", "env")
ALIASES: Mapping[str, str] = {"account": "sub_account_id", "region": "region_id", "environment": "env"}
"""Short names people type."""

_MEASURES = frozenset(METRICS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mart:
    """A rollup by its table name, the dimensions it keeps and the metrics it sums."""

    name: str
    dimensions: tuple[str, ...]
    metrics: frozenset[str] = _MEASURES

    def columns(self) -> dict[str, ColumnSql]:
        """What a filter on it may name: its dimensions, the currency and the charge's day."""
        text = ("currency", *self.dimensions)
        return {
            **{name: ColumnSql(sql=name) for name in text},
            **{name: ColumnSql(sql=name, kind="date") for name in ("day", "billing_period")},
        }


_ACCOUNT = ("provider", "billing_account_id", "sub_account_id", "sub_account_name", "invoice_key", "charge_category")
_CLOUD_SERVICE = ("provider", "service_name", "service_category", "region_id", "pricing_category", "charge_category")

MARTS: tuple[Mart, ...] = (
    Mart(name="cost_daily_owner", dimensions=("provider", *OWNERS)),
    Mart(name="cost_daily_account", dimensions=_ACCOUNT),
    Mart(name="cost_daily_cloud_service", dimensions=_CLOUD_SERVICE),
    Mart(name="charge_daily", dimensions=tuple(DIMENSIONS)),
)
"""The rollups questions are routed to, narrow ones first."""
