"""The AWS table of the billing formats, row by row: legacy CUR and CUR 2.0 to charges.

`N(x)` is the net twin of x where the delivery has that column filled anywhere, else x: one basis per delivery. An
empty net cell is 0 on discount rows (the net of the others holds the discount already) and x on all others.
Source: design of the billing formats, section 3; FOCUS 1.2 where the table is silent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import cast

from reference.charge import Charge
from reference.reading import aws_row
from reference.values import (
    ZERO,
    Row,
    WrongBill,
    exclusive,
    moment,
    money,
    month_end,
    month_start,
    number,
    period,
    string_map,
    text,
    twelve,
)

UNBLENDED = "line_item_unblended_cost"
SP_EFFECTIVE = "savings_plan_savings_plan_effective_cost"
SP_UPFRONT = "savings_plan_amortized_upfront_commitment_for_billing_period"
SP_RECURRING = "savings_plan_recurring_commitment_for_billing_period"
RI_EFFECTIVE = "reservation_effective_cost"
RI_UPFRONT = "reservation_amortized_upfront_fee_for_billing_period"
RI_UNUSED_UPFRONT = "reservation_unused_amortized_upfront_fee_for_billing_period"
RI_UNUSED_RECURRING = "reservation_unused_recurring_fee"
SP_ARN = "savings_plan_savings_plan_arn"
RI_ARN = "reservation_reservation_arn"

NET_TWINS = {
    UNBLENDED: "line_item_net_unblended_cost",
    SP_EFFECTIVE: "savings_plan_net_savings_plan_effective_cost",
    SP_UPFRONT: "savings_plan_net_amortized_upfront_commitment_for_billing_period",
    SP_RECURRING: "savings_plan_net_recurring_commitment_for_billing_period",
    RI_EFFECTIVE: "reservation_net_effective_cost",
    RI_UPFRONT: "reservation_net_amortized_upfront_fee_for_billing_period",
    RI_UNUSED_UPFRONT: "reservation_net_unused_amortized_upfront_fee_for_billing_period",
    RI_UNUSED_RECURRING: "reservation_net_unused_recurring_fee",
}
SPLIT_OPERATIONS = ("EKSPod-EC2", "ECSTask-EC2")
NEGOTIATED = ("EdpDiscount", "PrivateRateDiscount")


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """Which net columns a delivery fills."""

    net: frozenset[str]

    def n(self, row: Row, name: str) -> Decimal:
        """N(x) of the table."""
        twin = NET_TWINS[name]
        if twin not in self.net:
            return money(row, name)
        net = number(row, twin)
        if net is not None:
            return net
        return ZERO if is_discount(row) else money(row, name)


def basis(rows: Iterable[Row]) -> Basis:
    """The basis of one delivery."""
    return Basis(net=frozenset(twin for row in rows for twin in NET_TWINS.values() if number(row, twin) is not None))


def charges(native: Iterable[Row]) -> Iterator[Charge]:
    """The charges of one delivery, of either CUR, all of its files together. Raises WrongBill without the cost column."""
    rows = [aws_row(row) for row in native]
    if not any(UNBLENDED in row for row in rows):
        msg = f"a bill without {UNBLENDED}"
        raise WrongBill(msg)
    facts = basis(rows)
    for row in rows:
        yield from charges_of(row, facts)


def charges_of(row: Row, facts: Basis) -> Iterator[Charge]:
    """The charges of one folded row: none, one or two."""
    kind = line_type(row)
    if is_split(row) or kind == "SavingsPlanNegation":
        return
    if kind == "SavingsPlanRecurringFee":
        yield _purchase(row, facts, frequency="Recurring")
        yield _unused(row, _sp_unused(row))
    elif kind == "RIFee":
        yield _purchase(row, facts, frequency="Recurring")
        yield _unused(row, facts.n(row, RI_UNUSED_UPFRONT) + facts.n(row, RI_UNUSED_RECURRING))
    elif kind == "SavingsPlanUpfrontFee" or (kind == "Fee" and text(row, RI_ARN)):
        yield _purchase(row, facts, frequency="One-Time")
    else:
        yield _single(row, facts)


def _single(row: Row, facts: Basis) -> Charge:
    kind, u, p = line_type(row), facts.n(row, UNBLENDED), public(row)
    if kind == "SavingsPlanCoveredUsage":
        return _used(row, (ZERO, facts.n(row, SP_EFFECTIVE), u, p))
    if kind == "DiscountedUsage":
        return _used(row, (u, facts.n(row, RI_EFFECTIVE), p, p))
    return _refund(row, u) if kind == "Refund" else _plain(row, u, p)


def _plain(row: Row, u: Decimal, p: Decimal) -> Charge:
    kind = line_type(row)
    if kind in ("Fee", "FlatRateSubscription"):
        frequency = "Recurring" if kind == "FlatRateSubscription" else "One-Time"
        return _charge(row, (u, u, u, u), "Purchase", frequency=frequency)
    if kind in ("Tax", "Credit"):
        return _charge(row, (u, u, u, u), kind, frequency="One-Time")
    if kind in NEGOTIATED:
        return _charge(row, (u, u, u, ZERO), "Usage")
    if is_discount(row):
        return _charge(row, (u, u, ZERO, ZERO), "Usage")
    return replace(_charge(row, (u, u, u, p), "Usage"), is_unknown=kind != "Usage")


def _purchase(row: Row, facts: Basis, *, frequency: str) -> Charge:
    u = facts.n(row, UNBLENDED)
    return _committed(_charge(row, (u, ZERO, u, u), "Purchase", frequency=frequency), row, status=None)


def _unused(row: Row, cost: Decimal) -> Charge:
    charge = _charge(row, (ZERO, cost, ZERO, ZERO), "Usage")
    return _committed(replace(charge, consumed_quantity=None), row, status="Unused")


def _used(row: Row, costs: tuple[Decimal, Decimal, Decimal, Decimal]) -> Charge:
    return _committed(_charge(row, costs, "Usage"), row, status="Used")


def _committed(charge: Charge, row: Row, *, status: str | None) -> Charge:
    plan, reservation = text(row, SP_ARN), text(row, RI_ARN)
    return replace(
        charge,
        commitment_discount_id=plan or reservation,
        commitment_discount_category="Spend" if plan else "Usage",
        commitment_discount_type=text(row, "savings_plan_offering_type") if plan else "Reserved Instance",
        commitment_discount_status=status,
        pricing_category="Committed" if status else "Standard",
    )


def _refund(row: Row, u: Decimal) -> Charge:
    """As what is given back: a commitment's fee is a purchase, a tax a tax, all else usage."""
    of_commitment = bool(text(row, SP_ARN, RI_ARN))
    effective = ZERO if of_commitment else u
    category = "Purchase" if of_commitment else "Tax" if text(row, "line_item_tax_type") else "Usage"
    frequency = "Usage-Based" if category == "Usage" else "One-Time"
    charge = _charge(row, (u, effective, effective, effective), category, frequency=frequency)
    is_closed = charge.charge_period_start < charge.billing_period_start
    charge = replace(charge, charge_class="Correction" if is_closed else None)
    return _committed(charge, row, status=None) if of_commitment else charge


