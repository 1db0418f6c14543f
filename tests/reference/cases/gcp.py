"""Hand-written GCP bills: every line of the GCP table and of its notes, as rows of the detailed export."""

from __future__ import annotations

from decimal import Decimal

from reference.case import Case, Expected, charge, utc
from reference.values import Row

ACCOUNT = "01A2B3-C4D5E6-F70819"
GOOGLE = f"{ACCOUNT}:2026-10:GOOGLE"
PARTNER = f"{ACCOUNT}:2026-10:PARTNER"
BASE: Row = {
    "billing_account_id": ACCOUNT,
    "service": {"id": "6F81-5844-456A", "description": "Compute Engine"},
    "sku": {"id": "2E27-4F75-95CD", "description": "N1 Predefined Instance Core running in Americas"},
    "usage_start_time": "2026-10-07T04:00:00Z",
    "usage_end_time": "2026-10-07T05:00:00Z",
    "project": {"id": "shop-prod", "number": "4711", "name": "Shop", "labels": [], "ancestors": []},
    "labels": [],
    "system_labels": [],
    "tags": [],
    "location": {"location": "us-central1", "country": "US", "region": "us-central1", "zone": "us-central1-a"},
    "export_time": "2026-10-07T12:00:00Z",
    "cost": "0",
    "cost_at_list": None,
    "cost_at_effective_price_default": None,
    "currency": "USD",
    "currency_conversion_rate": "1",
    "usage": {"amount": "3600", "unit": "seconds", "amount_in_pricing_units": "1", "pricing_unit": "hour"},
    "credits": [],
    "invoice": {"month": "202610", "publisher_type": "GOOGLE"},
    "cost_type": "regular",
    "adjustment_info": None,
    "transaction_type": "GOOGLE",
    "seller_name": "Google",
    "subscription": {"instance_id": None},
    "consumption_model": {"id": "7754-699E-0EBF", "description": "Default"},
    "resource": {"name": "vm-1", "global_name": "//compute.googleapis.com/projects/shop-prod/zones/us-central1-a/instances/1"},
}


def row(cost: str, *, contracted: str | None = None, listed: str | None = None, credits: list[Row] | None = None, **cells: object) -> Row:  # noqa: A002 the column's name
    """A native row; prices at the contract's and at list are null unless given."""
    return {**BASE, "cost": cost, "cost_at_effective_price_default": contracted, "cost_at_list": listed, "credits": credits or [], **cells}


def credit(kind: str, amount: str, ident: str = "c-1") -> Row:
    """One element of `credits`."""
    return {"name": kind.lower(), "amount": amount, "full_name": kind, "id": ident, "type": kind}


def bill(name: str, rows: list[Row], *expected: Expected, is_quarantined: bool = False) -> Case:
    """A case of the detailed export."""
    return Case(name=name, format="gcp-detailed", rows=tuple(rows), expected=expected, is_quarantined=is_quarantined)


FLEX = {"id": "5515-81A8-03A2", "description": "Compute Flexible CUD - 1 Year"}
BOUGHT = {"instance_id": "769c55ea-c50f-4258-bcf5-04b6688fa5fa"}
FEE_SKU = {"id": "AAAA-0000-0001", "description": "Compute Flexible CUD - 1 Year"}
OLD_FEE_SKU = {"id": "F61D-0000-0001", "description": "Commitment v1: N1 Cpu in Americas for 1 Year"}
CORRECTED = {"id": "adj-1", "description": "wrong price", "mode": "COMPLETE_NEGATION_WITH_REMONETIZATION", "type": "USAGE_CORRECTION"}
PROJECT_LABELS = [{"key": "team", "value": "platform"}, {"key": "cost-center", "value": "9"}]
NEGATED: Row = {"amount": "-3600", "unit": "seconds", "amount_in_pricing_units": "-1", "pricing_unit": "hour"}
NO_PRICE: dict[str, object] = {"sku_id": None, "pricing_quantity": None, "pricing_category": None, "consumed_quantity": None}

