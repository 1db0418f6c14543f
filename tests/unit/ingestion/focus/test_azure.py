from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bursar.domain.errors import BillError
from bursar.ingestion.families import packaged
from tests.unit.ingestion.focus.made import File, Made, Native, as_csv, cost, costs, make

ENROLMENT, PROFILE = "8611537", "NF5V-BI6B-BG7-PGB"
ORDER = "/providers/Microsoft.Capacity/reservationOrders/49ed/reservations/f39d"
PLAN = "/providers/Microsoft.BillingBenefits/savingsPlanOrders/77aa/savingsPlans/88bb"
VM = "/subscriptions/S/resourceGroups/Shop-RG/providers/Microsoft.Compute/virtualMachines/Vm1"
EA = {
    "BillingAccountId": ENROLMENT,
    "BillingAccountName": "Trey",
    "BillingPeriodStartDate": "10/01/2026",
    "BillingPeriodEndDate": "10/31/2026",
    "SubscriptionId": "S",
    "SubscriptionName": "Shop",
    "Date": "10/07/2026",
    "Product": "Virtual Machines BS Series",
    "MeterId": "f310",
    "MeterCategory": "Virtual Machines",
    "MeterName": "B1s",
    "Quantity": "1",
    "Cost": "0",
    "UnitPrice": "0",
    "BillingCurrency": "USD",
    "ResourceLocation": "US East",
    "ConsumedService": "Microsoft.Compute",
    "ResourceId": VM,
    "Tags": '"team": "Payments","env": "prod"',
    "UnitOfMeasure": "1 Hour",
    "ResourceGroup": "Shop-RG",
    "ReservationId": "",
    "ChargeType": "Usage",
    "Frequency": "UsageBased",
    "PublisherType": "Azure",
    "PayGPrice": "0",
    "PricingModel": "OnDemand",
    "benefitId": "",
}
RI = {"PricingModel": "Reservation", "benefitId": ORDER}
SP = {"PricingModel": "SavingsPlan", "benefitId": PLAN}
BUY = {"ChargeType": "Purchase", "Frequency": "Recurring"}


def ea(name: str, amount: str, prices: str = "1 0 0", **cells: str) -> Native:
    """A row of an enterprise agreement, told apart by its product; `prices`: quantity, unit price, pay-as-you-go price."""
    quantity, price, listed = prices.split()
    return {**EA, "Product": name, "Cost": amount, "Quantity": quantity, "UnitPrice": price, "PayGPrice": listed, **cells}


ACTUAL = [
    ea("bought", "30", "1 30 30", **RI, **BUY),
    ea("plan", "5", "1 5 5", **SP, **BUY),
    ea("returned", "-12", "-1 12 12", **RI, ChargeType="Refund", Frequency="OneTime"),
    ea("usage", "2.4", "24 0.1 0.12"),
    ea("covered", "0", "8 0 0.5", **RI),
    ea("other", "9", "1 9 9", ChargeType="Purchase", PublisherType="Marketplace", PublisherName="Acme"),
    ea("credited", "-4", "1 0 0", ChargeType="Credit"),
    ea("late refund", "-1", "1 0 0", ChargeType="Refund", Date="09/20/2026"),
    ea("rounded", "-0.003", "1 0 0", ChargeType="RoundingAdjustment"),
    ea("strange", "0.5", "1 0 0", ChargeType="SomethingNew"),
    ea("taxed", "1.9", "1 0 0", ChargeType="Tax"),
]
AMORTISED = [
    *(row for row in ACTUAL if row["Product"] not in {"bought", "plan", "returned", "covered"}),
    ea("bought", "0", "1 30 30", **RI, **BUY),
    ea("covered", "22", "8 4 5", **RI),
    ea("unpriced", "3", "8 0 0", **SP),
    ea("unused", "8", "2 0 5", **RI, ChargeType="UnusedReservation"),
    ea("unused plan", "2", "1 0 0", **SP, ChargeType="UnusedSavingsPlan"),
    ea("blocks", "0.0012", "3 0.0004 0.0005", UnitOfMeasure="10K", PricingModel="Spot"),
]
ACTUAL = [*ACTUAL, ea("blocks", "0.0012", "3 0.0004 0.0005", UnitOfMeasure="10K", PricingModel="Spot")]


