"""Hand-written FOCUS files as the clouds write them: what passes through and what is mended."""

from __future__ import annotations

from reference.case import Case, Expected, charge, utc
from reference.values import Row

ACCOUNT = "123456789012"
OPEN = f"{ACCOUNT}:2026-10"
BASE: Row = {
    "AvailabilityZone": "NULL",
    "BilledCost": "0",
    "BillingAccountId": ACCOUNT,
    "BillingAccountName": "Payer",
    "BillingCurrency": "USD",
    "BillingPeriodEnd": "2026-11-01 00:00:00",
    "BillingPeriodStart": "2026-10-01 00:00:00",
    "ChargeCategory": "Usage",
    "ChargeClass": "NULL",
    "ChargeDescription": "a charge",
    "ChargeFrequency": "Usage-Based",
    "ChargePeriodEnd": "2026-10-18 23:00:00",
    "ChargePeriodStart": "2026-10-18 22:00:00",
    "CommitmentDiscountCategory": "NULL",
    "CommitmentDiscountId": "NULL",
    "CommitmentDiscountName": "NULL",
    "CommitmentDiscountStatus": "NULL",
    "CommitmentDiscountType": "NULL",
    "ConsumedQuantity": "2",
    "ConsumedUnit": "Requests",
    "ContractedCost": "0",
    "ContractedUnitPrice": "NULL",
    "EffectiveCost": "0",
    "InvoiceIssuerName": "Amazon Web Services, Inc.",
    "ListCost": "0",
    "ListUnitPrice": "NULL",
    "PricingCategory": "Standard",
    "PricingQuantity": "2",
    "PricingUnit": "Requests",
    "ProviderName": "AWS",
    "PublisherName": "Amazon Web Services, Inc.",
    "RegionId": "us-west-2",
    "RegionName": "US West (Oregon)",
    "ResourceId": "NULL",
    "ResourceName": "NULL",
    "ResourceType": "NULL",
    "ServiceCategory": "Integration",
    "ServiceName": "Amazon Simple Queue Service",
    "SkuId": "G95FST5FTYV3JSRX",
    "SkuPriceId": "G95FST5FTYV3JSRX.JRTCKXETXF",
    "SubAccountId": "",
    "SubAccountName": "Shop",
    "Tags": "NULL",
}
COMMITTED = {"CommitmentDiscountCategory": "Spend", "CommitmentDiscountName": "plan", "CommitmentDiscountType": "Savings Plan"}


def row(costs: str, **cells: str) -> Row:
    """A row of FOCUS 1.0; costs are billed, effective, contracted and list."""
    billed, effective, contracted, listed = costs.split()
    return {**BASE, "BilledCost": billed, "EffectiveCost": effective, "ContractedCost": contracted, "ListCost": listed, **cells}


def bill(name: str, rows: list[Row], *expected: Expected) -> Case:
    """A case whose rows carry its name as their sub-account."""
    return Case(name=name, format="focus", rows=tuple({**one, "SubAccountId": name} for one in rows), expected=expected)


CASES: list[Case] = [
    bill(
        "costs pass through",
        [row("0.00000080000 0 1.5 1.23E-8", ResourceId="arn:aws:sqs:1", Tags='{"application": "shop"}')],
        charge(
            "0.0000008 0 1.5 0.0000000123",
            "Usage",
            "each cost is the provider's own",
            charge_class=None,
            invoice_id=None,
            invoice_key=OPEN,
            billing_account_id=ACCOUNT,
            billing_period_start=utc("2026-10-01"),
            billing_period_end=utc("2026-11-01"),
            charge_period_start=utc("2026-10-18 22:00"),
            charge_period_end=utc("2026-10-18 23:00"),
            commitment_discount_id=None,
            resource_id="arn:aws:sqs:1",
            service_name="Amazon Simple Queue Service",
            region_id="us-west-2",
            sku_id="G95FST5FTYV3JSRX",
            tags={"application": "shop"},
        ),
    ),
    bill(
        "tags without a value and with an empty one",
        [row("1 1 1 1", Tags='{"bare": true, "empty": "", "team": "Payments"}')],
        charge(
            "1 1 1 1",
            "Usage",
            "true is FOCUS's word for a valueless tag; a value is never altered",
            tags={"bare": "true", "empty": "", "team": "Payments"},
        ),
    ),
    bill(
        "commitments as the provider amortised them",
        [
            row(
                "30 0 30 30",
                ChargeCategory="Purchase",
                ChargeFrequency="Recurring",
                CommitmentDiscountId="p1",
                ConsumedQuantity="NULL",
                ConsumedUnit="NULL",
                **COMMITTED,
            ),
            row("0 20 25 25", CommitmentDiscountId="p1", CommitmentDiscountStatus="Used", PricingCategory="Committed", **COMMITTED),
        ],
        charge("30 0 30 30", "Purchase", "billed now, effective never", charge_frequency="Recurring", commitment_discount_id="p1"),
        charge("0 20 25 25", "Usage", "effective, not billed", commitment_discount_status="Used", pricing_category="Committed"),
    ),
    bill(
        "a commitment that Azure makes effective when bought",
        [
            row(
                "30 30 30 30",
                ChargeCategory="Purchase",
                ChargeFrequency="One-Time",
                CommitmentDiscountId="r1",
                ConsumedQuantity="NULL",
                ConsumedUnit="NULL",
                ProviderName="Microsoft",
                PublisherName="Microsoft",
                **COMMITTED,
            ),
        ],
        charge("30 0 30 30", "Purchase", "FOCUS: effective is 0 when the purchase covers later charges"),
    ),
    bill(
        "credit, tax and correction",
        [
            row(
                "-5 -5 -5 -5",
                ChargeCategory="Credit",
                ChargeFrequency="One-Time",
                ConsumedQuantity="NULL",
                ConsumedUnit="NULL",
                PricingCategory="NULL",
            ),
            row(
                "1.9 1.9 1.9 1.9",
                ChargeCategory="Tax",
                ChargeFrequency="One-Time",
                ConsumedQuantity="NULL",
                ConsumedUnit="NULL",
                PricingCategory="NULL",
                PricingQuantity="NULL",
                PricingUnit="NULL",
                SkuId="NULL",
                SkuPriceId="NULL",
            ),
            row("-1 -1 -1 -1", ChargeClass="Correction"),
        ],
        charge("-5 -5 -5 -5", "Credit", "negative and never clamped"),
        charge("1.9 1.9 1.9 1.9", "Tax", "kept", sku_id=None, pricing_quantity=None),
        charge("-1 -1 -1 -1", "Usage", "kept", charge_class="Correction"),
    ),
    bill(
        "values in lower case",
        [row("1 1 1 1", ChargeCategory="usage", ChargeFrequency="usage-based", PricingCategory="standard")],
        charge("1 1 1 1", "Usage", "FOCUS's spelling", charge_frequency="Usage-Based", pricing_category="Standard"),
    ),
    bill(
        "a period that names its last day",
        [row("1 1 1 1", BillingPeriodEnd="2026-10-31T00:00:00Z", ProviderName="Google Cloud", PublisherName="Google")],
        charge("1 1 1 1", "Usage", "ends are exclusive", billing_period_end=utc("2026-11-01")),
    ),
]
