"""Hand-written AWS bills: every line of the AWS table and of its notes, as legacy CUR and as CUR 2.0."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import cast

from tests.reference.case import Case, Expected, charge
from tests.reference.values import Row

PAYER, MEMBER = "000123456789", "222222222222"
PLAN = f"arn:aws:savingsplans::{PAYER}:savingsplan/7f0a"
RESERVATION = f"arn:aws:ec2:us-east-1:{PAYER}:reserved-instances/33aa"
OPEN = f"{PAYER}:2026-10:Amazon Web Services, Inc.:open"

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


USED = {"commitment_discount_status": "Used", "pricing_category": "Committed"}
UNUSED = {"commitment_discount_status": "Unused", "pricing_category": "Committed"}
BY_PLAN = {"commitment_discount_id": PLAN, "commitment_discount_category": "Spend"}
BY_RESERVATION = {"commitment_discount_id": RESERVATION, "commitment_discount_category": "Usage"}
NO_STATUS = {"commitment_discount_status": None}
FREE: dict[str, object] = {"commitment_discount_status": None, "commitment_discount_id": None}

USAGE = [
    bill(
        "usage",
        [line("Usage", cost="10", public="12", rate="10", public_rate="12", resource="i-1")],
        charge(
            "10 10 10 12",
            "Usage",
            "U, U, U, P",
            **FREE,
            charge_class=None,
            charge_frequency="Usage-Based",
            pricing_category="Standard",
            invoice_key=OPEN,
            invoice_id=None,
            billing_account_id=PAYER,
            sub_account_id=MEMBER,
            billing_currency="USD",
            billing_period_start=datetime(2026, 10, 1),
            billing_period_end=datetime(2026, 11, 1),
            charge_period_start=datetime(2026, 10, 7, 4),
            charge_period_end=datetime(2026, 10, 7, 5),
            resource_id="i-1",
            region_id="us-east-1",
            x_source_charge_type="Usage",
            is_unknown=False,
        ),
    ),
    bill(
        "usage whose public cost is 0",
        [line("Usage", cost="10", public="0")],
        charge("10 10 10 10", "Usage", "P = nullif(public, 0), else unblended"),
    ),
    bill(
        "usage without a public cost",
        [line("Usage", cost="10")],
        charge("10 10 10 10", "Usage", "P = unblended where there is no public cost"),
    ),
    bill("free usage", [line("Usage", cost="0", public="0")], charge("0 0 0 0", "Usage", "zero is a cost, the row stays")),
    bill(
        "usage in small digits",
        [line("Usage", cost="0.0000000001", public="1.23E-8")],
        charge("0.0000000001 0.0000000001 0.0000000001 0.0000000123", "Usage", "prices reach 10⁻¹⁰ and may come in E notation"),
    ),
    bill(
        "usage of a large amount",
        [line("Usage", cost="123456.654321", public="1234567.123456")],
        charge("123456.654321 123456.654321 123456.654321 1234567.123456", "Usage", "no digit lost above 1,000"),
    ),
    bill(
        "spot usage",
        [line("Usage", cost="3", public="10", usage_type="SpotUsage:m5.large")],
        charge("3 3 3 10", "Usage", "Spot is priced dynamically", pricing_category="Dynamic"),
    ),
    bill(
        "a final invoice",
        [line("Usage", cost="1", public="1", invoice="EUINV26-7"), line("Usage", cost="2", public="2")],
        charge("1 1 1 1", "Usage", "the key is the invoice's id", invoice_key="EUINV26-7", invoice_id="EUINV26-7"),
        charge("2 2 2 2", "Usage", "no id yet: payer, month, issuer, open", invoice_key=OPEN, invoice_id=None),
    ),
    bill(
        "two issuers and two currencies",
        [
            line("Usage", cost="5", public="5", issuer="AWS EMEA SARL", currency="EUR"),
            line("Usage", cost="1200", public="1500", issuer="Amazon Web Services Japan G.K.", currency="JPY"),
        ],
        charge("5 5 5 5", "Usage", "one key an issuer", billing_currency="EUR", invoice_key=f"{PAYER}:2026-10:AWS EMEA SARL:open"),
        charge("1200 1200 1200 1500", "Usage", "yen have no cents but cost the same way", billing_currency="JPY"),
    ),
    bill(
        "words for nothing",
        [line("Usage", cost="1", public="1", resource="NULL", invoice="N/A")],
        charge("1 1 1 1", "Usage", "NULL and N/A are no ids", resource_id=None, invoice_id=None, invoice_key=OPEN),
    ),
    bill(
        "an unknown line item type",
        [line("SomethingNewUsage", cost="4", public="5"), line("Usage", cost="1", public="1")],
        charge("4 4 4 5", "Usage", "anything else is usage, counted", is_unknown=True, x_source_charge_type="SomethingNewUsage"),
        charge("1 1 1 1", "Usage", "a known type is not counted", is_unknown=False),
    ),
    bill(
        "tags",
        [line("Usage", cost="1", public="1", tags={"user_team": "Payments", "user_cost_center": "4711"})],
        charge("1 1 1 1", "Usage", "the prefix is the report's, not the owner's", tags={"team": "Payments", "cost_center": "4711"}),
    ),
]

SAVINGS_PLANS = [
    bill(
        "savings plan without upfront",
        [
            line("SavingsPlanCoveredUsage", cost="3", public="3.5", plan=PLAN, plan_cost="2"),
            line("SavingsPlanNegation", cost="-3", plan=PLAN),
            line("SavingsPlanRecurringFee", cost="2.5", plan=PLAN, total="2.5", used="2", upfront="0", recurring="2.5"),
        ],
        charge("0 2 3 3.5", "Usage", "covered: 0, the plan's effective cost, U, P", **USED, **BY_PLAN),
        charge("2.5 0 2.5 2.5", "Purchase", "the fee is billed", **NO_STATUS, **BY_PLAN, charge_frequency="Recurring"),
        charge("0 0.5 0 0", "Usage", "2.5 committed − 2 used, × ratio 1", **UNUSED, **BY_PLAN),
    ),
    bill(
        "savings plan with part upfront",
        [
            line("SavingsPlanUpfrontFee", cost="876", plan=PLAN),
            line("SavingsPlanCoveredUsage", cost="200", public="210", plan=PLAN, plan_cost="140"),
            line("SavingsPlanNegation", cost="-200", plan=PLAN),
            line("SavingsPlanRecurringFee", cost="73", plan=PLAN, total="146", used="140", upfront="73", recurring="73"),
        ],
        charge("876 0 876 876", "Purchase", "paid once, effective never", **NO_STATUS, **BY_PLAN, charge_frequency="One-Time"),
        charge("0 140 200 210", "Usage", "covered", **USED),
        charge("73 0 73 73", "Purchase", "the fee", **NO_STATUS, charge_frequency="Recurring"),
        charge("0 6 0 0", "Usage", "146 − 140, upfront part included", **UNUSED),
    ),
    bill(
        "savings plan all upfront, fully used",
        [
            line("SavingsPlanCoveredUsage", cost="100", public="100", plan=PLAN, plan_cost="60"),
            line("SavingsPlanNegation", cost="-100", plan=PLAN),
            line("SavingsPlanRecurringFee", cost="0", plan=PLAN, total="60", used="60", upfront="60", recurring="0"),
        ],
        charge("0 60 100 100", "Usage", "covered", **USED),
        charge("0 0 0 0", "Purchase", "the fee of a plan paid upfront is 0, its row stays", **NO_STATUS),
        charge("0 0 0 0", "Usage", "nothing unused, two rows all the same", **UNUSED),
    ),
    bill(
        "savings plan on a net basis",
        [
            line("SavingsPlanCoveredUsage", cost="150", net="120", public="160", plan=PLAN, plan_cost="90", plan_net="72"),
            line("SavingsPlanNegation", cost="-150", net="-120", plan=PLAN),
            line("SavingsPlanRecurringFee", cost="100", net="80", plan=PLAN, total="100", used="90", recurring="100", recurring_net="80"),
            line("EdpDiscount", cost="-20"),
        ],
        charge("0 72 120 160", "Usage", "effective and U are net, P is public", **USED),
        charge("80 0 80 80", "Purchase", "the net fee", **NO_STATUS),
        charge("0 8 0 0", "Usage", "(100 − 90) × 80/100", **UNUSED),
        charge("0 0 0 0", "Usage", "an empty net is 0 on a discount row: the net of the others holds it", **FREE),
    ),
    bill(
        "savings plan whose ratio never ends",
        [
            line("SavingsPlanRecurringFee", cost="3", net="2", plan=PLAN, total="3", used="2", upfront="1", upfront_net="0.5", recurring="2", recurring_net="1.5"),
            line("EdpDiscount", cost="-1"),
            line("SavingsPlanCoveredUsage", cost="4", net="4", public="4", plan=PLAN, plan_cost="2", plan_net="1.833333333333"),
            line("SavingsPlanNegation", cost="-4", net="-4", plan=PLAN),
        ],
        charge("2 0 2 2", "Purchase", "the net fee", **NO_STATUS),
        charge("0 0.666666666667 0 0", "Usage", "(3 − 2) × (0.5 + 1.5)/(1 + 2), half up at digit 12", **UNUSED),
        charge("0 0 0 0", "Usage", "an empty net on a discount row is 0", **FREE),
        charge("0 1.833333333333 4 4", "Usage", "covered", **USED),
    ),
    bill(
        "savings plan fee without its own net commitment",
        [
            line("SavingsPlanRecurringFee", cost="10", net="10", plan=PLAN, total="10", used="4", recurring="10"),
            line("SavingsPlanRecurringFee", cost="5", net="5", plan=PLAN + "0", total="5", used="4", recurring="0", recurring_net="0", upfront="0"),
            line("SavingsPlanCoveredUsage", cost="6", net="6", public="6", plan=PLAN + "0", plan_cost="4"),
            line("SavingsPlanNegation", cost="-6", net="-6", plan=PLAN + "0"),
            line("SavingsPlanCoveredUsage", cost="9", net="9", public="9", plan=PLAN, plan_cost="4"),
            line("SavingsPlanNegation", cost="-9", net="-9", plan=PLAN),
        ],
        charge("10 0 10 10", "Purchase", "the fee", **BY_PLAN),
        charge("0 6 0 0", "Usage", "ratio 1 where the net is absent", **UNUSED, **BY_PLAN),
        charge("5 0 5 5", "Purchase", "the fee", commitment_discount_id=PLAN + "0"),
        charge("0 1 0 0", "Usage", "ratio 1 where the gross is 0", **UNUSED, commitment_discount_id=PLAN + "0"),
        charge("0 4 9 9", "Usage", "covered", **USED, **BY_PLAN),
        charge("0 4 6 6", "Usage", "covered", **USED, commitment_discount_id=PLAN + "0"),
    ),
    bill(
        "plans that do not cancel out",
        [
            line("SavingsPlanCoveredUsage", cost="3", public="3", plan=PLAN, plan_cost="2"),
            line("SavingsPlanNegation", cost="-2.99", plan=PLAN),
            line("SavingsPlanRecurringFee", cost="2", plan=PLAN, total="2", used="2", recurring="2"),
        ],
        is_quarantined=True,
    ),
]

RESERVATIONS = [
    bill(
        "reservation without upfront",
        [
            line("DiscountedUsage", cost="0", public="8", reservation=RESERVATION, ri_cost="4.8"),
            line("RIFee", cost="6", reservation=RESERVATION, ri_upfront="0", idle_upfront="0", idle_recurring="1.2"),
        ],
        charge("0 4.8 8 8", "Usage", "U is 0, contracted and list are P", **USED, **BY_RESERVATION),
        charge("6 0 6 6", "Purchase", "the fee", **NO_STATUS, **BY_RESERVATION, charge_frequency="Recurring"),
        charge("0 1.2 0 0", "Usage", "the unused recurring fee", **UNUSED, **BY_RESERVATION),
    ),
    bill(
        "reservation with part upfront",
        [
            line("Fee", cost="120", reservation=RESERVATION),
            line("DiscountedUsage", cost="0", public="20", reservation=RESERVATION, ri_cost="9"),
            line("RIFee", cost="5", reservation=RESERVATION, ri_upfront="10", idle_upfront="4", idle_recurring="2"),
        ],
        charge("120 0 120 120", "Purchase", "a fee with a reservation's ARN is its upfront", **BY_RESERVATION, charge_frequency="One-Time"),
        charge("0 9 20 20", "Usage", "used", **USED),
        charge("5 0 5 5", "Purchase", "the fee", **NO_STATUS, charge_frequency="Recurring"),
        charge("0 6 0 0", "Usage", "unused upfront 4 + unused recurring 2", **UNUSED),
    ),
    bill(
        "reservation on a net basis",
        [
            line("DiscountedUsage", cost="0", net="0", public="20", reservation=RESERVATION, ri_cost="9", ri_net="8.1"),
            line(
                "RIFee",
                cost="5",
                net="4.5",
                reservation=RESERVATION,
                ri_upfront="10",
                ri_upfront_net="9",
                idle_upfront="4",
                idle_upfront_net="3.6",
                idle_recurring="2",
                idle_recurring_net="1.8",
            ),
            line("EdpDiscount", cost="-0.5"),
        ],
        charge("0 8.1 20 20", "Usage", "the net effective cost", **USED),
        charge("4.5 0 4.5 4.5", "Purchase", "the net fee", **NO_STATUS),
        charge("0 5.4 0 0", "Usage", "net unused 3.6 + 1.8", **UNUSED),
        charge("0 0 0 0", "Usage", "an empty net on a discount row is 0"),
    ),
    bill(
        "reserved usage billed a rest",
        [line("DiscountedUsage", cost="0.25", public="0", reservation=RESERVATION, ri_cost="0.25")],
        charge("0.25 0.25 0.25 0.25", "Usage", "billed is U, which is commonly 0; P falls back to unblended", **USED),
    ),
]

FEES = [
    bill(
        "support and Marketplace fees",
        [line("Fee", cost="100", public="130"), line("Fee", cost="49", issuer="AWS Marketplace")],
        charge("100 100 100 100", "Purchase", "other fee: U four times, public cost or not", **FREE),
        charge("49 49 49 49", "Purchase", "its issuer is in the key", invoice_key=f"{PAYER}:2026-10:AWS Marketplace:open"),
    ),
    bill(
        "tax",
        [line("Tax", cost="19", tax_type="VAT")],
        charge("19 19 19 19", "Tax", "U four times", sku_id=None, pricing_quantity=None, pricing_category=None, consumed_quantity=None),
    ),
    bill(
        "credit above all cost",
        [line("Usage", cost="10", public="10"), line("Credit", cost="-25")],
        charge("10 10 10 10", "Usage", "usage"),
        charge("-25 -25 -25 -25", "Credit", "negative and never clamped"),
    ),
    bill(
        "flat rate subscription",
        [line("FlatRateSubscription", cost="15", public="20")],
        charge("15 15 15 15", "Purchase", "U four times", charge_frequency="Recurring"),
    ),
]

REFUNDS = [
    bill(
        "refund within the month",
        [line("Refund", cost="-2", public="0")],
        charge("-2 -2 -2 -2", "Usage", "the month is not closed: no correction", charge_class=None),
    ),
    bill(
        "refund of an earlier month",
        [line("Refund", cost="-2", start="2026-09-03T00:00:00Z", end="2026-09-03T01:00:00Z")],
        charge("-2 -2 -2 -2", "Usage", "September was closed", charge_class="Correction"),
    ),
    bill(
        "refund of a savings plan's fee",
        [line("Refund", cost="-50", plan=PLAN)],
        charge("-50 0 0 0", "Purchase", "effective 0 as the fee's was, contracted and list as effective", charge_class=None, **BY_PLAN),
    ),
    bill(
        "refund of a reservation's fee of an earlier month",
        [line("Refund", cost="-70", reservation=RESERVATION, start="2026-08-01T00:00:00Z", end="2026-09-01T00:00:00Z")],
        charge("-70 0 0 0", "Purchase", "as above, and August was closed", charge_class="Correction", **BY_RESERVATION),
    ),
    bill(
        "refund of tax",
        [line("Refund", cost="-1.9", tax_type="VAT")],
        charge("-1.9 -1.9 -1.9 -1.9", "Tax", "as what is refunded", charge_class=None),
    ),
]

DISCOUNTS = [
    bill(
        "discounts as rows, gross",
        [
            line("Usage", cost="100", public="110"),
            line("EdpDiscount", cost="-10"),
            line("PrivateRateDiscount", cost="-5"),
            line("BundledDiscount", cost="-3"),
            line("SppDiscount", cost="-2"),
            line("SomeNewDiscount", cost="-1"),
        ],
        charge("100 100 100 110", "Usage", "gross"),
        charge("-10 -10 -10 0", "Usage", "negotiated: in contracted, not in list", x_source_charge_type="EdpDiscount"),
        charge("-5 -5 -5 0", "Usage", "negotiated too", x_source_charge_type="PrivateRateDiscount"),
        charge("-3 -3 0 0", "Usage", "not negotiated: neither", x_source_charge_type="BundledDiscount"),
        charge("-2 -2 0 0", "Usage", "not negotiated", x_source_charge_type="SppDiscount"),
        charge("-1 -1 0 0", "Usage", "any other discount", x_source_charge_type="SomeNewDiscount", is_unknown=False),
    ),
    bill(
        "discounts as rows beside net columns",
        [
            line("Usage", cost="100", net="85", public="110"),
            line("Usage", cost="7", public="8"),
            line("EdpDiscount", cost="-10"),
            line("BundledDiscount", cost="-5"),
        ],
        charge("85 85 85 110", "Usage", "U is net"),
        charge("7 7 7 8", "Usage", "an empty net is x on a row that is no discount"),
        charge("0 0 0 0", "Usage", "an empty net is 0 on a discount row", x_source_charge_type="EdpDiscount"),
        charge("0 0 0 0", "Usage", "the same", x_source_charge_type="BundledDiscount"),
    ),
    bill(
        "discount rows with a net of their own",
        [line("Usage", cost="100", net="90", public="110"), line("EdpDiscount", cost="-12", net="-2")],
        charge("90 90 90 110", "Usage", "U is net"),
        charge("-2 -2 -2 0", "Usage", "a stated net counts on discount rows too"),
    ),
    bill(
        "net columns that nobody fills",
        [line("Usage", cost="100", net="", public="110"), line("EdpDiscount", cost="-10", net="")],
        charge("100 100 100 110", "Usage", "no net anywhere: the basis is gross"),
        charge("-10 -10 -10 0", "Usage", "so the discount row is the only place that holds the discount"),
    ),
    bill(
        "list where the public cost is missing on a net basis",
        [line("Usage", cost="100", net="90"), line("EdpDiscount", cost="-10")],
        charge("90 90 90 100", "Usage", "P falls back to unblended, not to its net"),
        charge("0 0 0 0", "Usage", "the discount is in the net"),
    ),
    bill(
        "gross and net that do not meet",
        [line("Usage", cost="100", net="85", public="110"), line("EdpDiscount", cost="-10")],
        is_quarantined=True,
    ),
    bill(
        "gross and net a cent apart",
        [line("Usage", cost="100", net="90.01", public="110"), line("EdpDiscount", cost="-10")],
        charge("90.01 90.01 90.01 110", "Usage", "within 0.01 the bill stands"),
        charge("0 0 0 0", "Usage", "the discount is in the net"),
    ),
]

SPLIT_ROWS = [
    bill(
        "split rows are no charges",
        [
            line("Usage", cost="10", public="12", resource="i-1"),
            line("Usage", cost="0", operation="EKSPod-EC2", parent="i-1", resource="pod-1"),
            line("Usage", cost="0", operation="ECSTask-EC2", resource="task-1"),
            line("SavingsPlanCoveredUsage", cost="0", parent="i-1", resource="pod-2", plan=PLAN, plan_cost="2"),
        ],
        charge("10 10 10 12", "Usage", "the instance alone is charged", resource_id="i-1"),
    ),
    bill(
        "split rows that carry money",
        [line("Usage", cost="10", public="12"), line("Usage", cost="0.5", operation="EKSPod-EC2", parent="i-1")],
        is_quarantined=True,
    ),
    bill(
        "split rows whose money cancels out",
        [
            line("Usage", cost="10", public="12"),
            line("Usage", cost="0.5", operation="EKSPod-EC2", parent="i-1"),
            line("Usage", cost="-0.5", operation="EKSPod-EC2", parent="i-1"),
        ],
        charge("10 10 10 12", "Usage", "Σ U of the split rows is 0, none is a charge"),
    ),
]

TIMES = [
    bill(
        "a month-long fee that ends a second early",
        [line("Fee", cost="1", start="2026-10-01T00:00:00Z", end="2026-10-31T23:59:59Z")],
        charge("1 1 1 1", "Purchase", "ends are exclusive", charge_period_end=datetime(2026, 11, 1)),
    ),
    bill(
        "stamps of another spelling",
        [line("Usage", cost="1", public="1", start="2026-10-07T04:00:00.000Z", end="2026-10-07T05:00:00.000Z")],
        charge("1 1 1 1", "Usage", "milliseconds or not", charge_period_start=datetime(2026, 10, 7, 4), charge_period_end=datetime(2026, 10, 7, 5)),
    ),
]

OF_CUR2 = [*USAGE, *SAVINGS_PLANS, *RESERVATIONS, *FEES, *REFUNDS, *DISCOUNTS, *SPLIT_ROWS, *TIMES]
LEGACY_ONLY = [
    bill(
        "tags of the owner and of AWS",
        [line("Usage", cost="1", public="1", tags={"user:Cost Center": "4711", "aws:createdBy": "x"})],
        charge("1 1 1 1", "Usage", "AWS's own tags keep their prefix", tags={"Cost Center": "4711", "aws:createdBy": "x"}),
    ),
    bill(
        "digits that no double holds",
        [line("Usage", cost="123456789.123456789012", public="0.0000000000005")],
        charge(
            "123456789.123456789012 123456789.123456789012 123456789.123456789012 0.000000000001",
            "Usage",
            "text to Decimal without a double between, half up at digit 12",
        ),
    ),
]


def legacy(case: Case) -> Case:
    """The same bill as a legacy CUR would write it."""
    rows = tuple({**row, "resource_tags": _legacy_tags(row)} for row in case.rows or ())
    return replace(case, format="aws-cur", rows=rows)


def _legacy_tags(row: Row) -> dict[str, object]:
    tags = cast("dict[str, object]", row["resource_tags"])
    return {key.replace("user_", "user:"): value for key, value in tags.items()}


CASES: list[Case] = [*OF_CUR2, *(legacy(case) for case in [*OF_CUR2, *LEGACY_ONLY])]