REGULAR = [
    bill(
        "regular usage",
        [row("8", contracted="9", listed="10", credits=[credit("SUSTAINED_USAGE_DISCOUNT", "-1"), credit("PROMOTION", "-0.5")])],
        charge(
            "6.5 6.5 9 10",
            "Usage",
            "cost + K twice, the contract's price, the list price",
            charge_class=None,
            commitment_discount_status=None,
            commitment_discount_id=None,
            invoice_key=GOOGLE,
            invoice_id=None,
            billing_account_id=ACCOUNT,
            sub_account_id="shop-prod",
            billing_currency="USD",
            billing_period_start=utc("2026-10-01"),
            billing_period_end=utc("2026-11-01"),
            charge_period_start=utc("2026-10-07 04:00"),
            charge_period_end=utc("2026-10-07 05:00"),
            service_name="Compute Engine",
            region_id="us-central1",
            sku_id="2E27-4F75-95CD",
            x_source_charge_type="regular",
            pricing_quantity=Decimal(1),
            consumed_quantity=Decimal(3600),
            is_unknown=False,
        ),
    ),
    bill(
        "regular usage before July 2025",
        [row("8", credits=[credit("FREE_TIER", "-8")])],
        charge("0 0 8 8", "Usage", "no prices at list: cost stands in"),
    ),
    bill(
        "credits above cost",
        [row("2", contracted="2", listed="2", credits=[credit("PROMOTION", "-5"), credit("DISCOUNT", "-0.25")])],
        charge("-3.25 -3.25 2 2", "Usage", "|K| above cost, never clamped"),
    ),
    bill(
        "many labels and credits make no more rows",
        [
            row(
                "4",
                credits=[credit("PROMOTION", "-1"), credit("DISCOUNT", "-1"), credit("RESELLER_MARGIN", "-1")],
                labels=[{"key": "team", "value": "Payments"}, {"key": "env", "value": "prod"}, {"key": "flag", "value": ""}],
                tags=[
                    {"key": "cost-center", "value": "4711", "inherited": True, "namespace": "o"},
                    {"key": "tier", "value": "1", "inherited": False, "namespace": "o"},
                ],
                project={"id": "shop-prod", "number": "4711", "name": "Shop", "labels": PROJECT_LABELS, "ancestors": []},
            ),
        ],
        charge(
            "1 1 4 4",
            "Usage",
            "one row; labels and own tags are Tags, inherited tags go before project labels",
            tags={"team": "Payments", "env": "prod", "flag": "", "tier": "1"},
            inherited_tags={"cost-center": "4711", "team": "platform"},
        ),
    ),
    bill(
        "small digits",
        [row("0.0000000001", listed="1.23E-8", credits=[credit("DISCOUNT", "-0.00000000005")])],
        charge("0.00000000005 0.00000000005 0.0000000001 0.0000000123", "Usage", "prices reach 10⁻¹⁰ and may come in E notation"),
    ),
    bill("money that is no number", [row("1,5")], is_quarantined=True),
    bill(
        "a cost type nobody knows",
        [row("3", cost_type="something_new"), row("1")],
        charge(
            "3 3 3 3", "Adjustment", "kept and counted; FOCUS: what fits no category", is_unknown=True, x_source_charge_type="something_new"
        ),
        charge("1 1 1 1", "Usage", "a known one is not counted", is_unknown=False),
    ),
]

COMMITMENTS = [
    bill(
        "usage of a new-model commitment",
        [row("7.2", contracted="10", listed="12", consumption_model=FLEX, subscription=BOUGHT)],
        charge(
            "7.2 7.2 10 12",
            "Usage",
            "another consumption model than the default",
            commitment_discount_status="Used",
            pricing_category="Committed",
            commitment_discount_id=BOUGHT["instance_id"],
        ),
    ),
    bill(
        "fee of a new-model commitment",
        [row("10", contracted="10", listed="10", sku=FEE_SKU, subscription=BOUGHT, credits=[credit("FEE_UTILIZATION_OFFSET", "-7.2")])],
        charge(
            "2.8 2.8 0 0",
            "Usage",
            "cost + K is the unused part; a purchase with effective 0 would lose it",
            commitment_discount_status="Unused",
            pricing_category="Committed",
            commitment_discount_id=BOUGHT["instance_id"],
            consumed_quantity=None,
        ),
    ),
    bill(
        "fee of a new-model commitment used up",
        [row("10", sku=FEE_SKU, subscription=BOUGHT, credits=[credit("FEE_UTILIZATION_OFFSET", "-10")])],
        charge("0 0 0 0", "Usage", "nothing unused, the row stays", commitment_discount_status="Unused"),
    ),
    bill(
        "older commitment: fee and covered usage",
        [
            row("6", listed="6", sku=OLD_FEE_SKU, subscription=BOUGHT),
            row("10", contracted="10", listed="10", credits=[credit("COMMITTED_USAGE_DISCOUNT", "-10", "Committed Usage Discount: CPU")]),
            row("5", credits=[credit("COMMITTED_USAGE_DISCOUNT_DOLLAR_BASE", "-2", "cud-77")]),
        ],
        charge("6 6 0 0", "Usage", "the covered usage carries contracted and list", amortization_class="Native"),
        charge("0 0 10 10", "Usage", "cost + K; the credit names the commitment", commitment_discount_id="Committed Usage Discount: CPU"),
        charge("3 3 5 5", "Usage", "spend-based, the same", commitment_discount_id="cud-77"),
    ),
]

