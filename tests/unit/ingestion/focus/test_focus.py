from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from bursar.domain.errors import BillError
from tests.unit.ingestion.focus.made import File, Made, Native, as_csv, cost, costs, jsonl, make

AWS = {
    "BilledCost": "2",
    "EffectiveCost": "1.5",
    "ContractedCost": "2.5",
    "ListCost": "3",
    "BillingAccountId": "111111111111",
    "BillingAccountName": "Payer",
    "BillingCurrency": "USD",
    "BillingPeriodStart": "2026-10-01T00:00:00Z",
    "BillingPeriodEnd": "2026-11-01T00:00:00Z",
    "ChargePeriodStart": "2026-10-07T04:00:00Z",
    "ChargePeriodEnd": "2026-10-07T05:00:00Z",
    "ChargeCategory": "Usage",
    "ChargeFrequency": "Usage-Based",
    "ProviderName": "AWS",
    "PublisherName": "Amazon Web Services, Inc.",
    "InvoiceIssuerName": "Amazon Web Services, Inc.",
    "ServiceName": "Amazon EC2",
    "ServiceCategory": "Compute",
    "PricingCategory": "Standard",
    "PricingQuantity": "10",
    "SkuId": "SKU",
    "SkuPriceId": "SKU.1",
    "Tags": '{"team": "Payments"}',
}
AZURE = {**AWS, "ProviderName": "Microsoft", "PublisherName": "Microsoft", "InvoiceIssuerName": "Microsoft"}


def row(name: str, base: Mapping[str, str] = AWS, **cells: str) -> Native:
    """A FOCUS row, told apart by its sub account."""
    return {**base, "SubAccountId": name, **cells}


ROWS = [
    row("plain"),
    row("nulls", ChargeClass="NULL", RegionId="null", ResourceId="N/A", CommitmentDiscountId="NULL", Tags="NULL"),
    row("no zone", BillingPeriodStart="2026-10-01 00:00:00", ChargePeriodStart="2026-10-07 04:00:00"),
    row("lower", ChargeCategory="purchase", ChargeFrequency="one-time", PricingCategory="standard", ChargeClass="correction"),
    row("oracle", ProviderName="Oracle", ChargeFrequency="Usage-based", PricingCategory="", PublisherName="", InvoiceIssuerName=""),
    row("inclusive", BillingPeriodEnd="2026-10-31T00:00:00Z", ChargePeriodEnd="2026-10-07T04:59:59Z"),
    row("last second", BillingPeriodEnd="2026-10-31T23:59:59Z", ChargePeriodEnd="2026-10-07T04:00:00Z"),
    row("invoiced", InvoiceId="INV-1"),
    row("tax", ChargeCategory="Tax", PricingQuantity="10", ServiceCategory="Other"),
    row("rateless", PricingQuantity="", SkuId="", SkuPriceId="", ListCost="-3", ContractedCost="-3"),
    row(
        "unused",
        CommitmentDiscountId="sp-1",
        CommitmentDiscountStatus="unused",
        CommitmentDiscountType="Savings Plan",
        ConsumedQuantity="4",
    ),
    row("bought", AZURE, ChargeCategory="Purchase", ChargeFrequency="Recurring", EffectiveCost="2", CommitmentDiscountId="ri-1"),
    row("bought elsewhere", ChargeCategory="Purchase", EffectiveCost="0", CommitmentDiscountId="ri-2", ChargeFrequency="Usage-Based"),
    row("odd category", ServiceCategory="Database", ServiceSubcategory="No-SQL DB", ServiceName="AwesomeDB", ProviderName="Acme Co"),
    row("known category", ServiceSubcategory="Virtual Machines"),
    row("strange", ChargeCategory="Rebate"),
]


