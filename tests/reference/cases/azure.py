"""Hand-written Azure bills: every line of the Azure table and of its notes, enterprise and customer agreements."""

from __future__ import annotations

from decimal import Decimal

from reference.case import Case, Expected, charge, utc
from reference.values import Row

ENROLMENT, PROFILE = "8611537", "NF5V-BI6B-BG7-PGB"
SUBSCRIPTION = "1caaa5a3-2b66-438e-8ab4-bce37d518c5d"
OPEN = f"{ENROLMENT}:2026-10"
ORDER = "/providers/Microsoft.Capacity/reservationOrders/49ed0e4d/reservations/f39d1c73"
PLAN = "/providers/Microsoft.BillingBenefits/savingsPlanOrders/77aa/savingsPlans/88bb"
VM = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/Shop-RG/providers/Microsoft.Compute/virtualMachines/Vm1"

EA: Row = {
    "BillingAccountId": ENROLMENT,
    "BillingAccountName": "Trey Research",
    "BillingPeriodStartDate": "10/01/2026",
    "BillingPeriodEndDate": "10/31/2026",
    "BillingProfileId": ENROLMENT,
    "BillingProfileName": "Trey Research",
    "SubscriptionId": SUBSCRIPTION,
    "SubscriptionName": "Shop",
    "Date": "10/07/2026",
    "Product": "Virtual Machines BS Series - B1s - UK South",
    "MeterId": "f31064a2-ed95-4e11-8b69-270f2fc4fbdd",
    "MeterCategory": "Virtual Machines",
    "MeterSubCategory": "BS Series",
    "MeterName": "B1s",
    "Quantity": "1",
    "EffectivePrice": "0",
    "Cost": "0",
    "UnitPrice": "0",
    "BillingCurrency": "USD",
    "ResourceLocation": "uksouth",
    "ConsumedService": "Microsoft.Compute",
    "ResourceId": VM,
    "Tags": "",
    "UnitOfMeasure": "1 Hour",
    "ResourceGroup": "Shop-RG",
    "ReservationId": "",
    "Term": "",
    "PublisherName": "",
    "ChargeType": "Usage",
    "Frequency": "UsageBased",
    "PublisherType": "Azure",
    "PayGPrice": "0",
    "PricingModel": "OnDemand",
    "benefitId": "",
    "benefitName": "",
}
MCA: Row = {
    "invoiceId": "",
    "billingAccountId": "3c100a8a-215e-5a7e-24b2-61aa86945012",
    "billingAccountName": "Trey",
    "billingProfileId": PROFILE,
    "billingProfileName": "Trey profile",
    "invoiceSectionId": "AVRI",
    "invoiceSectionName": "Shop",
    "billingPeriodEndDate": "10/31/2026",
    "billingPeriodStartDate": "10/01/2026",
    "servicePeriodEndDate": "10/07/2026",
    "servicePeriodStartDate": "10/07/2026",
    "date": "10/07/2026",
    "consumedService": "Microsoft.Compute",
    "meterId": "f31064a2-ed95-4e11-8b69-270f2fc4fbdd",
    "meterName": "B1s",
    "meterCategory": "Virtual Machines",
    "meterSubCategory": "BS Series",
    "ProductId": "DZH318Z0BNZJ005D",
    "ProductName": "Virtual Machines BS Series",
    "SubscriptionId": SUBSCRIPTION,
    "subscriptionName": "Shop",
    "publisherType": "Azure",
    "publisherName": "Microsoft",
    "resourceGroupName": "Shop-RG",
    "ResourceId": VM,
    "resourceLocation": "uksouth",
    "effectivePrice": "0",
    "quantity": "1",
    "unitOfMeasure": "1 Hour",
    "chargeType": "Usage",
    "billingCurrency": "EUR",
    "pricingCurrency": "USD",
    "costInBillingCurrency": "0",
    "costInPricingCurrency": "0",
    "costInUsd": "0",
    "paygCostInBillingCurrency": "0",
    "paygCostInUsd": "0",
    "exchangeRatePricingToBilling": "0.9",
    "exchangeRateDate": "10/01/2026",
    "tags": "",
    "PayGPrice": "0",
    "frequency": "UsageBased",
    "term": "",
    "reservationId": "",
    "unitPrice": "0",
    "benefitId": "",
    "pricingModel": "OnDemand",
}
EA_SHORT = {
    "cost": "Cost",
    "quantity": "Quantity",
    "price": "UnitPrice",
    "at_list": "PayGPrice",
    "kind": "ChargeType",
    "model": "PricingModel",
    "benefit": "benefitId",
    "reservation": "ReservationId",
    "unit": "UnitOfMeasure",
    "tags": "Tags",
    "date": "Date",
    "currency": "BillingCurrency",
    "frequency": "Frequency",
    "publisher": "PublisherType",
}
MCA_SHORT = {
    "cost": "costInBillingCurrency",
    "quantity": "quantity",
    "price": "unitPrice",
    "at_list": "PayGPrice",
    "list_cost": "paygCostInBillingCurrency",
    "kind": "chargeType",
    "model": "pricingModel",
    "benefit": "benefitId",
    "unit": "unitOfMeasure",
    "tags": "tags",
    "invoice": "invoiceId",
    "rate": "exchangeRatePricingToBilling",
    "frequency": "frequency",
}