def runs(actual: list[Native], amortised: list[Native]) -> list[File]:
    """Both runs of a month."""
    return [
        File(name="actual.csv", content=as_csv(actual), role="actual"),
        File(name="amortised.csv", content=as_csv(amortised), role="amortised"),
    ]


def one(row: Mapping[str, object], folder: Path, *, period: str = "2026-10") -> dict[str, object]:
    """The charge of a single row, from an actual run alone."""
    made = make("azure", [File(name="cost.csv", content=as_csv([row]))], folder, period=period)
    assert made.broken == []
    return made.charges[0]


@pytest.fixture(scope="module")
def bill(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Every line of the table in one month of both runs."""
    return make("azure", runs(ACTUAL, AMORTISED), tmp_path_factory.mktemp("azure"))


@pytest.mark.parametrize(
    ("name", "category", "expected"),
    [
        ("usage", "Usage", "2.4 2.4 2.4 2.88"),
        ("covered", "Usage", "0 22 32 40"),
        ("unpriced", "Usage", "0 3 3 3"),
        ("unused", "Usage", "0 8 0 0"),
        ("unused plan", "Usage", "0 2 0 0"),
        ("bought", "Purchase", "30 0 30 30"),
        ("plan", "Purchase", "5 0 5 5"),
        ("returned", "Purchase", "-12 0 -12 -12"),
        ("other", "Purchase", "9 9 9 9"),
        ("late refund", "Purchase", "-1 -1 -1 -1"),
        ("taxed", "Tax", "1.9 1.9 1.9 1.9"),
        ("credited", "Credit", "-4 -4 -4 -4"),
        ("rounded", "Adjustment", "-0.003 -0.003 -0.003 -0.003"),
        ("strange", "Adjustment", "0.5 0.5 0.5 0.5"),
        ("blocks", "Usage", "0.0012 0.0012 0.0012 0.0015"),
    ],
)
def test_each_line_of_the_table(bill: Made, name: str, category: str, expected: str) -> None:
    """Every charge type becomes the category and the four costs the table gives it."""
    charge = bill.by("ChargeDescription")[name]
    assert (charge["ChargeCategory"], cost(charge)) == (category, costs(expected))


def test_the_two_runs_make_one_bill(bill: Made) -> None:
    """Billed is the actual run, effective the amortised one, and nothing is told twice."""
    assert bill.broken == []
    assert bill.total("BilledCost") == sum(Decimal(str(row["Cost"])) for row in ACTUAL)
    assert bill.total("EffectiveCost") == sum(Decimal(str(row["Cost"])) for row in AMORTISED)


COMMITMENT = ("CommitmentDiscountStatus", "PricingCategory", "CommitmentDiscountCategory", "ChargeFrequency", "ChargeClass")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("usage", (None, "Standard", None, "Usage-Based", None)),
        ("covered", ("Used", "Committed", "Usage", "Usage-Based", None)),
        ("unused plan", ("Unused", "Committed", "Spend", "Usage-Based", None)),
        ("bought", (None, "Standard", "Usage", "Recurring", None)),
        ("returned", (None, "Standard", "Usage", "One-Time", "Correction")),
        ("late refund", (None, "Standard", None, "One-Time", "Correction")),
        ("blocks", (None, "Dynamic", None, "Usage-Based", None)),
        ("taxed", (None, None, None, "One-Time", None)),
    ],
)
def test_commitments(bill: Made, name: str, said: tuple[str | None, ...]) -> None:
    """What is bought, used, left unused or given back is said in the words of FOCUS."""
    charge = bill.by("ChargeDescription")[name]
    assert tuple(charge[field] for field in COMMITMENT) == said


def test_quantities_come_in_blocks(bill: Made) -> None:
    """Quantity is in blocks already: priced as it is, consumed times the size of the block; nothing is consumed unused."""
    charges = bill.by("ChargeDescription")
    fields = ("PricingQuantity", "PricingUnit", "ConsumedQuantity", "ConsumedUnit")
    assert [charges["blocks"][field] for field in fields] == [3, "10K", 30000, "Units"]
    assert charges["unused"]["ConsumedQuantity"] is None


def test_places_people_and_times(bill: Made) -> None:
    """Resources are lower case, ends exclusive, tags without braces read, regions and services named."""
    charge = bill.by("ChargeDescription")["usage"]
    assert charge["ResourceId"] == VM.lower()
    assert (charge["BillingPeriodStart"], charge["BillingPeriodEnd"]) == (datetime(2026, 10, 1), datetime(2026, 11, 1))  # noqa: DTZ001 naive means UTC
    assert (charge["ChargePeriodStart"], charge["ChargePeriodEnd"]) == (datetime(2026, 10, 7), datetime(2026, 10, 8))  # noqa: DTZ001
    assert charge["Tags"] == {"team": "Payments", "env": "prod"}
    fields = ("RegionId", "RegionName", "ServiceName", "ServiceCategory", "ResourceType", "x_ResourceGroupName", "SubAccountId")
    assert [charge[field] for field in fields] == ["eastus", "East US", "Virtual Machines", "Compute", "Virtual machine", "shop-rg", "S"]


def test_marketplace_is_invoiced_apart(bill: Made) -> None:
    """Without an invoice id the key is account and month; Marketplace has its own, and its own seller."""
    charges = bill.by("ChargeDescription")
    assert charges["usage"]["x_InvoiceKey"] == f"{ENROLMENT}:2026-10"
    assert (charges["other"]["x_InvoiceKey"], charges["other"]["ServiceProviderName"]) == (f"{ENROLMENT}:2026-10:Marketplace", "Acme")


def test_the_actual_run_alone_is_not_amortised(tmp_path: Path) -> None:
    """Without an amortised run effective is billed, and the charges say so."""
    made = make("azure", [File(name="cost.csv", content=as_csv(ACTUAL), role="actual")], tmp_path)
    assert made.broken == []
    assert made.total("BilledCost") == made.total("EffectiveCost") == sum(Decimal(str(row["Cost"])) for row in ACTUAL)
    assert {charge["x_AmortizationClass"] for charge in made.charges} == {"None"}


@pytest.mark.parametrize(("role", "identity"), [("amortised", "azure-actual"), ("", "azure-loose")])
def test_the_amortised_run_alone_is_no_bill(tmp_path: Path, role: str, identity: str) -> None:
    """Amortised costs alone are quarantined, whether the delivery names its kind or only its rows do."""
    made = make("azure", [File(name="cost.csv", content=as_csv(AMORTISED), role=role)], tmp_path)
    assert any(identity in broken for broken in made.broken)


def test_runs_that_disagree_are_told(tmp_path: Path) -> None:
    """A row that only one run of a closed month holds breaks an identity."""
    assert any("azure-billed" in broken for broken in make("azure", runs(ACTUAL, AMORTISED[1:]), tmp_path).broken)


MCA = {
    "invoiceId": "G012345678",
    "billingAccountId": "3c10",
    "billingProfileId": PROFILE,
    "billingProfileName": "Trey profile",
    "billingPeriodStartDate": "10/01/2026",
    "billingPeriodEndDate": "10/31/2026",
    "date": "10/07/2026",
    "consumedService": "Microsoft.Compute",
    "meterId": "f310",
    "meterCategory": "Virtual Machines",
    "ProductName": "Virtual Machines BS Series",
    "SubscriptionId": "S",
    "quantity": "24",
    "unitOfMeasure": "1 Hour",
    "chargeType": "Usage",
    "billingCurrency": "EUR",
    "pricingCurrency": "USD",
    "costInBillingCurrency": "2.16",
    "costInPricingCurrency": "2.4",
    "costInUsd": "2.4",
    "paygCostInBillingCurrency": "2.592",
    "exchangeRatePricingToBilling": "0.9",
    "tags": '{"team": "Payments"}',
    "unitPrice": "0.1",
    "PayGPrice": "0.12",
    "pricingModel": "OnDemand",
}


def test_a_customer_agreement_is_priced_in_another_currency(tmp_path: Path) -> None:
    """MCA prices are in pricing currency: contracted is price × quantity × rate, list is stated, the account is the profile."""
    charge = one(MCA, tmp_path)
    assert cost(charge) == costs("2.16 2.16 2.16 2.592")
    fields = (
        "BillingAccountId",
        "InvoiceId",
        "x_InvoiceKey",
        "BillingCurrency",
        "PricingCurrency",
        "PricingCurrencyEffectiveCost",
        "x_BilledCostInUsd",
    )
    assert [charge[field] for field in fields] == [PROFILE, "G012345678", "G012345678", "EUR", "USD", Decimal("2.4"), Decimal("2.4")]
    assert (charge["ContractedUnitPrice"], charge["PricingCurrencyContractedUnitPrice"]) == (Decimal("0.09"), Decimal("0.1"))
    assert charge["Tags"] == {"team": "Payments"}


def test_a_customer_agreement_without_list_costs(tmp_path: Path) -> None:
    """Where the list cost is not stated it is the pay-as-you-go price, converted."""
    assert cost(one({**MCA, "paygCostInBillingCurrency": ""}, tmp_path)) == costs("2.16 2.16 2.16 2.592")


def renamed(row: Mapping[str, object], names: Mapping[str, str], *without: str) -> Native:
    """The row under another header, without some columns."""
    return {names.get(name, name): cell for name, cell in row.items() if name not in without}


OLD = (
    "BillingAccountId",
    "BillingAccountName",
    "BillingPeriodStartDate",
    "BillingPeriodEndDate",
    "ChargeType",
    "Frequency",
    "PricingModel",
)
PAYG = {
    "SubscriptionId": "SubscriptionGuid",
    "Date": "UsageDateTime",
    "Quantity": "UsageQuantity",
    "UnitPrice": "ResourceRate",
    "Cost": "PreTaxCost",
    "ResourceId": "InstanceId",
    "BillingCurrency": "Currency",
}
GERMAN = {
    "ResourceGroup": "Ressourcengruppe (ResourceGroup)",
    "UnitOfMeasure": "Maßeinheit (UnitOfMeasure)",
    "Quantity": "Menge (Quantity)",
    "ResourceId": "InstanceName",
    "Cost": "costInBillingCurrency",
}
USAGE = ea("usage", "2.4", "24 0.1 0.12")


HEADERS: dict[str, Native] = {
    "newer": renamed(USAGE, {"Cost": "CostInBillingCurrency", "BillingCurrency": "BillingCurrencyCode", "Product": "ProductName"}),
    "camel": renamed(USAGE, {name: name[0].lower() + name[1:] for name in EA}),
    "lower": renamed(USAGE, {name: name.lower() for name in EA}),
    "bom": renamed(USAGE, {"BillingAccountId": "\ufeffBillingAccountId"}),
    "german": renamed(USAGE, GERMAN),
    "pay-as-you-go": renamed(USAGE, PAYG, *OLD),
    "iso": {**USAGE, "Date": "2026-10-07"},
    "short": {**USAGE, "Date": "10/7/2026", "BillingPeriodStartDate": "10/1/2026"},
    "with-time": {**renamed(USAGE, PAYG, *OLD), "UsageDateTime": "2026-10-07 00:00:00"},
}


@pytest.fixture(scope="module")
def headers(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The same charge under each header, a file each."""
    files = [File(name=f"{name}.csv", content=as_csv([row])) for name, row in HEADERS.items()]
    return make("azure", files, tmp_path_factory.mktemp("headers"))


@pytest.mark.parametrize("name", HEADERS)
def test_every_header_is_the_same_bill(headers: Made, name: str) -> None:
    """Case, spelling, language, byte-order mark and date format change nothing."""
    charge = headers.by("x_SourceFile")[f"{name}.csv"]
    assert cost(charge) == costs("2.4 2.4 2.4 2.88")
    assert (charge["ChargePeriodStart"], charge["ResourceId"]) == (datetime(2026, 10, 7), VM.lower())  # noqa: DTZ001 naive means UTC here
    assert charge["BillingAccountId"] in {ENROLMENT, "S"}


def test_without_a_pricing_model_the_ids_tell_commitments(tmp_path: Path) -> None:
    """A reservation's or a benefit's id makes a commitment where the column is absent, and only there."""
    row = {**ea("usage", "0", "8 4 5"), "ReservationId": "f39d"}
    files = [File(name="absent.csv", content=as_csv([renamed(row, {}, "PricingModel")])), File(name="present.csv", content=as_csv([row]))]
    charges = make("azure", files, tmp_path).by("x_SourceFile")
    assert charges["absent.csv"]["CommitmentDiscountStatus"] == "Used"
    assert charges["present.csv"]["CommitmentDiscountStatus"] is None


@pytest.mark.parametrize("cells", [{"Cost": "1,5"}, {"Date": "yesterday"}])
def test_what_does_not_parse_quarantines_the_bill(tmp_path: Path, cells: dict[str, str]) -> None:
    """An amount or a day that is none is an error, never NULL."""
    with pytest.raises(BillError):
        make("azure", [File(name="cost.csv", content=as_csv([{**USAGE, **cells}]))], tmp_path)


def test_a_bill_without_currency_is_refused_by_name(tmp_path: Path) -> None:
    """A missing column is named, with the file and the spellings that would do."""
    with pytest.raises(BillError, match=r"cost\.csv: no column billing_currency_code"):
        make("azure", [File(name="cost.csv", content=as_csv([renamed(USAGE, {}, "BillingCurrency")]))], tmp_path)


def test_empty_words_are_nothing(tmp_path: Path) -> None:
    """`Unassigned`, `-2` and `N/A` are no values; a charge without service or resource is still charged."""
    row = {
        **USAGE,
        "MeterCategory": "Unassigned",
        "ConsumedService": "",
        "ResourceId": "N/A",
        "ResourceLocation": "Unassigned",
        "MeterId": "-2",
    }
    charge = one(row, tmp_path)
    assert [charge[field] for field in ("ServiceName", "ResourceId", "RegionId")] == ["usage", None, None]
    assert charge["BilledCost"] == Decimal("2.4")


EXACT = Context(prec=80, rounding=ROUND_HALF_UP)
PRICES = st.decimals(min_value=-10_000, max_value=10_000, places=12)
RATES = st.decimals(min_value=Decimal("0.000001"), max_value=1000, places=12)


@given(st.lists(st.tuples(PRICES, PRICES, RATES, st.sampled_from([Decimal(0), Decimal("1.5")])), min_size=1, max_size=60))
@settings(max_examples=10, deadline=None)
def test_conversion_rounds_once(cases: list[tuple[Decimal, Decimal, Decimal, Decimal]]) -> None:
    """Price × quantity × rate is exact to the twelfth digit, half-up, as if it had been rounded only once."""
    money = "DECIMAL(38,12)"
    rows = ", ".join(
        f"({at}, '{price:f}'::{money}, '{quantity:f}'::{money}, '{rate:f}'::{money}, '{likely:f}'::{money})"
        for at, (price, quantity, rate, likely) in enumerate(cases)
    )
    with duckdb.connect() as connection:
        connection.execute(packaged("reading.sql") + packaged("focus/macros.sql"))
        found = connection.execute(f"SELECT converted(p * q, r, l) FROM (VALUES {rows}) AS v(place, p, q, r, l) ORDER BY place").fetchall()
    wholes = [EXACT.multiply(EXACT.multiply(price, quantity), rate) for price, quantity, rate, _ in cases]
    assert [value for (value,) in found] == [whole.quantize(Decimal("1E-12"), context=EXACT) for whole in wholes]