@pytest.fixture(scope="module")
def bill(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """One file with every mend, and a stray column."""
    rows = [{**one, "Id": "11472"} for one in ROWS]
    return make("focus", [File(name="focus.csv", content=as_csv(rows))], tmp_path_factory.mktemp("focus"))


def one(native: Native, folder: Path, *, period: str = "2026-10") -> dict[str, object]:
    """The charge of a file with one row."""
    made = make("focus", [File(name="one.csv", content=as_csv([native]))], folder, period=period)
    assert made.broken == []
    return made.charges[0]


def test_costs_pass_unchanged(bill: Made) -> None:
    """Every row is one charge with the four costs it came with; the identities hold."""
    charges = bill.by("SubAccountId")
    assert bill.broken == []
    assert len(bill.charges) == len(ROWS)
    assert all(cost(charges[name]) == costs("2 1.5 2.5 3") for name in ("plain", "nulls", "no zone", "lower", "oracle", "tax", "strange"))


def test_commitments_bought_from_azure_are_effective_through_their_usage(bill: Made) -> None:
    """Azure's effective cost of a commitment bought is none; every other delivered one stays."""
    charges = bill.by("SubAccountId")
    assert cost(charges["bought"]) == costs("2 0 2.5 3")
    assert cost(charges["bought elsewhere"]) == costs("2 0 2.5 3")


@pytest.mark.parametrize(("name", "cloud"), [("plain", "aws"), ("bought", "azure"), ("oracle", "oci"), ("odd category", "other")])
def test_the_provider_is_told_by_the_row(bill: Made, name: str, cloud: str) -> None:
    """x_Provider is our name of the cloud, `other` for anybody else."""
    assert bill.by("SubAccountId")[name]["x_Provider"] == cloud


def test_words_are_spelt_as_specified(bill: Made) -> None:
    """Enumerations in any case become FOCUS' own; what nobody knows is usage."""
    charges = bill.by("SubAccountId")
    fields = ("ChargeCategory", "ChargeFrequency", "PricingCategory", "ChargeClass")
    assert [charges["lower"][field] for field in fields] == ["Purchase", "One-Time", "Standard", "Correction"]
    assert [charges["oracle"][field] for field in fields] == ["Usage", "Usage-Based", "Standard", None]
    assert (charges["strange"]["ChargeCategory"], charges["strange"]["x_SourceChargeType"]) == ("Usage", "Rebate")


def test_empty_words_are_null(bill: Made) -> None:
    """A literal NULL is no value, in tags neither."""
    charge = bill.by("SubAccountId")["nulls"]
    assert [charge[field] for field in ("ChargeClass", "RegionId", "ResourceId", "CommitmentDiscountId", "Tags")] == [None] * 5


def test_ends_are_exclusive(bill: Made) -> None:
    """An end that names the last day or the last second means the moment after it."""
    charges = bill.by("SubAccountId")
    for name in ("plain", "no zone", "inclusive", "last second"):
        assert charges[name]["BillingPeriodEnd"] == datetime(2026, 11, 1)  # noqa: DTZ001 naive means UTC here
        assert charges[name]["ChargePeriodEnd"] > charges[name]["ChargePeriodStart"]
    assert charges["inclusive"]["ChargePeriodEnd"] == datetime(2026, 10, 7, 5)  # noqa: DTZ001


def test_the_invoice_key_is_the_invoice_or_the_month(bill: Made) -> None:
    """A row with an invoice id goes by it, all others by account and month."""
    charges = bill.by("SubAccountId")
    assert (charges["invoiced"]["x_InvoiceKey"], charges["plain"]["x_InvoiceKey"]) == ("INV-1", "111111111111:2026-10")


def test_gaps_are_filled_as_the_rules_demand(bill: Made) -> None:
    """What a version leaves out is what its rules say: subcategory, providers, pricing currency, account types."""
    charge = bill.by("SubAccountId")["plain"]
    fields = (
        "ServiceSubcategory",
        "HostProviderName",
        "ServiceProviderName",
        "PricingCurrency",
        "PricingCurrencyEffectiveCost",
        "SubAccountType",
    )
    assert [charge[field] for field in fields] == ["Other (Compute)", "AWS", "AWS", "USD", Decimal("1.5"), "Sub Account"]
    assert (charge["ContractedUnitPrice"], charge["ListUnitPrice"]) == (Decimal("0.25"), Decimal("0.3"))
    assert bill.by("SubAccountId")["known category"]["ServiceSubcategory"] == "Virtual Machines"


def test_a_subcategory_has_its_one_parent(bill: Made) -> None:
    """Categories that are none of FOCUS' are mended, and so is a subcategory outside its parent."""
    charge = bill.by("SubAccountId")["odd category"]
    assert (charge["ServiceCategory"], charge["ServiceSubcategory"], charge["HostProviderName"]) == (
        "Databases",
        "Other (Databases)",
        "Not Applicable",
    )


def test_tax_and_what_has_no_rate(bill: Made) -> None:
    """Tax has no SKU, price or quantity; usage without a rate is one unit of itself, negative when it is."""
    charges = bill.by("SubAccountId")
    assert [charges["tax"][field] for field in ("SkuId", "PricingQuantity", "ListUnitPrice", "PricingCategory")] == [None] * 4
    fields = ("PricingQuantity", "ListUnitPrice", "SkuId", "ConsumedQuantity")
    assert [charges["rateless"][field] for field in fields] == [-1, 3, "Amazon EC2", 0]


def test_an_unused_commitment_is_complete(bill: Made) -> None:
    """A commitment has category, quantity and unit, and what is unused consumes nothing."""
    charge = bill.by("SubAccountId")["unused"]
    fields = (
        "CommitmentDiscountStatus",
        "CommitmentDiscountCategory",
        "CommitmentDiscountQuantity",
        "CommitmentDiscountUnit",
        "ConsumedQuantity",
    )
    assert [charge[field] for field in fields] == ["Unused", "Spend", Decimal("1.5"), "USD", None]
    assert charge["PricingCategory"] == "Committed"


def test_the_preview_of_1_0(tmp_path: Path) -> None:
    """Region, UsageQuantity, ChargeSubcategory, x_InvoiceId and x_PricingCurrency of Azure's preview find their columns."""
    native = {
        **{name: cell for name, cell in AZURE.items() if name not in {"ContractedCost", "PricingCategory"}},
        "x_OnDemandCost": "2.5",
        "Region": "eastus",
        "UsageQuantity": "7",
        "UsageUnit": "Hours",
        "ChargeSubcategory": "Used Commitment",
        "CommitmentDiscountId": "ri-1",
        "PricingCategory": "Commitment-Based",
        "x_InvoiceId": "G1",
        "x_PricingCurrency": "EUR",
        "x_BillingExchangeRate": "1.5",
    }
    charge = one(native, tmp_path)
    assert cost(charge) == costs("2 1.5 2.5 3")
    fields = (
        "RegionId",
        "ConsumedQuantity",
        "CommitmentDiscountStatus",
        "PricingCategory",
        "InvoiceId",
        "PricingCurrency",
        "PricingCurrencyEffectiveCost",
    )
    assert [charge[field] for field in fields] == ["eastus", 7, "Used", "Committed", "G1", "EUR", 1]


GOOGLE = {
    **{name: value for name, value in AWS.items() if name not in {"ServiceCategory", "InvoiceIssuerName", "Tags", "ChargeFrequency"}},
    "ProviderName": "Google Cloud",
    "PublisherName": "Google Cloud",
    "ServiceName": "Compute Engine",
    "ChargeCategory": "usage",
    "BillingPeriodEnd": "2026-10-31T00:00:00Z",
    "x_CostType": "regular",
    "x_ConsumptionModelId": "5515-81A8-03A2",
    "x_SubscriptionInstanceId": "769c55ea",
    "x_Labels": [{"Key": "team", "Value": "Payments"}],
    "x_ProjectLabels": [{"Key": "team", "Value": "project"}, {"Key": "env", "Value": "prod"}],
    "x_Tags": [{"Key": "team", "Value": "org", "x_Inherited": True}, {"Key": "tier", "Value": "1", "x_Inherited": False}],
    "x_Credits": [{"Name": "p", "Amount": -0.5, "Id": "c", "Type": "PROMOTION"}],
}


def test_googles_nested_columns(tmp_path: Path) -> None:
    """Google's labels, tags, commitments and categories are filled from its x_ columns."""
    charge = make("focus", [File(name="export.jsonl", content=jsonl([GOOGLE]))], tmp_path).charges[0]
    assert cost(charge) == costs("2 1.5 2.5 3")
    assert (charge["Tags"], charge["x_InheritedTags"]) == ({"team": "Payments", "tier": "1"}, {"team": "org", "env": "prod"})
    fields = (
        "x_Provider",
        "ServiceCategory",
        "ServiceSubcategory",
        "CommitmentDiscountId",
        "CommitmentDiscountStatus",
        "InvoiceIssuerName",
        "BillingPeriodEnd",
    )
    expected = ["gcp", "Compute", "Virtual Machines", "769c55ea", "Used", "Google Cloud", datetime(2026, 11, 1)]  # noqa: DTZ001 naive means UTC here
    assert [charge[field] for field in fields] == expected


def test_a_file_of_1_4_has_no_provider_name(tmp_path: Path) -> None:
    """ServiceProviderName stands in for ProviderName, and contracts and allocations come through."""
    native = {name: cell for name, cell in AWS.items() if name not in {"ProviderName", "PublisherName"}}
    charge = one(
        {**native, "ServiceProviderName": "AWS", "HostProviderName": "AWS", "AllocatedResourceId": "pod-1", "ContractApplied": '{"a": 1}'},
        tmp_path,
    )
    assert [charge[field] for field in ("x_Provider", "ProviderName", "PublisherName", "AllocatedResourceId")] == [
        "aws",
        "AWS",
        "AWS",
        "pod-1",
    ]


@pytest.mark.parametrize("column", ["BilledCost", "EffectiveCost", "ListCost", "BillingCurrency", "BillingAccountId"])
def test_a_file_without_a_needed_column_is_refused_by_name(tmp_path: Path, column: str) -> None:
    """A missing cost, currency or account is told with the file and the column."""
    with pytest.raises(BillError, match=rf"one\.csv: no column {column}"):
        one({name: cell for name, cell in AWS.items() if name != column}, tmp_path)


def test_a_row_without_a_cost_is_told(tmp_path: Path) -> None:
    """A NULL cost is unknown, not zero: the file is quarantined."""
    made = make("focus", [File(name="one.csv", content=as_csv([{**AWS, "EffectiveCost": "NULL"}]))], tmp_path)
    assert made.broken == ["focus-costs: rows without a cost"]


def test_money_in_words_is_refused(tmp_path: Path) -> None:
    """Currency signs and thousands separators are no amount we would guess."""
    with pytest.raises(BillError):
        one({**AWS, "BilledCost": "$50,000.00 "}, tmp_path)


def test_two_digit_years(tmp_path: Path) -> None:
    """5/1/26 is the first of May of 2026."""
    times = {"BillingPeriodStart": "5/1/26", "BillingPeriodEnd": "6/1/26", "ChargePeriodStart": "5/1/26", "ChargePeriodEnd": "5/2/26"}
    assert one({**AWS, **times}, tmp_path, period="2026-05")["ChargePeriodStart"] == datetime(2026, 5, 1)  # noqa: DTZ001 naive means UTC here


def test_a_key_without_value_is_true_and_an_empty_value_stays(tmp_path: Path) -> None:
    """A valueless tag is `true`, as FOCUS says; an empty one is empty."""
    assert one({**AWS, "Tags": '{"a": null, "b": "", "c": "x"}'}, tmp_path)["Tags"] == {"a": "true", "b": "", "c": "x"}