def ea(cost: str, **cells: str) -> Row:
    """A row of an enterprise agreement's cost details; cells by their short names."""
    return {**EA, "Cost": cost, **{EA_SHORT.get(name, name): cell for name, cell in cells.items()}}


def mca(cost: str, **cells: str) -> Row:
    """A row of a customer agreement's cost details; cells by their short names."""
    return {**MCA, "costInBillingCurrency": cost, **{MCA_SHORT.get(name, name): cell for name, cell in cells.items()}}


def without(row: Row, *names: str) -> Row:
    """The row of an older header that lacks these columns."""
    return {name: cell for name, cell in row.items() if name not in names}


def renamed(row: Row, **names: str) -> Row:
    """The row under another header's names."""
    return {names.get(name, name): cell for name, cell in row.items()}


def bill(name: str, actual: list[Row], amortised: list[Row], *expected: Expected) -> Case:
    """A case of both runs of one period."""
    return Case(name=name, format="azure-cost", rows=tuple(actual), amortised=tuple(amortised), expected=expected)


def same(name: str, rows: list[Row], *expected: Expected) -> Case:
    """A case whose two runs hold the same rows, as they do without commitments."""
    return bill(name, rows, rows, *expected)


def alone(name: str, rows: list[Row], *expected: Expected) -> Case:
    """A case of the actual run alone."""
    return Case(name=name, format="azure-cost", rows=tuple(rows), expected=expected)


FREE: dict[str, object] = {"commitment_discount_status": None, "commitment_discount_id": None}
USED: dict[str, object] = {"commitment_discount_status": "Used", "pricing_category": "Committed"}
UNUSED: dict[str, object] = {"commitment_discount_status": "Unused", "pricing_category": "Committed", "consumed_quantity": None}
BOUGHT: dict[str, object] = {"commitment_discount_status": None, "commitment_discount_category": "Usage"}
RI = {"model": "Reservation", "benefit": ORDER}
SP = {"model": "SavingsPlan", "benefit": PLAN}

