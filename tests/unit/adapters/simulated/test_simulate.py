"""What is written is what the truth says, and says it again byte for byte."""

import csv
import hashlib
from datetime import date
from decimal import Decimal
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import pytest
from unit.adapters.simulated import native

from bursar.adapters.clouds.simulated.simulate import Truth, simulate
from bursar.domain.errors import ConfigError

PERIODS = ("2026-09", "2026-10")
ISSUED = ("provider", "billing_account_id", "invoice_id", "billing_period", "issuer", "currency", "total", "tax", "issued_at")


def digest(folder: Path) -> str:
    """One digest over every path and byte of a folder."""
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            total.update(str(path.relative_to(folder)).encode())
            total.update(path.read_bytes())
    return total.hexdigest()


def said(truth: Truth, *path: str) -> Any:  # noqa: ANN401 - truth.json is JSON
    """A value of truth.json by its path."""
    value: Any = truth.content
    for step in path:
        value = value[step]
    return value


def test_same_seed_same_bytes(tmp_path: Path) -> None:
    """The same arguments write the same bytes; another seed writes others."""
    for name in ("a", "b"):
        simulate(tmp_path / name, rows=300, months=1, seed=3, deliveries="all")
    simulate(tmp_path / "c", clouds=("gcp",), rows=300, months=1, seed=4)
    assert digest(tmp_path / "a") == digest(tmp_path / "b")
    assert digest(tmp_path / "a" / "gcp") != digest(tmp_path / "c" / "gcp")


@pytest.mark.parametrize("period", PERIODS)
def test_cur2_adds_up(truth: Truth, bills: Path, period: str) -> None:
    """Of CUR 2.0: unblended cost without split lines is billed, and effective cost moves only what commitments amortise."""
    rows = native.cur2(bills, period)
    told = said(truth, "periods", period, "aws", "by_source", "aws-cur2-finops")
    charges = [row for row in rows if row["split_line_item_parent_resource_id"] is None]
    billed = native.money([row["line_item_unblended_cost"] for row in charges])
    assert billed == Decimal(told["billed"])
    by_type = {kind: [row for row in charges if row["line_item_line_item_type"] == kind] for kind in aws_types(rows)}
    covered, negated = (
        native.money([row["line_item_unblended_cost"] for row in by_type[kind]])
        for kind in ("SavingsPlanCoveredUsage", "SavingsPlanNegation")
    )
    assert covered == -negated > 0
    upfront = [
        row for row in charges
        if row["line_item_line_item_type"] == "SavingsPlanUpfrontFee"
        or (row["line_item_line_item_type"] in {"Fee", "Refund"} and commitment(row))
    ]  # fmt: skip
    amortised = sum(
        Decimal(str(row[column] or 0))
        for row in charges if row["line_item_line_item_type"] in {"RIFee", "SavingsPlanRecurringFee"}
        for column in ("reservation_amortized_upfront_fee_for_billing_period", "savings_plan_amortized_upfront_commitment_for_billing_period")
    )  # fmt: skip
    assert billed - native.money([row["line_item_unblended_cost"] for row in upfront]) + amortised == Decimal(told["effective"])


def commitment(row: dict[str, Any]) -> bool:
    """Whether a line names a commitment."""
    return bool(row["savings_plan_savings_plan_a_r_n"] or row["reservation_reservation_a_r_n"])


def unused(row: dict[str, Any]) -> Decimal:
    """What a commitment's fee line says was bought and not used."""
    plan = (row["savings_plan_total_commitment_to_date"], row["savings_plan_used_commitment"])
    reserved = (row["reservation_unused_amortized_upfront_fee_for_billing_period"], row["reservation_unused_recurring_fee"])
    if row["line_item_line_item_type"] == "RIFee":
        return sum((Decimal(str(value or 0)) for value in reserved), Decimal(0))
    return Decimal(str(plan[0])) - Decimal(str(plan[1]))


def aws_types(rows: list[dict[str, Any]]) -> set[str]:
    """The line item types of CUR 2.0 rows."""
    return {row["line_item_line_item_type"] for row in rows}


@pytest.mark.parametrize("period", PERIODS)
def test_legacy_report_adds_up_gross_and_net(truth: Truth, bills: Path, period: str) -> None:
    """With net columns, unblended cost including discount lines equals net cost, and both are what was billed."""
    rows = native.cur(bills, period)
    told = Decimal(said(truth, "periods", period, "aws", "by_source", "aws-cur-globex-555555555555", "billed"))
    assert native.money([row["lineItem/UnblendedCost"] for row in rows]) == told
    net = Decimal(0)
    for row in rows:
        if row["lineItem/NetUnblendedCost"]:
            net += Decimal(row["lineItem/NetUnblendedCost"])
        elif not row["lineItem/LineItemType"].endswith("Discount"):
            net += Decimal(row["lineItem/UnblendedCost"])
    assert net == told


