import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bursar.domain.errors import BillError
from bursar.ingestion.families import family, snake
from tests.unit.ingestion.focus.made import File, Made, Native, as_csv, cost, costs, make

PLAN = "arn:aws:savingsplans::111111111111:savingsplan/p1"
RESERVED = "arn:aws:ec2:us-east-1:111111111111:reserved-instances/r1"
HOST = "arn:aws:ec2:us-east-1:111111111111:reserved-instances/host"
SPLIT = {"split_line_item_parent_resource_id": "i-1"}


def line(account: str, kind: str, amount: str, **cells: object) -> Native:
    """A line item of CUR 2.0, told apart by its usage account."""
    return {
        "bill_billing_entity": "AWS",
        "bill_bill_type": "Anniversary",
        "bill_billing_period_start_date": "2026-10-01T00:00:00.000Z",
        "bill_invoicing_entity": "Amazon Web Services, Inc.",
        "bill_payer_account_id": "111111111111",
        "line_item_currency_code": "USD",
        "line_item_line_item_type": kind,
        "line_item_operation": "RunInstances",
        "line_item_product_code": "AmazonEC2",
        "line_item_unblended_cost": amount,
        "line_item_usage_account_id": account,
        "line_item_usage_amount": "2",
        "line_item_usage_end_date": "2026-11-01T00:00:00Z",
        "line_item_usage_start_date": "2026-10-31T23:00:00Z",
        "line_item_usage_type": "BoxUsage:m5.large",
        "product_product_name": "Amazon Elastic Compute Cloud",
        "product_region_code": "us-east-1",
        "product_sku": "ABC",
        **cells,
    }


def covered(account: str, amount: str, effective: str) -> list[Native]:
    """Usage a savings plan covers, and the line that takes its on-demand cost back."""
    return [
        line(
            account,
            "SavingsPlanCoveredUsage",
            amount,
            savings_plan_savings_plan_a_r_n=PLAN,
            savings_plan_savings_plan_effective_cost=effective,
            pricing_public_on_demand_cost="12",
        ),
        line("negation", "SavingsPlanNegation", f"-{amount}", savings_plan_savings_plan_a_r_n=PLAN),
    ]


PLAN_FEE = {
    "savings_plan_savings_plan_a_r_n": PLAN,
    "savings_plan_total_commitment_to_date": "10",
    "savings_plan_used_commitment": "7",
    "savings_plan_amortized_upfront_commitment_for_billing_period": "6",
    "savings_plan_recurring_commitment_for_billing_period": "4",
    "line_item_usage_amount": "",
}
LINES: list[Native] = [
    line("usage", "Usage", "8", pricing_public_on_demand_cost="10", line_item_unblended_rate="4", pricing_public_on_demand_rate="5"),
    line("unpriced", "Usage", "8", pricing_public_on_demand_cost="0"),
    *covered("covered", "10", "7"),
    line("plan-fee", "SavingsPlanRecurringFee", "4", **PLAN_FEE),
    line("plan-upfront", "SavingsPlanUpfrontFee", "72", savings_plan_savings_plan_arn=PLAN),
    line(
        "reserved",
        "DiscountedUsage",
        "0",
        reservation_reservation_a_r_n=RESERVED,
        reservation_effective_cost="3",
        pricing_public_on_demand_cost="9",
        pricing_public_on_demand_rate="4.5",
        line_item_normalized_usage_amount="8",
    ),
    line(
        "reserved-fee",
        "RIFee",
        "5",
        reservation_reservation_a_r_n=RESERVED,
        reservation_amortized_upfront_fee_for_billing_period="1",
        reservation_unused_amortized_upfront_fee_for_billing_period="0.5",
        reservation_unused_recurring_fee="2.5",
        line_item_usage_amount="",
    ),
    line("reserved-upfront", "Fee", "12", reservation_reservation_a_r_n=RESERVED),
    line("host", "DiscountedUsage", "0", reservation_reservation_a_r_n=HOST, line_item_usage_type="HostUsage:m5"),
    line("host-fee", "RIFee", "100", reservation_reservation_a_r_n=HOST, line_item_usage_type="HostUsage:m5"),
    line("support", "Fee", "100", line_item_product_code="AWSSupportBusiness", product_product_name="AWS Support (Business)"),
    line("tax", "Tax", "1.9", pricing_public_on_demand_cost="5", line_item_usage_end_date="2026-10-31T23:59:59Z"),
    line("credit", "Credit", "-3"),
    line("refund", "Refund", "-2", line_item_usage_start_date="2026-10-05T00:00:00Z", line_item_usage_end_date="2026-10-06T00:00:00Z"),
    line("late-refund", "Refund", "-2", line_item_usage_start_date="2026-09-05T00:00:00Z"),
    line("fee-refund", "Refund", "-6", savings_plan_savings_plan_a_r_n=PLAN + "2"),
    line("tax-refund", "Refund", "-0.5", line_item_tax_type="VAT"),
    line("edp", "EdpDiscount", "-1"),
    line("private", "PrivateRateDiscount", "-1"),
    line("bundled", "BundledDiscount", "-1"),
    line("flat", "FlatRateSubscription", "15"),
    line("unknown", "PrepaidAllocation", "12.34"),
    line("spot", "Usage", "1", line_item_usage_type="USE1-SpotUsage:m5.large"),
    line("capacity", "Usage", "1", line_item_usage_type="USE1-UnusedBox:m5.large", line_item_resource_id="cr-1"),
    line("split", "Usage", "0.6", line_item_operation="EKSPod-EC2"),
    line("split", "Usage", "-0.6", **SPLIT),
    line("saas", "Usage", "2", bill_billing_entity="AWS Marketplace", line_item_legal_entity="Acme, Inc.", bill_invoice_id="77"),
    line("tagged", "Usage", "1", resource_tags='{"user_Team": "a \\"b\\"", "aws_created_by": "root", "user_user_id": "user_1"}'),
]