USAGE = [
    same(
        "usage of an enterprise agreement",
        [ea("2.4", quantity="24", price="0.1", at_list="0.12", tags='"team": "Payments","env": "prod","flag": ""')],
        charge(
            "2.4 2.4 2.4 2.88",
            "Usage",
            "C, C, UnitPrice × Quantity, PayGPrice × Quantity",
            **FREE,
            charge_class=None,
            charge_frequency="Usage-Based",
            pricing_category="Standard",
            invoice_key=OPEN,
            invoice_id=None,
            billing_account_id=ENROLMENT,
            sub_account_id=SUBSCRIPTION,
            billing_currency="USD",
            billing_period_start=utc("2026-10-01"),
            billing_period_end=utc("2026-11-01"),
            charge_period_start=utc("2026-10-07"),
            charge_period_end=utc("2026-10-08"),
            resource_id=VM.lower(),
            region_id="uksouth",
            tags={"team": "Payments", "env": "prod", "flag": ""},
            pricing_quantity=Decimal(24),
            consumed_quantity=Decimal(24),
            x_source_charge_type="Usage",
            is_unknown=False,
        ),
    ),
    same(
        "usage in blocks",
        [
            ea("0.0012", quantity="3", price="0.0004", at_list="0.0005", unit="10K"),
            ea("5", quantity="2", price="2.5", at_list="2.5", unit="100 Hours"),
        ],
        charge(
            "0.0012 0.0012 0.0012 0.0015",
            "Usage",
            "Quantity is in blocks already",
            pricing_quantity=Decimal(3),
            consumed_quantity=Decimal(30000),
        ),
        charge("5 5 5 5", "Usage", "2 blocks of 100 hours", pricing_quantity=Decimal(2), consumed_quantity=Decimal(200)),
    ),
    same(
        "usage of a customer agreement",
        [mca("2.16", quantity="24", price="0.1", at_list="0.12", list_cost="2.592", invoice="G012345678", tags='{"team": "Payments"}')],
        charge(
            "2.16 2.16 2.16 2.592",
            "Usage",
            "UnitPrice 0.1 USD × 24 × 0.9, paygCostInBillingCurrency",
            invoice_key="G012345678",
            invoice_id="G012345678",
            billing_account_id=PROFILE,
            billing_currency="EUR",
            tags={"team": "Payments"},
        ),
    ),
    same(
        "usage of a customer agreement priced in its own currency",
        [mca("2.4", quantity="24", price="0.1", at_list="0.12", list_cost="2.88", rate="1", pricingCurrency="EUR", invoice="G012345678")],
        charge("2.4 2.4 2.4 2.88", "Usage", "rate 1"),
    ),
    same(
        "free usage",
        [ea("0", quantity="2", price="0", at_list="0")],
        charge("0 0 0 0", "Usage", "free at any price, and no commitment"),
    ),
    same(
        "Marketplace usage is invoiced apart",
        [ea("3", quantity="1", price="3", at_list="3"), ea("7", quantity="1", price="7", at_list="7", publisher="Marketplace")],
        charge("3 3 3 3", "Usage", "Azure's own", invoice_key=OPEN),
        charge("7 7 7 7", "Usage", "a publisher's", invoice_key=f"{OPEN}:Marketplace"),
    ),
    same(
        "yen, and a spot machine",
        [ea("120", quantity="1", price="120", at_list="500", currency="JPY", model="Spot")],
        charge("120 120 120 500", "Usage", "Spot is priced dynamically", billing_currency="JPY", pricing_category="Dynamic"),
    ),
]

