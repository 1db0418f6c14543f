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
from tests.unit.ingestion.focus.made import File, Made, Native, as_csv, cost, costs, jsonl, make

ACCOUNT = "01A2B3-C4D5E6-F70819"
FLEX = {"id": "5515-81A8-03A2", "description": "Compute Flexible CUD - 1 Year"}
DEFAULT = {"id": "7754-699E-0EBF", "description": "Default"}
BOUGHT = {"instance_id": "769c55ea"}
OLD_FEE = {"id": "F61D", "description": "Commitment v1: N1 Cpu in Americas for 1 Year"}
CORRECTED = {"id": "adj-1", "mode": "PARTIAL_CORRECTION"}


def line(name: str, amount: str, *, credits: dict[str, str] | None = None, **cells: object) -> Native:  # noqa: A002 the column's name
    """A row of the export, told apart by its project; credits by type."""
    return {
        "billing_account_id": ACCOUNT,
        "service": {"id": "6F81-5844-456A", "description": "Compute Engine"},
        "sku": {"id": "2E27", "description": "N1 Core running in Americas"},
        "usage_start_time": "2026-10-07 04:00:00 UTC",
        "usage_end_time": "2026-10-07 05:00:00 UTC",
        "export_time": "2026-10-07 12:00:00 UTC",
        "project": {"id": name, "name": name.title(), "labels": []},
        "labels": [],
        "location": {"location": "us-central1", "region": "us-central1", "zone": "us-central1-a"},
        "cost": amount,
        "currency": "USD",
        "usage": {"amount": "3600", "unit": "seconds", "amount_in_pricing_units": "1", "pricing_unit": "hour"},
        "credits": [{"name": kind, "amount": credit, "id": f"id-{kind}", "type": kind} for kind, credit in (credits or {}).items()],
        "invoice": {"month": "202610", "publisher_type": "GOOGLE"},
        "cost_type": "regular",
        "consumption_model": DEFAULT,
        **cells,
    }


def at(row: Native, start: str, end: str) -> Native:
    """The row at another time of usage."""
    return {**row, "usage_start_time": start, "usage_end_time": end}


LINES = [
    line(
        "regular",
        "8",
        credits={"SUSTAINED_USAGE_DISCOUNT": "-1", "PROMOTION": "-0.5"},
        cost_at_list="10",
        cost_at_effective_price_default="9",
    ),
    line("unpriced", "8", credits={"FREE_TIER": "-8"}),
    line("over-credited", "2", credits={"PROMOTION": "-5"}),
    line("used", "7.2", cost_at_list="12", cost_at_effective_price_default="10", consumption_model=FLEX, subscription=BOUGHT),
    line("unused", "10", credits={"FEE_UTILIZATION_OFFSET": "-7.2"}, cost_at_list="10", subscription=BOUGHT),
    line("old-fee", "6", cost_at_list="6", sku=OLD_FEE, subscription=BOUGHT),
    line("old-covered", "10", credits={"COMMITTED_USAGE_DISCOUNT": "-10"}),
    line("old-spend", "5", credits={"COMMITTED_USAGE_DISCOUNT_DOLLAR_BASE": "-2"}),
    line("tax", "1.9", cost_type="tax", cost_at_list="5"),
    line("rounding", "-0.004", cost_type="rounding_error"),
    line("modified", "-30", cost_type="adjustment"),
    line("contract", "-12", service={"id": "X", "description": "Invoice"}, sku={"id": "Y", "description": "Contract billing adjustment"}),
    line("unknown", "3", credits={"PROMOTION": "-1"}, cost_type="something_new"),
    at(line("corrected", "-5", adjustment_info=CORRECTED), "2026-10-01 06:59:59 UTC", "2026-10-01 07:00:00 UTC"),
    at(line("same-month", "-5", adjustment_info=CORRECTED), "2026-10-01 07:00:00 UTC", "2026-10-01 08:00:00 UTC"),
    at(line("late", "4"), "2026-09-30 20:00:00 UTC", "2026-09-30 21:00:00 UTC"),
    line("partner", "2", invoice={"month": "202610", "publisher_type": "PARTNER"}, seller_name="Acme SaaS"),
    line("negative", "-5", cost_at_list="-6"),
    line("yen", "1200", currency="JPY"),
    line("spot", "1", sku={"id": "S", "description": "Spot Preemptible N1 Core running in Americas"}),
    line(
        "tagged",
        "1",
        labels=[{"key": "team", "value": "Payments"}, {"key": "k8s-namespace", "value": "shop"}, {"key": "none", "value": ""}],
        tags=[
            {"key": "tier", "value": "1", "inherited": False, "namespace": "a"},
            {"key": "tier", "value": "2", "inherited": False, "namespace": "b"},
            {"key": "team", "value": "org", "inherited": True, "namespace": "a"},
        ],
        project={"id": "tagged", "name": "T", "labels": [{"key": "team", "value": "project"}, {"key": "cost-center", "value": "9"}]},
    ),
]