@pytest.mark.parametrize("period", PERIODS)
def test_gcp_adds_up_per_invoice(truth: Truth, bills: Path, period: str) -> None:
    """Cost and credits of an invoice month and publisher are that invoice, to the last digit, in whole cents."""
    rows = [row for row in native.gcp(bills) if row["invoice"]["month"] == period.replace("-", "")]
    told = said(truth, "periods", period, "gcp", "invoices")
    for publisher in ("GOOGLE", "PARTNER"):
        mine = [row for row in rows if row["invoice"]["publisher_type"] == publisher]
        total = sum(row["cost"] + sum(credit["amount"] for credit in row["credits"]) for row in mine)
        assert total == Decimal(told[f"01AAAA-BBBBBB-CCCCCC:{period}:{publisher}"])
        assert total == round(total, 2)
    assert len(rows) == said(truth, "periods", period, "gcp", "rows")


@pytest.mark.parametrize("period", PERIODS)
@pytest.mark.parametrize(
    ("scope", "source", "column"), [("ea", "azure-80012345", "cost"), ("mca", "azure-acme-fin0-bg7-pgb", "costinbillingcurrency")]
)
def test_azure_pair_adds_up(truth: Truth, bills: Path, period: str, scope: str, source: str, column: str) -> None:
    """The actual export adds up to billed cost, the amortised one to effective cost."""
    told = said(truth, "periods", period, "azure", "by_source", source)
    for kind, cost in (("actual", "billed"), ("amortized", "effective")):
        rows = native.azure(bills, scope, kind, period=period)
        assert native.money([row[column] for row in rows]) == Decimal(told[cost])


def test_every_charge_type_is_there_at_a_thousand_rows(bills: Path) -> None:
    """A small bill lacks no way of charging."""
    acme, globex = native.cur2(bills, "2026-09"), native.cur(bills, "2026-09")
    both = {
        "Usage", "SavingsPlanCoveredUsage", "SavingsPlanNegation", "SavingsPlanRecurringFee", "SavingsPlanUpfrontFee", "DiscountedUsage",
        "RIFee", "Fee", "Tax", "Credit", "Refund", "EdpDiscount", "BundledDiscount", "FlatRateSubscription", "PrepaidAllocation",
    }  # fmt: skip
    assert both | {"PrivateRateDiscount", "SppDiscount"} == aws_types(acme)
    assert both == {row["lineItem/LineItemType"] for row in globex}
    assert any("SpotUsage" in (row["line_item_usage_type"] or "") for row in acme)
    assert {row["bill_bill_type"] for row in acme} == {"Anniversary", "Purchase", "Refund"}
    assert len({row["bill_invoicing_entity"] for row in acme}) == 2
    assert {row["split_line_item_parent_resource_id"] and row["line_item_operation"] for row in acme} == {None, "EKSPod-EC2", "ECSTask-EC2"}
    options = {"No Upfront", "Partial Upfront", "All Upfront"}
    assert {row["savings_plan_payment_option"] for row in acme if row["savings_plan_savings_plan_a_r_n"]} == options
    assert {row["pricing_purchase_option"] for row in acme if row["reservation_reservation_a_r_n"]} == options
    for kind in ("savings_plan_savings_plan_a_r_n", "reservation_reservation_a_r_n"):
        assert any(row["line_item_line_item_type"] == "Refund" and row[kind] for row in acme)
    assert all(unused(row) > 0 for row in acme if row["line_item_line_item_type"] in {"SavingsPlanRecurringFee", "RIFee"})
    google = native.gcp(bills)
    assert {row["cost_type"] for row in google} == {"regular", "tax", "adjustment", "rounding_error"}
    assert {credit["type"] for row in google for credit in row["credits"]} >= {
        "SUSTAINED_USAGE_DISCOUNT", "PROMOTION", "COMMITTED_USAGE_DISCOUNT", "COMMITTED_USAGE_DISCOUNT_DOLLAR_BASE",
        "FEE_UTILIZATION_OFFSET",
    }  # fmt: skip
    assert any(row["cost"] > 0 > row["cost"] + sum(credit["amount"] for credit in row["credits"]) for row in google)
    assert any(row["adjustment_info"] and row["cost_type"] == "regular" for row in google)
    assert any(label["key"] == "k8s-namespace" for row in google for label in row["labels"])
    assert any(row["usage_start_time"].startswith("2026-08") and row["invoice"]["month"] == "202609" for row in google)
    for scope in ("ea", "mca"):
        kinds = {
            (row["chargetype"], row["pricingmodel"])
            for kind in ("actual", "amortized") for row in native.azure(bills, scope, kind, period="2026-09")
        }  # fmt: skip
        assert kinds >= {
            ("Usage", "OnDemand"), ("Usage", "Spot"), ("Usage", "Reservation"), ("Usage", "SavingsPlan"), ("Purchase", "Reservation"),
            ("Purchase", "SavingsPlan"), ("Purchase", "OnDemand"), ("Refund", "Reservation"), ("Refund", "OnDemand"),
            ("UnusedReservation", "Reservation"), ("UnusedSavingsPlan", "SavingsPlan"),
        }  # fmt: skip


