"""FOCUS 1.0 to 1.2 as providers write it, mended row by row into charges; costs pass through unchanged.

Mended: literal `NULL`, stamps without zone, values in lower case, a missing InvoiceId (Azure's x_InvoiceId, else the
account's month as key), a period end that names the last day, Azure's effective cost of commitment purchases.
Source: design of the billing formats, section 6.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from reference.charge import Charge, WrongBill
from reference.values import ZERO, Row, exclusive, moment, month_end, number, period, plain, string_map, text

ALLOWED = {
    word.lower(): word
    for word in (
        "Usage", "Purchase", "Tax", "Credit", "Adjustment", "Correction", "One-Time", "Recurring", "Usage-Based",
        "Standard", "Dynamic", "Committed", "Other", "Used", "Unused", "Spend",
    )
}  # fmt: skip
COSTS = ("BilledCost", "EffectiveCost", "ContractedCost", "ListCost")
CLOUDS = {"amazon": "aws", "aws": "aws", "google": "gcp", "microsoft": "azure", "oracle": "oci"}


def charges(native: Iterable[Row]) -> Iterator[Charge]:
    """One charge for each row. Raises WrongBill when a cost is missing."""
    return (_charge_of(row) for row in native)


def provider(row: Row) -> str:
    """The cloud by the name it goes by on the row."""
    name = (text(row, "ProviderName") or "").lower()
    return next((cloud for word, cloud in CLOUDS.items() if word in name), "other")


def _charge_of(row: Row) -> Charge:
    billed, effective, contracted, listed = (_cost(row, name) for name in COSTS)
    category = _word(row, "ChargeCategory") or "Usage"
    committed = text(row, "CommitmentDiscountId")
    if category == "Purchase" and committed and provider(row) == "azure":
        effective = ZERO
    start, end = _billing_period(row)
    begins = _stamp(row, "ChargePeriodStart")
    invoice = text(row, "InvoiceId", "x_InvoiceId")
    return Charge(
        billed_cost=billed,
        effective_cost=effective,
        contracted_cost=contracted,
        list_cost=listed,
        charge_category=category,
        charge_class=_word(row, "ChargeClass"),
        charge_frequency=_word(row, "ChargeFrequency") or ("One-Time" if category == "Purchase" else "Usage-Based"),
        pricing_category=_word(row, "PricingCategory"),
        commitment_discount_status=_word(row, "CommitmentDiscountStatus"),
        commitment_discount_id=committed,
        commitment_discount_category=_word(row, "CommitmentDiscountCategory"),
        commitment_discount_type=text(row, "CommitmentDiscountType"),
        invoice_key=invoice or f"{text(row, 'BillingAccountId')}:{period(start)}",
        invoice_id=invoice,
        billing_account_id=text(row, "BillingAccountId"),
        sub_account_id=text(row, "SubAccountId"),
        billing_currency=text(row, "BillingCurrency") or "USD",
        billing_period_start=start,
        billing_period_end=end,
        charge_period_start=begins,
        charge_period_end=exclusive(_stamp(row, "ChargePeriodEnd")) or begins,
        service_name=text(row, "ServiceName"),
        resource_id=text(row, "ResourceId"),
        region_id=text(row, "RegionId"),
        sku_id=text(row, "SkuId"),
        tags=_tags(row),
        pricing_quantity=number(row, "PricingQuantity"),
        consumed_quantity=number(row, "ConsumedQuantity"),
        x_source_charge_type=category,
    )


def _cost(row: Row, name: str) -> Decimal:
    found = number(row, name)
    if found is None:
        msg = f"a row without {name}"
        raise WrongBill(msg)
    return found


def _word(row: Row, name: str) -> str | None:
    found = text(row, name)
    return ALLOWED.get(found.lower(), found) if found else None


def _stamp(row: Row, name: str) -> datetime:
    found = moment(row.get(name))
    if found is None:
        msg = f"a row without {name}"
        raise WrongBill(msg)
    return found


def _billing_period(row: Row) -> tuple[datetime, datetime]:
    start, end = _stamp(row, "BillingPeriodStart"), _stamp(row, "BillingPeriodEnd")
    last_day = month_end(start) - timedelta(days=1)
    return start, month_end(start) if last_day <= end < month_end(start) else end


def _tags(row: Row) -> dict[str, str]:
    found = plain(row.get("Tags"))
    return string_map(found.items()) if isinstance(found, dict) else {}
