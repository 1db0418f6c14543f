"""How a hand-written AWS line is written shortly."""

from __future__ import annotations

from reference.case import Case, Expected
from reference.values import Row

PAYER, MEMBER = "000123456789", "222222222222"
PLAN = f"arn:aws:savingsplans::{PAYER}:savingsplan/7f0a"
RESERVATION = f"arn:aws:ec2:us-east-1:{PAYER}:reserved-instances/33aa"
OPEN = f"{PAYER}:2026-10:Amazon Web Services, Inc.:open"

USED = {"commitment_discount_status": "Used", "pricing_category": "Committed"}
UNUSED = {"commitment_discount_status": "Unused", "pricing_category": "Committed"}
BY_PLAN = {"commitment_discount_id": PLAN, "commitment_discount_category": "Spend"}
BY_RESERVATION = {"commitment_discount_id": RESERVATION, "commitment_discount_category": "Usage"}
NO_STATUS = {"commitment_discount_status": None}
FREE: dict[str, object] = {"commitment_discount_status": None, "commitment_discount_id": None}

SHORT = {
    "cost": "line_item_unblended_cost",
    "net": "line_item_net_unblended_cost",
    "public": "pricing_public_on_demand_cost",
    "plan": "savings_plan_savings_plan_arn",
    "plan_cost": "savings_plan_savings_plan_effective_cost",
    "plan_net": "savings_plan_net_savings_plan_effective_cost",
    "total": "savings_plan_total_commitment_to_date",
    "used": "savings_plan_used_commitment",
    "upfront": "savings_plan_amortized_upfront_commitment_for_billing_period",
    "upfront_net": "savings_plan_net_amortized_upfront_commitment_for_billing_period",
    "recurring": "savings_plan_recurring_commitment_for_billing_period",
    "recurring_net": "savings_plan_net_recurring_commitment_for_billing_period",
    "reservation": "reservation_reservation_arn",
    "ri_cost": "reservation_effective_cost",
    "ri_net": "reservation_net_effective_cost",
    "ri_upfront": "reservation_amortized_upfront_fee_for_billing_period",
    "ri_upfront_net": "reservation_net_amortized_upfront_fee_for_billing_period",
    "idle_upfront": "reservation_unused_amortized_upfront_fee_for_billing_period",
    "idle_upfront_net": "reservation_net_unused_amortized_upfront_fee_for_billing_period",
    "idle_recurring": "reservation_unused_recurring_fee",
    "idle_recurring_net": "reservation_net_unused_recurring_fee",
    "invoice": "bill_invoice_id",
    "issuer": "bill_invoicing_entity",
    "currency": "line_item_currency_code",
    "usage_type": "line_item_usage_type",
    "operation": "line_item_operation",
    "start": "line_item_usage_start_date",
    "end": "line_item_usage_end_date",
    "tax_type": "line_item_tax_type",
    "resource": "line_item_resource_id",
    "parent": "split_line_item_parent_resource_id",
    "rate": "line_item_unblended_rate",
    "public_rate": "pricing_public_on_demand_rate",
}
BASE: Row = {
    "bill_invoice_id": "",
    "bill_invoicing_entity": "Amazon Web Services, Inc.",
    "bill_billing_entity": "AWS",
    "bill_bill_type": "Anniversary",
    "bill_payer_account_id": PAYER,
    "bill_billing_period_start_date": "2026-10-01T00:00:00.000Z",
    "bill_billing_period_end_date": "2026-11-01T00:00:00.000Z",
    "line_item_usage_account_id": MEMBER,
    "line_item_usage_start_date": "2026-10-07T04:00:00Z",
    "line_item_usage_end_date": "2026-10-07T05:00:00Z",
    "line_item_product_code": "AmazonEC2",
    "line_item_usage_type": "BoxUsage:m5.large",
    "line_item_operation": "RunInstances",
    "line_item_usage_amount": "1",
    "line_item_currency_code": "USD",
    "line_item_legal_entity": "Amazon Web Services, Inc.",
    "line_item_line_item_description": "a line",
    "product_product_name": "Amazon Elastic Compute Cloud",
    "product_region_code": "us-east-1",
    "product_servicecode": "AmazonEC2",
    "product_sku": "4NA7Y494T4X9R8VR",
    "pricing_unit": "Hrs",
}


def line(kind: str, *, tags: Row | None = None, **cells: str) -> Row:
    """A native row of a line item type; cells by their short names."""
    named = {SHORT.get(name, name): cell for name, cell in cells.items()}
    return {**BASE, "line_item_line_item_type": kind, **named, "resource_tags": tags or {}}


def bill(name: str, rows: list[Row], *expected: Expected, is_quarantined: bool = False) -> Case:
    """A CUR 2.0 case; its legacy twin is made below."""
    return Case(name=name, format="aws-cur2", rows=tuple(rows), expected=expected, is_quarantined=is_quarantined)