@pytest.fixture(scope="module")
def bill(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Every line of the table in one export."""
    return make("gcp", [File(name="export.jsonl", content=jsonl(LINES))], tmp_path_factory.mktemp("gcp"))


@pytest.mark.parametrize(
    ("name", "category", "expected"),
    [
        ("regular", "Usage", "6.5 6.5 9 10"),
        ("unpriced", "Usage", "0 0 8 8"),
        ("over-credited", "Usage", "-3 -3 2 2"),
        ("used", "Usage", "7.2 7.2 10 12"),
        ("unused", "Usage", "2.8 2.8 0 0"),
        ("old-fee", "Usage", "6 6 0 0"),
        ("old-covered", "Usage", "0 0 10 10"),
        ("old-spend", "Usage", "3 3 5 5"),
        ("tax", "Tax", "1.9 1.9 1.9 1.9"),
        ("rounding", "Adjustment", "-0.004 -0.004 -0.004 -0.004"),
        ("modified", "Adjustment", "-30 -30 -30 -30"),
        ("contract", "Adjustment", "-12 -12 -12 -12"),
        ("unknown", "Adjustment", "2 2 2 2"),
    ],
)
def test_each_line_of_the_table(bill: Made, name: str, category: str, expected: str) -> None:
    """Every cost type becomes the category and the four costs the table gives it."""
    charge = bill.by("SubAccountId")[name]
    assert (charge["ChargeCategory"], cost(charge)) == (category, costs(expected))


def test_no_row_is_lost_or_multiplied(bill: Made) -> None:
    """Credits, labels and tags stay inside their row, and the bill adds up."""
    assert len(bill.charges) == len(LINES)
    assert bill.broken == []


@pytest.mark.parametrize(
    ("name", "pricing", "status", "commitment", "amortised"),
    [
        ("regular", "Standard", None, None, None),
        ("spot", "Dynamic", None, None, None),
        ("used", "Committed", "Used", "769c55ea", None),
        ("unused", "Committed", "Unused", "769c55ea", None),
        ("old-fee", "Standard", None, None, "Native"),
        ("old-covered", "Committed", "Used", "id-COMMITTED_USAGE_DISCOUNT", None),
        ("tax", None, None, None, None),
    ],
)
def test_commitments(bill: Made, name: str, pricing: str | None, status: str | None, commitment: str | None, amortised: str | None) -> None:
    """A commitment is named by the subscription, else by the credit, and only where it was used or left unused."""
    charge = bill.by("SubAccountId")[name]
    fields = ("PricingCategory", "CommitmentDiscountStatus", "CommitmentDiscountId", "x_AmortizationClass")
    assert tuple(charge[field] for field in fields) == (pricing, status, commitment, amortised)


def test_unused_commitments_and_tax_consume_nothing(bill: Made) -> None:
    """What nobody used has no consumed quantity; tax has no SKU and no price either."""
    charges = bill.by("SubAccountId")
    assert charges["unused"]["ConsumedQuantity"] is None
    assert [charges["tax"][field] for field in ("SkuId", "PricingQuantity", "ListUnitPrice", "ConsumedQuantity")] == [None] * 4


def test_months_are_pacific_for_corrections_and_utc_for_charges(bill: Made) -> None:
    """A correction concerns an earlier Pacific month; late usage keeps its time and is no correction."""
    charges = bill.by("SubAccountId")
    assert [charges[name]["ChargeClass"] for name in ("corrected", "same-month", "late")] == ["Correction", None, None]
    assert charges["late"]["ChargePeriodStart"] == datetime(2026, 9, 30, 20)  # noqa: DTZ001 naive means UTC here
    assert charges["late"]["BillingPeriodStart"] == datetime(2026, 10, 1)  # noqa: DTZ001
    assert charges["late"]["BillingPeriodEnd"] == datetime(2026, 11, 1)  # noqa: DTZ001


def test_google_and_partners_invoice_apart(bill: Made) -> None:
    """The invoice's key is account, month and publisher."""
    charges = bill.by("SubAccountId")
    assert charges["regular"]["x_InvoiceKey"] == f"{ACCOUNT}:2026-10:GOOGLE"
    assert charges["partner"]["x_InvoiceKey"] == f"{ACCOUNT}:2026-10:PARTNER"
    assert charges["partner"]["ServiceProviderName"] == "Acme SaaS"


def test_labels_are_tags_and_inherited_tags_beat_project_labels(bill: Made) -> None:
    """Labels, GKE's too, and own tags are Tags; what comes from above is inherited, an inherited tag before a project label."""
    charge = bill.by("SubAccountId")["tagged"]
    assert {key: value for key, value in charge["Tags"].items() if value} == {"team": "Payments", "k8s-namespace": "shop", "tier": "1"}
    assert charge["x_InheritedTags"] == {"team": "org", "cost-center": "9"}


def test_credits_stay_readable(bill: Made) -> None:
    """Every credit of a row is listed in x_Credits."""
    charges = bill.by("SubAccountId")
    assert [Decimal(str(credit["amount"])) for credit in json.loads(charges["regular"]["x_Credits"])] == [Decimal(-1), Decimal("-0.5")]
    assert charges["yen"]["x_Credits"] is None


def test_quantities_bear_the_sign(bill: Made) -> None:
    """A negative cost of a positive quantity has a negative quantity and no negative price."""
    charge = bill.by("SubAccountId")["negative"]
    assert cost(charge) == costs("-5 -5 -5 -6")
    assert [charge[field] for field in ("PricingQuantity", "ContractedUnitPrice", "ListUnitPrice")] == [-1, 5, 6]


def test_places_and_services_are_named(bill: Made) -> None:
    """A known service has its category, a region its name."""
    charge = bill.by("SubAccountId")["regular"]
    assert (charge["ServiceCategory"], charge["ServiceSubcategory"], charge["RegionName"]) == ("Compute", "Virtual Machines", "Iowa")


def dumped(row: dict[str, Any], *, quote: str) -> dict[str, object]:
    """The row as a CSV dump writes it: dotted names, arrays as text."""
    flat: dict[str, object] = {}
    for name, value in row.items():
        if isinstance(value, dict):
            flat |= {f"{name}.{inner}": cell for inner, cell in value.items()}
        else:
            flat[name] = value
    written = {name: str(cell) if isinstance(cell, list) else cell for name, cell in flat.items()}
    return {name: cell.replace("'", quote) if isinstance(cell, str) and cell.startswith("[") else cell for name, cell in written.items()}


@pytest.mark.parametrize("quote", ["'", '"'])
def test_a_csv_dump_says_the_same(bill: Made, tmp_path: Path, quote: str) -> None:
    """Dotted names and arrays as JSON or in single quotes give the very charges of the nested export."""
    flat = [dumped(dict(row), quote=quote) for row in LINES]
    for row in flat:
        row.pop("tags", None)
    made = make("gcp", [File(name="export.csv", content=as_csv(flat))], tmp_path)
    assert made.broken == []
    assert {name: cost(charge) for name, charge in made.by("SubAccountId").items()} == {
        name: cost(charge) for name, charge in bill.by("SubAccountId").items()
    }


def test_parquet_with_floats_keeps_every_digit(tmp_path: Path) -> None:
    """A nested Parquet export with doubles is read to the digits the doubles stand for."""
    path, text = tmp_path / "in.parquet", tmp_path / "rows.jsonl"
    label = [{"key": "team", "value": "a"}]
    row = dict(line("a", "1", project={"id": "a", "name": "A", "labels": label}, labels=label))
    text.write_text(jsonl([row | {"cost": 123456.789, "credits": [{"amount": -0.1, "type": "PROMOTION"}]}]))
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT * FROM read_json('{text}')) TO '{path}' (FORMAT parquet)")
    made = make("gcp", [File(name="export.parquet", content=path.read_bytes())], tmp_path / "bill")
    assert cost(made.charges[0]) == costs("123456.689 123456.689 123456.789 123456.789")
    assert made.charges[0]["Tags"] == {"team": "a"}


