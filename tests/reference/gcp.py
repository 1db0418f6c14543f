"""The GCP table of the billing formats, row by row: the BigQuery usage export, standard or detailed, to charges.

K is the sum of a row's credits; the row's cost includes it and no credit becomes a row of its own. A cost type no
table names is an Adjustment (FOCUS: a charge that fits no other category) and counted as unknown. The fee of an older
commitment pays for used and unused parts alike, while FOCUS wants one of them beside a commitment's id: so it has no id.
Source: design of the billing formats, section 4; FOCUS 1.2 where the table is silent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from reference.charge import Charge
from reference.reading import gcp_row
from reference.values import ZERO, Row, moment, money, month_end, number, records, string_map, text, twelve

PACIFIC = ZoneInfo("America/Los_Angeles")
DEFAULT_MODEL = "7754-699E-0EBF"
OFFSET = "FEE_UTILIZATION_OFFSET"
COMMITTED_CREDITS = ("COMMITTED_USAGE_DISCOUNT", "COMMITTED_USAGE_DISCOUNT_DOLLAR_BASE")
OLD_FEE = re.compile(r"commitment\b.*\bv1\b", re.IGNORECASE)
CATEGORIES = {"regular": "Usage", "tax": "Tax", "rounding_error": "Adjustment", "adjustment": "Adjustment"}


def charges(native: Iterable[Row]) -> Iterator[Charge]:
    """One charge for each row of the export."""
    for row in native:
        yield _charge_of(gcp_row(row))


def _charge_of(row: Row) -> Charge:
    cost = with_credits(row)
    kind = text(row, "cost_type") or "regular"
    category = "Adjustment" if _is_billing_adjustment(row) else CATEGORIES.get(kind, "Adjustment")
    if category != "Usage":
        return replace(_charge(row, (cost, cost), category), is_unknown=kind not in CATEGORIES)
    if _is_new_fee(row):
        return _committed(_charge(row, (ZERO, ZERO), "Usage"), row, status="Unused")
    if _is_old_fee(row):
        return replace(_charge(row, (ZERO, ZERO), "Usage"), amortization_class="Native")
    contracted = _first(row, "cost_at_effective_price_default", "cost")
    charge = _charge(row, (contracted, _first(row, "cost_at_list", "cost")), "Usage")
    return _committed(charge, row, status="Used") if _has_other_model(row) or _commitment_credits(row) else charge


def with_credits(row: Row) -> Decimal:
    """The cost with K, each at twelve digits."""
    return money(row, "cost") + sum((money(credit, "amount") for credit in records(row.get("credits"))), ZERO)


def _charge(row: Row, prices: tuple[Decimal, Decimal], category: str) -> Charge:
    cost, (contracted, listed) = with_credits(row), prices
    start = invoice_month(row)
    begins = moment(row.get("usage_start_time")) or start
    return Charge(
        billed_cost=cost,
        effective_cost=cost,
        contracted_cost=contracted,
        list_cost=listed,
        charge_category=category,
        charge_class="Correction" if _is_correction(row, begins) else None,
        charge_frequency="Usage-Based" if category == "Usage" else "One-Time",
        pricing_category="Standard" if category == "Usage" else None,
        invoice_key=f"{text(row, 'billing_account_id')}:{start:%Y-%m}:{text(row, 'invoice.publisher_type') or 'GOOGLE'}",
        billing_account_id=text(row, "billing_account_id"),
        sub_account_id=text(row, "project.id"),
        billing_currency=text(row, "currency") or "USD",
        billing_period_start=start,
        billing_period_end=month_end(start),
        charge_period_start=begins,
        charge_period_end=moment(row.get("usage_end_time")) or month_end(start),
        service_name=text(row, "service.description"),
        resource_id=text(row, "resource.global_name", "resource.name"),
        region_id=text(row, "location.region"),
        sku_id=None if category == "Tax" else text(row, "sku.id"),
        tags=tags(row),
        inherited_tags=inherited(row),
        pricing_quantity=_pricing_quantity(row, cost, category),
        consumed_quantity=number(row, "usage.amount") or ZERO if category == "Usage" else None,
        x_source_charge_type=text(row, "cost_type"),
    )


def _committed(charge: Charge, row: Row, *, status: str) -> Charge:
    return replace(
        charge,
        **_told(row),
        commitment_discount_status=status,
        pricing_category="Committed",
        consumed_quantity=None if status == "Unused" else charge.consumed_quantity,
    )


def _pricing_quantity(row: Row, cost: Decimal, category: str) -> Decimal | None:
    if category == "Tax":
        return None
    return number(row, "usage.amount_in_pricing_units") or twelve(Decimal(-1 if cost < 0 else 1))


def _first(row: Row, *names: str) -> Decimal:
    return next((found for name in names if (found := number(row, name)) is not None), ZERO)


def invoice_month(row: Row) -> datetime:
    """Midnight UTC of the first day of `invoice.month`."""
    month = text(row, "invoice.month") or ""
    return datetime(int(month[:4]), int(month[4:6]), 1)  # noqa: DTZ001 naive means UTC here


def _is_billing_adjustment(row: Row) -> bool:
    return (text(row, "service.description"), text(row, "sku.description")) == ("Invoice", "Contract billing adjustment")


def _is_new_fee(row: Row) -> bool:
    return any(credit.get("type") == OFFSET for credit in records(row.get("credits")))


def _is_old_fee(row: Row) -> bool:
    return bool(OLD_FEE.match(text(row, "sku.description") or ""))


def _has_other_model(row: Row) -> bool:
    model, said = text(row, "consumption_model.id"), (text(row, "consumption_model.description") or "").lower()
    return model not in (None, DEFAULT_MODEL) and said != "default"


def _commitment_credits(row: Row) -> list[str | None]:
    return [text(credit, "id") for credit in records(row.get("credits")) if credit.get("type") in COMMITTED_CREDITS]


def _told(row: Row) -> dict[str, str | None]:
    return {"commitment_discount_id": commitment(row), "commitment_discount_category": "Usage" if _is_resource_based(row) else "Spend"}


def commitment(row: Row) -> str | None:
    """The subscription that was bought, else the id of the commitment's credit, else of the consumption model.

    The model's id is the last resort of FOCUS: a charge related to a commitment must name one.
    """
    return text(row, "subscription.instance_id") or next(iter(_commitment_credits(row)), None) or text(row, "consumption_model.id")


def _is_resource_based(row: Row) -> bool:
    """Cores and memory are committed in quantity; everything else in money."""
    return any(credit.get("type") == COMMITTED_CREDITS[0] for credit in records(row.get("credits")))


def _is_correction(row: Row, begins: datetime) -> bool:
    """Whether adjustment_info is set and the usage month, in Pacific time, is before the invoice's."""
    if not text(row, "adjustment_info.id", "adjustment_info.mode", "adjustment_info.type", "adjustment_info.description"):
        return False
    return f"{begins.replace(tzinfo=UTC).astimezone(PACIFIC):%Y%m}" < (text(row, "invoice.month") or "")


def tags(row: Row) -> dict[str, str]:
    """Labels, then tags bound to the resource itself, then system labels."""
    own = [tag for tag in records(row.get("tags")) if not _is_inherited(tag)]
    return _pairs([*records(row.get("labels")), *own, *records(row.get("system_labels"))])


def inherited(row: Row) -> dict[str, str]:
    """Tags inherited from project, folder or organisation, then project labels."""
    return _pairs([*(tag for tag in records(row.get("tags")) if _is_inherited(tag)), *records(row.get("project.labels"))])


def _is_inherited(tag: Row) -> bool:
    return str(tag.get("inherited")).lower() == "true"


def _pairs(found: list[dict[str, object]]) -> dict[str, str]:
    return string_map((item["key"], item.get("value")) for item in found if item.get("key"))