def _charge(row: Row, costs: tuple[Decimal, Decimal, Decimal, Decimal], category: str, *, frequency: str = "Usage-Based") -> Charge:
    start, end = billing_period(row)
    billed, effective, contracted, listed = costs
    begins = moment(row.get("line_item_usage_start_date")) or start
    return Charge(
        billed_cost=billed,
        effective_cost=effective,
        contracted_cost=contracted,
        list_cost=listed,
        charge_category=category,
        charge_frequency=frequency,
        pricing_category=_pricing(row, category),
        invoice_key=invoice_key(row),
        invoice_id=text(row, "bill_invoice_id"),
        billing_account_id=text(row, "bill_payer_account_id"),
        sub_account_id=text(row, "line_item_usage_account_id"),
        billing_currency=text(row, "line_item_currency_code") or "USD",
        billing_period_start=start,
        billing_period_end=end,
        charge_period_start=begins,
        charge_period_end=exclusive(moment(row.get("line_item_usage_end_date"))) or end,
        service_name=text(row, "product_product_name", "product_servicename", "line_item_product_code"),
        resource_id=text(row, "line_item_resource_id"),
        region_id=text(row, "product_region_code", "product_region"),
        sku_id=None if category == "Tax" else text(row, "product_sku", "line_item_product_code"),
        tags=tags(row),
        pricing_quantity=_pricing_quantity(row, billed, category),
        consumed_quantity=_consumed_quantity(row, category),
        x_source_charge_type=line_type(row),
    )