COMMITMENTS = [
    bill(
        "reservation, partly used",
        [
            ea("30", kind="Purchase", quantity="1", price="30", at_list="30", frequency="Recurring", **RI),
            ea("0", quantity="8", price="0", at_list="0.5", **RI),
        ],
        [
            ea("22", quantity="8", price="4", at_list="5", **RI),
            ea("8", kind="UnusedReservation", quantity="2", price="0", at_list="5", **RI),
        ],
        charge("30 0 30 30", "Purchase", "from the actual run: C, effective 0", **BOUGHT, charge_frequency="Recurring", charge_class=None),
        charge("0 22 32 40", "Usage", "from the amortised run: 0, C", **USED, consumed_quantity=Decimal(8)),
        charge("0 8 0 0", "Usage", "unused is never billed, its list is 0", **UNUSED),
    ),
    bill(
        "savings plan, partly used",
        [
            ea("5", kind="Purchase", quantity="1", price="5", at_list="5", frequency="Recurring", **SP),
            ea("1", quantity="10", price="0.1", at_list="0.1"),
            ea("0", quantity="40", price="0.1", at_list="0.12", **SP),
        ],
        [
            ea("1", quantity="10", price="0.1", at_list="0.1"),
            ea("3", quantity="40", price="0.1", at_list="0.12", **SP),
            ea("2", kind="UnusedSavingsPlan", quantity="1", price="0", at_list="0", **SP),
        ],
        charge("5 0 5 5", "Purchase", "the hourly purchase, once", commitment_discount_status=None, commitment_discount_category="Spend"),
        charge("1 1 1 1", "Usage", "usage on demand", **FREE),
        charge("0 3 4 4.8", "Usage", "covered", **USED, commitment_discount_category="Spend"),
        charge("0 2 0 0", "Usage", "unused", **UNUSED),
    ),
    bill(
        "a purchase that the amortised run repeats",
        [ea("30", kind="Purchase", quantity="1", price="30", at_list="30", frequency="OneTime", **RI)],
        [
            ea("0", kind="Purchase", quantity="1", price="30", at_list="30", frequency="OneTime", **RI),
            ea("1", quantity="1", price="2", at_list="2", **RI),
        ],
        charge("30 0 30 30", "Purchase", "only the actual row counts", charge_frequency="One-Time"),
        charge("0 1 2 2", "Usage", "covered", **USED),
    ),
    bill(
        "a reservation given back",
        [ea("-12", kind="Refund", quantity="-1", price="12", at_list="12", frequency="OneTime", **RI)],
        [],
        charge("-12 0 -12 -12", "Purchase", "a refund of a commitment is a correction of its purchase", charge_class="Correction"),
    ),
    bill(
        "covered usage without prices",
        [ea("0", quantity="8", price="0", at_list="0", **RI)],
        [ea("4", quantity="8", price="0", at_list="0", **RI), ea("0.5", quantity="8", price="0.1", at_list="0", **RI)],
        charge("0 4 4 4", "Usage", "0 is no price on covered usage: the effective cost stands in", **USED),
        charge("0 0.5 0.8 0.5", "Usage", "each price for itself", **USED),
    ),
    bill(
        "covered usage of a customer agreement",
        [mca("27", kind="Purchase", quantity="1", price="30", list_cost="27", frequency="Recurring", invoice="G1", **RI)],
        [
            mca("20", quantity="8", price="5", list_cost="40", invoice="G1", **RI),
            mca("6", quantity="8", price="0", list_cost="0", invoice="G1", **RI),
            mca("1", kind="UnusedReservation", quantity="1", price="0", list_cost="3", invoice="G1", **RI),
        ],
        charge("27 0 27 27", "Purchase", "30 USD × 0.9", **BOUGHT, invoice_key="G1"),
        charge("0 20 36 40", "Usage", "5 USD × 8 × 0.9; list as stated", **USED),
        charge("0 6 6 6", "Usage", "no prices: effective", **USED),
        charge("0 1 0 0", "Usage", "unused: list 0 whatever is stated", **UNUSED),
    ),
    bill(
        "commitments by their ids where there is no pricing model",
        [
            without(
                ea("30", kind="Purchase", quantity="1", price="30", at_list="30", frequency="Recurring", reservation="f39d1c73"),
                "PricingModel",
            ),
            without(ea("2", quantity="1", price="2", at_list="2"), "PricingModel"),
        ],
        [
            without(ea("22", quantity="8", price="4", at_list="5", reservation="f39d1c73"), "PricingModel"),
            without(ea("2", quantity="1", price="2", at_list="2"), "PricingModel"),
        ],
        charge("30 0 30 30", "Purchase", "a reservation's id makes it a commitment", commitment_discount_id="f39d1c73"),
        charge("0 22 32 40", "Usage", "the same", **USED),
        charge("2 2 2 2", "Usage", "no id", **FREE),
    ),
    bill(
        "an id beside a pricing model that says on demand",
        [ea("2", quantity="1", price="2", at_list="2", reservation="f39d1c73")],
        [ea("2", quantity="1", price="2", at_list="2", reservation="f39d1c73")],
        charge("2 2 2 2", "Usage", "the column is there and rules", commitment_discount_status=None),
    ),
]

OTHERS = [
    same(
        "other purchases and refunds",
        [
            ea("49", kind="Purchase", quantity="1", price="49", at_list="49", frequency="Recurring", publisher="Marketplace"),
            ea("-9", kind="Refund", quantity="-1", price="9", at_list="9", frequency="OneTime"),
        ],
        charge("49 49 49 49", "Purchase", "C twice", **FREE, charge_frequency="Recurring"),
        charge("-9 -9 -9 -9", "Purchase", "C twice; of this month, so no correction", charge_class=None),
    ),
    same(
        "tax, credit, rounding and something new",
        [
            ea("1.9", kind="Tax", quantity="", price="", at_list=""),
            ea("-4", kind="Credit", quantity="", price="", at_list=""),
            ea("-0.003", kind="RoundingAdjustment", quantity="", price="", at_list=""),
            ea("0.5", kind="SomethingNew", quantity="", price="", at_list=""),
        ],
        charge("1.9 1.9 1.9 1.9", "Tax", "without a rate every cost is C", sku_id=None, pricing_category=None, pricing_quantity=None),
        charge("-4 -4 -4 -4", "Credit", "the same"),
        charge("-0.003 -0.003 -0.003 -0.003", "Adjustment", "the same", is_unknown=False),
        charge("0.5 0.5 0.5 0.5", "Adjustment", "and the rest, counted", is_unknown=True),
    ),
]