def test_a_key_first_met_late_still_counts(tmp_path: Path) -> None:
    """Credits that occur only after thousands of lines without any are in the bill."""
    plain = {name: value for name, value in line("plain", "1").items() if name != "credits"}
    rows = [*([plain] * 3000), line("last", "1", credits={"PROMOTION": "-0.25"})]
    assert make("gcp", [File(name="export.jsonl", content=jsonl(rows))], tmp_path).total("BilledCost") == Decimal("3000.75")


@pytest.mark.parametrize("value", ["12,5", "NaN", "1e40"])
def test_what_is_no_amount_quarantines_the_bill(tmp_path: Path, value: str) -> None:
    """A cost that is no number is an error, never NULL."""
    with pytest.raises(BillError):
        make("gcp", [File(name="export.jsonl", content=jsonl([line("a", value)]))], tmp_path)


def test_credits_that_do_not_parse_quarantine_the_bill(tmp_path: Path) -> None:
    """Unreadable credits are money unread: the bill is refused."""
    row = dumped(dict(line("a", "1")), quote='"') | {"credits": "[{'amount': -1"}
    with pytest.raises(BillError):
        make("gcp", [File(name="export.csv", content=as_csv([row]))], tmp_path)


def test_a_row_without_cost_is_told(tmp_path: Path) -> None:
    """An empty cost is not zero: the identity of costs breaks."""
    made = make("gcp", [File(name="export.jsonl", content=jsonl([line("a", "1"), line("b", "")]))], tmp_path)
    assert made.broken == ["gcp-costs: rows without cost"]


AMOUNTS = st.decimals(min_value=-(10**9), max_value=10**9, places=12)


@given(st.lists(st.tuples(AMOUNTS, st.lists(AMOUNTS, max_size=3)), min_size=1, max_size=30))
@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_costs_and_credits_are_conserved(tmp_path: Path, amounts: list[tuple[Decimal, list[Decimal]]]) -> None:
    """Whatever the amounts, what is billed is their sum, to the last digit."""
    rows = [
        line(str(at), format(one, "f"), credits={f"C{n}": format(k, "f") for n, k in enumerate(credited)})
        for at, (one, credited) in enumerate(amounts)
    ]
    made = make("gcp", [File(name="export.jsonl", content=jsonl(rows))], tmp_path)
    assert made.total("BilledCost") == sum((one + sum(credited, Decimal(0)) for one, credited in amounts), Decimal(0))
    assert made.broken == []