OTHERS = [
    bill(
        "tax", [row("1.9", cost_type="tax", contracted="5", listed="5")], charge("1.9 1.9 1.9 1.9", "Tax", "the rest = billed", **NO_PRICE)
    ),
    bill(
        "rounding error",
        [row("-0.004", cost_type="rounding_error")],
        charge("-0.004 -0.004 -0.004 -0.004", "Adjustment", "the rest = billed"),
    ),
    bill("billing modification", [row("-30", cost_type="adjustment")], charge("-30 -30 -30 -30", "Adjustment", "the rest = billed")),
    bill(
        "contract billing adjustment",
        [
            row(
                "-12",
                contracted="-1",
                service={"id": "X", "description": "Invoice"},
                sku={"id": "Y", "description": "Contract billing adjustment"},
            )
        ],
        charge("-12 -12 -12 -12", "Adjustment", "regular by type, an adjustment by service and SKU"),
    ),
    bill(
        "correction of an earlier month",
        [
            row(
                "-5",
                usage=NEGATED,
                adjustment_info=CORRECTED,
                usage_start_time="2026-09-20T10:00:00Z",
                usage_end_time="2026-09-20T11:00:00Z",
            )
        ],
        charge(
            "-5 -5 -5 -5",
            "Usage",
            "regular with adjustment_info; September is before the invoice's October",
            charge_class="Correction",
            billing_period_start=utc("2026-10-01"),
            charge_period_start=utc("2026-09-20 10:00"),
        ),
    ),
    bill(
        "a negative cost of a positive quantity",
        [row("-5", contracted="-5", listed="-6"), row("1")],
        charge("-5 -5 -5 -6", "Usage", "costs are as stated, whatever the quantity's sign"),
        charge("1 1 1 1", "Usage", "and one odd row spoils no bill"),
    ),
    bill(
        "correction within the month",
        [row("-5", usage=NEGATED, adjustment_info=CORRECTED)],
        charge("-5 -5 -5 -5", "Usage", "usage of the invoice's own month", charge_class=None),
    ),
    bill(
        "correction at the edge of a Pacific month",
        [
            row(
                "-1",
                usage=NEGATED,
                adjustment_info=CORRECTED,
                usage_start_time="2026-10-01T06:59:59Z",
                usage_end_time="2026-10-01T07:00:00Z",
            ),
            row(
                "-2",
                usage=NEGATED,
                adjustment_info=CORRECTED,
                usage_start_time="2026-10-01T07:00:00Z",
                usage_end_time="2026-10-01T08:00:00Z",
            ),
        ],
        charge("-1 -1 -1 -1", "Usage", "23:59:59 of 30 September in Los Angeles", charge_class="Correction"),
        charge("-2 -2 -2 -2", "Usage", "midnight of 1 October there", charge_class=None),
    ),
    bill(
        "correction of tax",
        [
            row(
                "-1",
                cost_type="tax",
                usage=NEGATED,
                adjustment_info=CORRECTED,
                usage_start_time="2026-08-01T07:00:00Z",
                usage_end_time="2026-09-01T07:00:00Z",
            )
        ],
        charge("-1 -1 -1 -1", "Tax", "ChargeClass follows adjustment_info on any row", charge_class="Correction"),
    ),
    bill(
        "late usage",
        [row("4", usage_start_time="2026-09-30T20:00:00Z", usage_end_time="2026-09-30T21:00:00Z")],
        charge(
            "4 4 4 4",
            "Usage",
            "late is no correction; billed in October, used in September",
            charge_class=None,
            invoice_key=GOOGLE,
            billing_period_start=utc("2026-10-01"),
            charge_period_start=utc("2026-09-30 20:00"),
        ),
    ),
    bill(
        "Google and partners invoice apart",
        [row("1"), row("2", invoice={"month": "202610", "publisher_type": "PARTNER"}, transaction_type="THIRD_PARTY_RESELLER")],
        charge("1 1 1 1", "Usage", "Google's own", invoice_key=GOOGLE),
        charge("2 2 2 2", "Usage", "a partner's", invoice_key=PARTNER),
    ),
    bill(
        "no project, no resource, yen",
        [row("1200", currency="JPY", project=None, resource=None, labels=[])],
        charge(
            "1200 1200 1200 1200",
            "Usage",
            "nothing is lost for lack of a project",
            sub_account_id=None,
            resource_id=None,
            billing_currency="JPY",
        ),
    ),
]

CASES: list[Case] = [*REGULAR, *COMMITMENTS, *OTHERS]