DELIVERIES = [
    alone(
        "the actual run alone",
        [
            ea("30", kind="Purchase", quantity="1", price="30", at_list="30", frequency="Recurring", **RI),
            ea("0", quantity="8", price="4", at_list="5", **RI),
            ea("2", quantity="1", price="2", at_list="2.5"),
        ],
        charge("30 30 30 30", "Purchase", "effective = C: nothing is amortised", amortization_class="None"),
        charge("0 0 32 40", "Usage", "covered usage costs nothing here", amortization_class="None"),
        charge("2 2 2 2.5", "Usage", "as ever", amortization_class="None"),
    ),
    Case(name="money that is no number", format="azure-cost", rows=(ea("1,5"),), is_quarantined=True),
    Case(
        name="the amortised run alone",
        format="azure-cost",
        rows=None,
        amortised=(ea("22", quantity="8", price="4", at_list="5", **RI),),
        is_quarantined=True,
    ),
]

OLD = ("BillingAccountId", "BillingAccountName", "BillingPeriodStartDate", "BillingPeriodEndDate", "BillingProfileId")
OLD += ("BillingProfileName", "ChargeType", "Frequency", "PricingModel", "PublisherType", "benefitId", "benefitName", "ReservationId")
HEADERS = [
    same(
        "pretax cost, subscription GUID, ISO dates",
        [
            renamed(
                without(ea("0.075", quantity="3", price="0.025", date="2026-10-02", unit="100 Hours"), *OLD, "PayGPrice"),
                SubscriptionId="SubscriptionGuid",
                Date="UsageDateTime",
                Quantity="UsageQuantity",
                UnitPrice="ResourceRate",
                Cost="PreTaxCost",
                ResourceId="InstanceId",
                BillingCurrency="Currency",
            ),
        ],
        charge(
            "0.075 0.075 0.075 0.075",
            "Usage",
            "no ChargeType is usage; with no list price the contract's stands in; the subscription is its own account",
            billing_account_id=SUBSCRIPTION,
            invoice_key=f"{SUBSCRIPTION}:2026-10",
            sub_account_id=SUBSCRIPTION,
            resource_id=VM.lower(),
            billing_currency="USD",
            billing_period_start=utc("2026-10-01"),
            billing_period_end=utc("2026-11-01"),
            charge_period_start=utc("2026-10-02"),
            charge_period_end=utc("2026-10-03"),
            consumed_quantity=Decimal(300),
        ),
    ),
    same(
        "short dates and the newer spellings",
        [
            renamed(
                ea("2.4", quantity="24", price="0.1", at_list="0.12", date="10/7/2026", BillingPeriodStartDate="10/1/2026"),
                Cost="CostInBillingCurrency",
                BillingCurrency="BillingCurrencyCode",
                Product="ProductName",
            ),
        ],
        charge("2.4 2.4 2.4 2.88", "Usage", "the same row", charge_period_start=utc("2026-10-07"), billing_period_start=utc("2026-10-01")),
    ),
    same(
        "local names with English in parentheses",
        [
            renamed(
                ea("2.4", quantity="24", price="0.1", at_list="0.12"),
                ResourceGroup="Ressourcengruppe (ResourceGroup)",
                ResourceLocation="Ressourcenstandort (ResourceLocation)",
                UnitOfMeasure="Maßeinheit (UnitOfMeasure)",
                Quantity="Menge (Quantity)",
            ),
        ],
        charge("2.4 2.4 2.4 2.88", "Usage", "the English counts", region_id="uksouth", pricing_quantity=Decimal(24)),
    ),
]

CASES: list[Case] = [*USAGE, *COMMITMENTS, *OTHERS, *DELIVERIES, *HEADERS]
