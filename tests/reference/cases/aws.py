"""Hand-written AWS bills: every line of the AWS table and of its notes, as legacy CUR and as CUR 2.0."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from reference.case import Case, charge, utc
from reference.cases.aws_commitments import RESERVATIONS, SAVINGS_PLANS
from reference.cases.aws_lines import BY_PLAN, BY_RESERVATION, FREE, MEMBER, OPEN, PAYER, PLAN, RESERVATION, bill, line
from reference.values import Row

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
            billing_period_start=utc("2026-10-01"),
            billing_period_end=utc("2026-11-01"),
            charge_period_start=utc("2026-10-07 04:00"),
            charge_period_end=utc("2026-10-07 05:00"),
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
        "a negative cost of a positive quantity",
        [line("Usage", cost="-5", public="-6", rate="-5", public_rate="-6"), line("Usage", cost="1", public="1")],
        charge("-5 -5 -5 -6", "Usage", "costs are as stated, whatever the quantity's sign"),
        charge("1 1 1 1", "Usage", "and one odd row spoils no bill"),
    ),
    bill(
        "tags",
        [line("Usage", cost="1", public="1", tags={"user_team": "Payments", "user_cost_center": "4711"})],
        charge("1 1 1 1", "Usage", "the prefix is the report's, not the owner's", tags={"team": "Payments", "cost_center": "4711"}),
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
        charge("1 1 1 1", "Purchase", "ends are exclusive", charge_period_end=utc("2026-11-01")),
    ),
    bill(
        "stamps of another spelling",
        [line("Usage", cost="1", public="1", start="2026-10-07T04:00:00.000Z", end="2026-10-07T05:00:00.000Z")],
        charge(
            "1 1 1 1",
            "Usage",
            "milliseconds or not",
            charge_period_start=utc("2026-10-07 04:00"),
            charge_period_end=utc("2026-10-07 05:00"),
        ),
    ),
]

COLUMNS = [
    bill(
        "no cost column",
        [{name: cell for name, cell in line("Usage", cost="1").items() if name != "line_item_unblended_cost"}],
        is_quarantined=True,
    ),
]

CSV_ONLY = ("digits that no double holds", "tags of the owner and of AWS")
"""Cases that Parquet has no way to write: more digits than a double, characters that no column name has."""

OF_CUR2 = [*USAGE, *SAVINGS_PLANS, *RESERVATIONS, *FEES, *REFUNDS, *DISCOUNTS, *SPLIT_ROWS, *TIMES, *COLUMNS]
LEGACY_ONLY = [
    bill("money that is no number", [line("Usage", cost="1,5")], is_quarantined=True),
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