@pytest.mark.parametrize("period", PERIODS)
def test_invoices_equal_the_truth(truth: Truth, bills: Path, period: str) -> None:
    """Every invoice is printed once, in whole cents, and its total is the sum of its charges."""
    with (bills / "invoices" / f"invoices-{period}.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == ISSUED
    told = sorted(Decimal(total) for provider in said(truth, "periods", period).values() for total in provider["invoices"].values())
    assert sorted(Decimal(row["total"]) for row in rows) == told
    aws = said(truth, "periods", period, "aws", "invoices")
    assert {row["invoice_id"] for row in rows if row["provider"] == "aws"} == set(aws)


def test_the_spike_stands_out(truth: Truth, bills: Path) -> None:
    """On the planted day, and on no other, the service costs a quarter more than on its steady days."""
    spike = next(event for event in said(truth, "events") if event["kind"] == "spike")
    days: dict[str, Decimal] = {}
    for row in native.cur2(bills, "2026-10"):
        if row["resource_tags"].get("user_service") == spike["service"] and row["resource_tags"].get("user_env") == spike["env"]:
            day = str(row["line_item_usage_start_date"])[:10]
            days[day] = days.get(day, Decimal(0)) + Decimal(row["line_item_unblended_cost"])
    usual = [float(cost) for day, cost in days.items() if day != spike["first_day"]]
    assert stdev(usual) / mean(usual) <= 0.03
    assert 1.2 < float(days[spike["first_day"]]) / mean(usual) < 1.3
    assert Decimal(spike["excess"]) >= 500


def test_about_a_tenth_is_nobodys(truth: Truth) -> None:
    """Eight to twelve percent of the money is untagged or misspelt, and owners add up to the whole."""
    for period in PERIODS:
        owners = said(truth, "owners", period)
        lost = sum(Decimal(cost) for team in ("unallocated", "paymets", "webb") for cost in owners[team].values())
        whole = sum(Decimal(cost) for team in owners.values() for cost in team.values())
        assert Decimal("0.08") < lost / whole < Decimal("0.12")
        assert whole == sum(Decimal(provider["effective"]) for provider in said(truth, "periods", period).values())


def test_money_does_not_depend_on_rows(truth: Truth, tmp_path: Path) -> None:
    """Four times the rows cost the same month, within ten percent."""
    larger = simulate(tmp_path / "larger", rows=4000, months=2)
    for provider, summary in said(larger, "periods", "2026-09").items():
        ratio = Decimal(summary["effective"]) / Decimal(said(truth, "periods", "2026-09", provider, "effective"))
        assert Decimal("0.9") < ratio < Decimal("1.1")


def test_deliveries_are_what_they_claim(truth: Truth, bills: Path) -> None:
    """The duplicate is one, the torn one names a part that is not there, the wrong one is off its invoices by more than 3 %."""
    told = {step["folder"].split("-", 1)[1]: step for step in said(truth, "deliveries")}
    folder = bills / "deliveries"
    assert digest(folder / "06-aws-duplicate") == digest(folder / "04-aws-restated")
    assert not list((folder / "08-aws-missing-part").rglob("*.csv.gz"))
    billed = {
        name: Decimal(told[name]["totals"]["2026-11"]["aws"]["by_source"]["aws-cur2-finops"]["billed"])
        for name in ("aws-final", "aws-restated", "aws-contradicts-invoice")
    }
    assert 0 < abs(billed["aws-restated"] / billed["aws-final"] - 1) < Decimal("0.03")
    assert billed["aws-contradicts-invoice"] / billed["aws-final"] - 1 > Decimal("0.03")
    restated = sum(1 for _ in (folder / "04-aws-restated").rglob("*.parquet"))
    assert restated >= 1


@pytest.mark.parametrize("wrong", [{"clouds": ("oci",)}, {"clouds": ()}, {"months": 0}, {"rows": 0}, {"first": "2026-13"}], ids=str)
def test_wrong_arguments_are_said(tmp_path: Path, wrong: dict[str, Any]) -> None:
    """What cannot be simulated is refused by name before anything is written."""
    with pytest.raises(ConfigError):
        simulate(tmp_path / "out", **wrong)
    assert not (tmp_path / "out").exists()


def test_a_folder_in_use_is_left_alone(tmp_path: Path) -> None:
    """A folder that holds something is refused."""
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ConfigError):
        simulate(tmp_path)
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_a_running_month_is_the_final_one_so_far(truth: Truth, bills: Path, tmp_path: Path) -> None:
    """Exported on a morning of the last month: the month before is the same bytes, its days so far cost what they will, no invoice."""
    simulate(tmp_path / "now", clouds=("aws",), rows=1000, as_of=date(2026, 10, 17))
    rows = native.cur2(tmp_path / "now", "2026-10")
    usage = [row for row in rows if row["line_item_line_item_type"] == "Usage" and str(row["line_item_usage_start_date"]) < "2026-10-17"]
    assert {str(row["bill_invoice_id"] or "") for row in rows} == {""}
    assert max(str(row["line_item_usage_start_date"])[:10] for row in usage) == "2026-10-16"
    assert not list((tmp_path / "now" / "invoices").glob("*2026-10*"))
    assert len((tmp_path / "now" / "metrics" / "requests-2026-10.csv").read_text().splitlines()) == 1 + 16 * 20