@pytest.fixture(scope="module")
def bill(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Every line, made into charges."""
    return make("aws", [File(name="cur.csv", content=as_csv(LINES))], tmp_path_factory.mktemp("aws"))


def one(bill: Made, account: str, status: str | None = None) -> dict[str, Any]:
    """The charge of an account; a fee with an unused part has two."""
    (found,) = [
        row for row in bill.charges if row["SubAccountId"] == account and (row["CommitmentDiscountStatus"] == "Unused") is bool(status)
    ]
    return found


@pytest.mark.parametrize(
    ("account", "category", "four"),
    [
        ("usage", "Usage", "8 8 8 10"),
        ("unpriced", "Usage", "8 8 8 8"),
        ("covered", "Usage", "0 7 10 12"),
        ("plan-fee", "Purchase", "4 0 4 4"),
        ("plan-upfront", "Purchase", "72 0 72 72"),
        ("reserved", "Usage", "0 3 9 9"),
        ("reserved-fee", "Purchase", "5 0 5 5"),
        ("reserved-upfront", "Purchase", "12 0 12 12"),
        ("support", "Purchase", "100 100 100 100"),
        ("tax", "Tax", "1.9 1.9 1.9 1.9"),
        ("credit", "Credit", "-3 -3 -3 -3"),
        ("refund", "Usage", "-2 -2 -2 -2"),
        ("fee-refund", "Purchase", "-6 0 0 0"),
        ("tax-refund", "Tax", "-0.5 -0.5 -0.5 -0.5"),
        ("edp", "Usage", "-1 -1 -1 0"),
        ("private", "Usage", "-1 -1 -1 0"),
        ("bundled", "Usage", "-1 -1 0 0"),
        ("flat", "Purchase", "15 15 15 15"),
        ("unknown", "Usage", "12.34 12.34 12.34 12.34"),
        ("saas", "Usage", "2 2 2 2"),
    ],
)
def test_each_line_of_the_table(bill: Made, account: str, category: str, four: str) -> None:
    """Every kind of line item has the category and the four costs its table gives it."""
    charge = one(bill, account)
    assert (charge["ChargeCategory"], cost(charge)) == (category, costs(four))


@pytest.mark.parametrize(("account", "four"), [("plan-fee", "0 3 0 0"), ("reserved-fee", "0 3 0 0"), ("host-fee", "0 0 0 0")])
def test_what_nobody_used_is_a_charge_of_its_own(bill: Made, account: str, four: str) -> None:
    """The unused part of a commitment is usage that was billed with its fee, and consumes nothing."""
    charge = one(bill, account, "Unused")
    assert cost(charge) == costs(four)
    assert (charge["ChargeCategory"], charge["PricingCategory"], charge["ConsumedQuantity"]) == ("Usage", "Committed", None)


def test_nothing_is_lost_and_it_adds_up(bill: Made) -> None:
    """Negations and split rows give no charge, fees give two, and every identity holds."""
    assert len(bill.charges) == len(LINES) - 1 - 2 + 3
    assert bill.broken == []
    assert {"negation", "split"}.isdisjoint(charge["SubAccountId"] for charge in bill.charges)


def test_commitments_are_money_or_units(bill: Made) -> None:
    """A savings plan is spend in the bill's currency, a reservation is usage in normalised units."""
    fields = ("CommitmentDiscountCategory", "CommitmentDiscountId", "CommitmentDiscountStatus", "CommitmentDiscountUnit")
    assert [one(bill, "covered")[field] for field in fields] == ["Spend", PLAN, "Used", "USD"]
    assert [one(bill, "reserved")[field] for field in fields] == ["Usage", RESERVED, "Used", "Normalized Units"]
    assert one(bill, "covered")["CommitmentDiscountQuantity"] == 7
    assert one(bill, "reserved")["CommitmentDiscountQuantity"] == 8
    assert one(bill, "plan-fee", "Unused")["CommitmentDiscountQuantity"] == 3


def test_hosts_without_amortised_amounts_are_flagged(bill: Made) -> None:
    """A Dedicated Host reservation says that it is not amortised, instead of costing nothing silently."""
    assert [one(bill, name)["x_AmortizationClass"] for name in ("host", "host-fee", "reserved")] == ["None", "None", None]


def test_only_closed_periods_are_corrected(bill: Made) -> None:
    """A refund of this month is usage; of an earlier one it is a correction."""
    assert [one(bill, name)["ChargeClass"] for name in ("refund", "late-refund")] == [None, "Correction"]


def test_stated_prices_are_kept_and_missing_ones_are_one_unit(bill: Made) -> None:
    """A rate that explains its cost is the price; a line without one is a quantity of one unit at its cost."""
    usage, credit, tax = one(bill, "usage"), one(bill, "credit"), one(bill, "tax")
    fields = ("PricingQuantity", "ContractedUnitPrice", "ListUnitPrice", "ConsumedQuantity")
    assert [usage[field] for field in fields] == [2, 4, 5, 2]
    assert [credit[field] for field in fields] == [-1, 3, 3, None]
    assert [tax[field] for field in (*fields, "SkuId")] == [None] * 5


def test_spot_is_dynamic(bill: Made) -> None:
    """Spot usage has a dynamic price, other usage a standard one, tax none."""
    assert [one(bill, name)["PricingCategory"] for name in ("spot", "usage", "tax")] == ["Dynamic", "Standard", None]


def test_reserved_capacity_nobody_used_is_named(bill: Made) -> None:
    """The unused part of a capacity reservation names it; other usage names none."""
    fields = ("CapacityReservationId", "CapacityReservationStatus")
    assert [one(bill, "capacity")[field] for field in fields] == ["cr-1", "Unused"]
    assert [one(bill, "usage")[field] for field in fields] == [None, None]


def test_ends_are_exclusive(bill: Made) -> None:
    """An end written as the last second of a month is the first of the next."""
    assert one(bill, "tax")["ChargePeriodEnd"] == datetime(2026, 11, 1)  # noqa: DTZ001 naive means UTC here


def test_tags_have_the_names_their_owners_gave_them(bill: Made) -> None:
    """`user_` goes, AWS's own keys keep their prefix, and values are left alone."""
    assert one(bill, "tagged")["Tags"] == {"Team": 'a "b"', "aws:created_by": "root", "user_id": "user_1"}
    assert one(bill, "usage")["Tags"] is None


def test_marketplace_is_sold_by_another(bill: Made) -> None:
    """A Marketplace line names its seller and its invoice; a line without invoice waits under an open key."""
    saas = one(bill, "saas")
    assert [saas[name] for name in ("ServiceProviderName", "PublisherName", "x_InvoiceKey")] == ["Acme, Inc.", "Acme, Inc.", "77"]
    assert one(bill, "usage")["x_InvoiceKey"] == "111111111111:2026-10:Amazon Web Services, Inc.:open"


def test_services_and_regions_are_named(bill: Made) -> None:
    """A known service has its category, a region its name."""
    usage = one(bill, "usage")
    assert [usage[name] for name in ("ServiceCategory", "ServiceSubcategory", "RegionName")] == [
        "Compute",
        "Virtual Machines",
        "US East (N. Virginia)",
    ]


def legacy(row: Native) -> dict[str, object]:
    """The line as the legacy report heads it: `lineItem/UnblendedCost`, a column per tag."""
    spellings = {snake(name): name for name in LEGACY}
    out: dict[str, object] = {
        spellings[snake(name.replace("_a_r_n", "_arn"))]: value for name, value in row.items() if name != "resource_tags"
    }
    for key, value in json.loads(str(row.get("resource_tags") or "{}")).items():
        out["resourceTags/" + key.replace("user_", "user:", 1).replace("aws_", "aws:", 1)] = value
    return out


LEGACY = [
    *(f"bill/{name}" for name in ("BillingEntity", "BillType", "BillingPeriodStartDate", "InvoicingEntity", "InvoiceId", "PayerAccountId")),
    "lineItem/ResourceId",
    *(f"lineItem/{name}" for name in ("CurrencyCode", "LineItemType", "Operation", "ProductCode", "UnblendedCost", "UsageAccountId")),
    *(
        f"lineItem/{name}"
        for name in ("UsageAmount", "UsageEndDate", "UsageStartDate", "UsageType", "UnblendedRate", "TaxType", "LegalEntity")
    ),
    *("lineItem/NormalizedUsageAmount", "product/ProductName", "product/regionCode", "product/sku", "pricing/publicOnDemandCost"),
    *("pricing/publicOnDemandRate", "reservation/ReservationARN", "reservation/EffectiveCost", "reservation/UnusedRecurringFee"),
    *("reservation/AmortizedUpfrontFeeForBillingPeriod", "reservation/UnusedAmortizedUpfrontFeeForBillingPeriod"),
    *(f"savingsPlan/{name}" for name in ("SavingsPlanARN", "SavingsPlanEffectiveCost", "TotalCommitmentToDate", "UsedCommitment")),
    *(f"savingsPlan/{kind}CommitmentForBillingPeriod" for kind in ("AmortizedUpfront", "Recurring")),
    "splitLineItem/ParentResourceId",
]


def test_the_legacy_report_says_the_same(bill: Made, tmp_path: Path) -> None:
    """The same lines under the headers of the legacy report become the same charges."""
    made = make("aws", [File(name="cur.csv", content=as_csv([legacy(row) for row in LINES]))], tmp_path)
    assert made.broken == []
    assert sorted(map(cost, made.charges)) == sorted(map(cost, bill.charges))
    assert one(made, "tagged")["Tags"] == one(bill, "tagged")["Tags"]


def test_parquet_says_the_same(bill: Made, tmp_path: Path) -> None:
    """Doubles, timestamps and maps in Parquet become the very charges of the text."""
    source, target = tmp_path / "in.csv", tmp_path / "in.parquet"
    source.write_text(as_csv(LINES), encoding="utf-8")
    doubles = [name for name, column in family("aws").columns.items() if column.type in {"money", "number"}]
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE lines AS FROM read_csv('{source}', all_varchar = true, quote = '\"', escape = '\"')")
        names = [str(row[0]) for row in connection.execute("DESCRIBE lines").fetchall()]
        typed = ", ".join(f"{name}::DOUBLE AS {name}" for name in names if name in doubles)
        connection.execute(
            f"COPY (SELECT * REPLACE ({typed}, resource_tags::JSON::MAP(VARCHAR, VARCHAR) AS resource_tags, "
            f"line_item_usage_end_date::TIMESTAMP AS line_item_usage_end_date) FROM lines) TO '{target}' (FORMAT parquet)"
        )
    made = make("aws", [File(name="cur.parquet", content=target.read_bytes())], tmp_path / "bill")
    assert made.broken == []
    by_place = sorted((str(charge["SubAccountId"]), cost(charge), str(charge["Tags"])) for charge in made.charges)
    assert by_place == sorted((str(charge["SubAccountId"]), cost(charge), str(charge["Tags"])) for charge in bill.charges)


def net(row: Native, amount: str, **cells: object) -> Native:
    """The line with its net cost."""
    return {**row, "line_item_net_unblended_cost": amount, **cells}


def test_a_net_bill_is_net_throughout(tmp_path: Path) -> None:
    """Where net costs are stated they are billed, discount rows vanish into them, and the unused part shrinks alike."""
    plan_fee = {
        **PLAN_FEE,
        "savings_plan_net_amortized_upfront_commitment_for_billing_period": "5.4",
        "savings_plan_net_recurring_commitment_for_billing_period": "3.6",
    }
    use, back = covered("covered", "10", "7")
    rows = [
        net(line("usage", "Usage", "8", pricing_public_on_demand_cost="10"), "7"),
        line("plain", "Usage", "5"),
        line("edp", "EdpDiscount", "-1.4"),
        net(use, "9", savings_plan_net_savings_plan_effective_cost="6.3"),
        net(back, "-9"),
        net(line("plan-fee", "SavingsPlanRecurringFee", "4", **plan_fee), "3.6"),
    ]
    made = make("aws", [File(name="cur.csv", content=as_csv(rows))], tmp_path)
    assert made.broken == []
    assert [cost(one(made, name)) for name in ("usage", "plain", "edp", "covered", "plan-fee")] == [
        costs(four) for four in ("7 7 7 10", "5 5 5 5", "0 0 0 0", "0 6.3 9 12", "3.6 0 3.6 3.6")
    ]
    assert cost(one(made, "plan-fee", "Unused")) == costs("0 2.7 0 0")


@pytest.mark.parametrize(
    ("broken", "rows"),
    [
        ("aws-negation", covered("covered", "10", "7")[:1]),
        ("aws-split", [line("split", "Usage", "1", **SPLIT)]),
        ("aws-net", [net(line("usage", "Usage", "8"), "7")]),
        ("aws-amortised", [line("fee", "RIFee", "5", reservation_reservation_a_r_n=RESERVED)]),
        ("aws-costs", [line("usage", "Usage", "")]),
    ],
)
def test_what_does_not_add_up_is_told(tmp_path: Path, broken: str, rows: list[Native]) -> None:
    """A bill with lines missing or edited breaks the identity that needs them."""
    made = make("aws", [File(name="cur.csv", content=as_csv([*rows, line("other", "Usage", "1")]))], tmp_path)
    assert [told.partition(":")[0] for told in made.broken if told.startswith(broken)] == [broken]


def test_a_month_still_running_has_no_amortisation_to_check(tmp_path: Path) -> None:
    """A reservation's fee comes on day one and its usage later: that is no error while the month runs."""
    rows = [line("fee", "RIFee", "5", reservation_reservation_a_r_n=RESERVED, line_item_usage_end_date="2026-10-15T00:00:00Z")]
    assert make("aws", [File(name="cur.csv", content=as_csv(rows))], tmp_path).broken == []


def test_parts_may_differ_in_columns(tmp_path: Path) -> None:
    """A column only the second part has is read, and the first part is none the worse."""
    parts = [
        [line("a", "Usage", "1")],
        [line("b", "Usage", "2", pricing_public_on_demand_cost="3", line_item_availability_zone="us-east-1a")],
    ]
    files = [File(name=f"part-{at}.csv", content=as_csv(list(reversed(rows)))) for at, rows in enumerate(parts)]
    made = make("aws", files, tmp_path)
    assert {name: (cost(charge), charge["x_SourceFile"]) for name, charge in made.by("SubAccountId").items()} == {
        "a": (costs("1 1 1 1"), "part-0.csv"),
        "b": (costs("2 2 2 3"), "part-1.csv"),
    }


def test_a_bill_without_a_cost_column_is_refused_by_name(tmp_path: Path) -> None:
    """A missing cost column is an error that names the file and the column, never a bill of zero."""
    row = {name: value for name, value in line("a", "Usage", "1").items() if name != "line_item_unblended_cost"}
    with pytest.raises(BillError, match=r"cur\.csv: no column line_item_unblended_cost"):
        make("aws", [File(name="cur.csv", content=as_csv([row]))], tmp_path)


AMOUNTS = st.decimals(min_value=-(10**9), max_value=10**9, places=12)


@given(st.lists(st.tuples(AMOUNTS, st.sampled_from(["Usage", "Tax", "Credit", "Fee", "New"])), min_size=1, max_size=40))
@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_amounts_are_conserved(tmp_path: Path, amounts: list[tuple[Decimal, str]]) -> None:
    """Whatever the lines, what is billed is the sum of their costs, to the last digit."""
    rows = [line(str(at), kind, format(amount, "f")) for at, (amount, kind) in enumerate(amounts)]
    made = make("aws", [File(name="cur.csv", content=as_csv(rows))], tmp_path)
    assert made.total("BilledCost") == sum((amount for amount, _ in amounts), Decimal(0))
    assert made.broken == []