def _pricing(row: Row, category: str) -> str | None:
    if category not in ("Usage", "Purchase"):
        return None
    return "Dynamic" if "SpotUsage" in (text(row, "line_item_usage_type") or "") else "Standard"


def has_rate(row: Row) -> bool:
    """Whether the row states any price for its quantity."""
    return (
        bool(text(row, "line_item_unblended_rate", "pricing_public_on_demand_rate")) and number(row, "line_item_usage_amount") is not None
    )


def _pricing_quantity(row: Row, billed: Decimal, category: str) -> Decimal | None:
    if category == "Tax":
        return None
    return number(row, "line_item_usage_amount") if has_rate(row) else twelve(Decimal(-1 if billed < 0 else 1))


def _consumed_quantity(row: Row, category: str) -> Decimal | None:
    if category != "Usage":
        return None
    return number(row, "line_item_usage_amount") if has_rate(row) else ZERO


def line_type(row: Row) -> str:
    """The native line item type."""
    return text(row, "line_item_line_item_type") or ""


def is_split(row: Row) -> bool:
    """A split cost allocation row: it divides a charge, it is none."""
    return text(row, "line_item_operation") in SPLIT_OPERATIONS or bool(text(row, "split_line_item_parent_resource_id"))


def is_discount(row: Row) -> bool:
    """A row that is itself a discount, negotiated or not."""
    return line_type(row).endswith("Discount")


def public(row: Row) -> Decimal:
    """P of the table: the public on-demand cost, or the gross cost where that is 0 or missing."""
    return money(row, "pricing_public_on_demand_cost") or money(row, UNBLENDED)


def _sp_unused(row: Row) -> Decimal:
    total, used = money(row, "savings_plan_total_commitment_to_date"), money(row, "savings_plan_used_commitment")
    return twelve(Fraction(total - used) * ratio(row))


def ratio(row: Row) -> Fraction:
    """Net over gross of amortised upfront + recurring commitment of the plan; 1 where either is absent or 0."""
    gross = money(row, SP_UPFRONT) + money(row, SP_RECURRING)
    net = money(row, NET_TWINS[SP_UPFRONT]) + money(row, NET_TWINS[SP_RECURRING])
    return Fraction(net) / Fraction(gross) if net and gross else Fraction(1)


def billing_period(row: Row) -> tuple[datetime, datetime]:
    """The month of the bill, its end exclusive."""
    start = moment(row.get("bill_billing_period_start_date")) or moment(row.get("line_item_usage_start_date"))
    if start is None:
        msg = "a line without billing period and usage start"
        raise ValueError(msg)
    return month_start(start), month_end(start)


def invoice_key(row: Row) -> str:
    """The invoice's id, or `<payer>:<YYYY-MM>:<issuer>:open` until it has one."""
    issuer = text(row, "bill_invoicing_entity", "bill_billing_entity")
    opened = f"{text(row, 'bill_payer_account_id')}:{period(billing_period(row)[0])}:{issuer}:open"
    return text(row, "bill_invoice_id") or opened


def tags(row: Row) -> dict[str, str]:
    """Tags under the names their owners gave them; AWS's own keep the prefix `aws:`."""
    found = cast("Mapping[str, object]", row.get("resource_tags") or {})
    return string_map((_tag_key(key), value) for key, value in found.items())


def _tag_key(raw: str) -> str:
    if raw.startswith(("user:", "user_")):
        return raw[5:]
    return "aws:" + raw[4:] if raw.startswith("aws_") else raw
