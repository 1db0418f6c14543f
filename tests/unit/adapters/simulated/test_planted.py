"""Planted events and waste are in the native bills as truth.json tells them, to the digit."""

from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from unit.adapters.simulated import native

from bursar.adapters.clouds.simulated.simulate import Truth
from bursar.adapters.clouds.simulated.waste import avoidable

KINDS = {"spike", "level_shift", "drift", "egress", "credit_expiry", "new_service", "planned_launch", "left_behind"}
MONTH = "2026-10"


def event(truth: Truth, kind: str) -> dict[str, Any]:
    """The event of a kind."""
    told: Any = truth.content["events"]
    return next(one for one in told if one["kind"] == kind)


def in_gcp(bills: Path, wanted: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Rows of an event's resources in its month, by the day they are billed on (Pacific days begin at 07:00 UTC in October)."""
    days: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in native.gcp(bills):
        if row["resource"]["global_name"] in wanted["resources"] and row["invoice"]["month"] == "202610":
            days[row["usage_start_time"][:10]].append(row)
    return days


def net(rows: list[dict[str, Any]]) -> Decimal:
    """Cost and credits."""
    return sum((row["cost"] + sum(credit["amount"] for credit in row["credits"]) for row in rows), Decimal(0))


def test_every_kind_of_event_is_planted_with_its_days(truth: Truth) -> None:
    """Each event names days, accounts, services and resources; what it cost beyond expectation is its excess."""
    told: Any = truth.content["events"]
    assert {one["kind"] for one in told} == KINDS
    assert {one["provider"] for one in told} == {"aws", "gcp", "azure"}
    for one in told:
        assert one["accounts"], one["kind"]
        assert one["cloud_services"], one["kind"]
        assert one["resource_count"] == len(one["resources"]) > 0
        assert min(one["days"]) == one["first_day"]
        assert max(one["days"]) == one["last_day"]
        whole = sum(Decimal(day["actual"]) - Decimal(day["expected"]) for day in one["days"].values())
        assert whole == Decimal(one["excess"]) > 0
        # each is worth saying: five dollars and a fifth, or the estate's hundredth, by its last day
        last = one["days"][one["last_day"]]
        assert Decimal(last["actual"]) - Decimal(last["expected"]) > max(5, Decimal(last["expected"]) / 5)


@pytest.mark.parametrize("kind", ["level_shift", "egress", "credit_expiry"])
def test_an_event_on_google_is_in_the_rows(truth: Truth, bills: Path, kind: str) -> None:
    """The rows of an event's resources add up to what the truth says, day by day."""
    told = event(truth, kind)
    rows = in_gcp(bills, told)
    for day, amounts in told["days"].items():
        assert net(rows[day]) == Decimal(amounts["actual"])


@pytest.mark.parametrize("kind", ["spike", "drift", "new_service", "left_behind"])
def test_an_event_on_aws_is_in_the_rows(truth: Truth, bills: Path, kind: str) -> None:
    """The lines of an event's resources add up to what the truth says, day by day."""
    told = event(truth, kind)
    days: dict[str, Decimal] = defaultdict(Decimal)
    for row in native.cur2(bills, MONTH):
        if row["line_item_resource_id"] in told["resources"]:
            days[str(row["line_item_usage_start_date"])[:10]] += Decimal(row["line_item_unblended_cost"])
    assert {day: days[day] for day in told["days"]} == {day: Decimal(amounts["actual"]) for day, amounts in told["days"].items()}


def test_a_launch_costs_nothing_before(truth: Truth, bills: Path) -> None:
    """A new or a planned service has no row before its first day; the planned one says that it was."""
    fresh, planned = event(truth, "new_service"), event(truth, "planned_launch")
    assert (fresh["is_planned"], planned["is_planned"]) == (False, True)
    for month in ("2026-09", MONTH):
        rows = [row for row in native.cur2(bills, month) if row["line_item_resource_id"] in fresh["resources"]]
        assert all(str(row["line_item_usage_start_date"])[:10] >= fresh["first_day"] for row in rows)
        rows = [row for row in native.azure(bills, "mca", "actual", period=month) if row["resourceid"].lower() in planned["resources"]]
        assert all(datetime.strptime(row["date"], "%m/%d/%Y").strftime("%Y-%m-%d") >= planned["first_day"] for row in rows)  # noqa: DTZ007
        assert bool(rows) == (month == MONTH)


def test_an_expired_credit_moves_the_bill_and_not_the_usage(truth: Truth, bills: Path) -> None:
    """After its credit is gone a service bills a third more for what it used before, and no row names the credit."""
    told = event(truth, "credit_expiry")
    first = told["first_day"]
    before: dict[int, tuple[Decimal, Decimal]] = {}
    after: dict[int, tuple[Decimal, Decimal]] = {}
    for day, rows in in_gcp(bills, told).items():
        weekday = datetime.fromisoformat(day).weekday()
        (before if day < first else after)[weekday] = net(rows), sum((row["usage"]["amount"] for row in rows), Decimal(0))
        assert any(row["credits"] for row in rows) == (day < first)
    for weekday, (cost, usage) in before.items():
        assert Decimal("1.2") < after[weekday][0] / cost < Decimal("1.47")
        assert Decimal("0.9") < after[weekday][1] / usage < Decimal("1.1")


def test_every_cloud_wastes_in_every_way(truth: Truth) -> None:
    """Disks, addresses, databases and nights are wasted on each cloud; what is avoidable is never more than the cost."""
    waste: Any = truth.content["waste"]
    kinds = {"unattached_disk", "idle_address", "idle_database", "oversized_database", "nonprod_at_night"}
    assert {(item["provider"], item["kind"]) for item in waste} == {(cloud, kind) for cloud in ("aws", "gcp", "azure") for kind in kinds}
    for item in waste:
        assert 0 < Decimal(item["monthly"]) <= Decimal(item["cost"])
        assert (Decimal(item["monthly"]) == Decimal(item["cost"])) == (item["kind"] in {"unattached_disk", "idle_address", "idle_database"})
        assert item["account"]


def test_a_wasted_resource_is_in_the_rows(truth: Truth, bills: Path) -> None:
    """What a wasted resource costs is the sum of its lines."""
    waste: Any = truth.content["waste"]
    costs: dict[str, Decimal] = defaultdict(Decimal)
    for row in native.cur2(bills, MONTH):
        costs[row["line_item_resource_id"] or ""] += Decimal(row["line_item_unblended_cost"])
    for row in native.azure(bills, "ea", "actual", period=MONTH):
        costs[row["resourceid"].lower()] += Decimal(row["cost"])
    for row in native.gcp(bills):
        if row["invoice"]["month"] == "202610":
            costs[row["resource"]["global_name"] or ""] += row["cost"]
    found = [item for item in waste if item["resource"] in costs]
    assert {item["provider"] for item in found} == {"aws", "gcp", "azure"}
    for item in found:
        assert costs[item["resource"]] == Decimal(item["cost"])


def test_nights_and_weekends_are_avoidable() -> None:
    """Half a weekday and a whole Saturday outside production need not be paid, nor the smaller half of a database."""
    friday, saturday = datetime(2026, 10, 2, tzinfo=UTC), datetime(2026, 10, 3, tzinfo=UTC)
    assert avoidable("nonprod_at_night", 240, friday, hours=24) == 120
    assert avoidable("nonprod_at_night", 240, saturday, hours=24) == 240
    assert avoidable("nonprod_at_night", 10, friday.replace(hour=12), hours=1) == 0
    assert avoidable("oversized_database", 240, friday, hours=24) == 120
    assert avoidable("unattached_disk", 240, friday, hours=24) == 240


def test_a_missing_day_is_missing_and_then_arrives(truth: Truth, bills: Path) -> None:
    """The delivery with the gap says nothing of its day, the next one everything; both leave every other day alone."""
    days: dict[str, set[str]] = {}
    for name in ("13-aws-missing-day", "14-aws-day-arrives"):
        rows = native.cur(bills / "deliveries" / name, "2026-11")
        days[name] = {
            row["lineItem/UsageStartDate"][:10] for row in rows if row["lineItem/UsageEndDate"] <= row["lineItem/UsageStartDate"][:8] + "31"
        }
    assert days["14-aws-day-arrives"] - days["13-aws-missing-day"] == {"2026-11-13"}
    told: Any = truth.content["deliveries"]
    rows_of = {
        step["folder"][11:]: step["totals"]["2026-11"]["aws"]["by_source"]["aws-cur-globex-555555555555"]["rows"]
        for step in told if "day" in step["folder"]
    }  # fmt: skip
    assert rows_of["14-aws-day-arrives"] > rows_of["13-aws-missing-day"]


def test_yen_have_no_cents(truth: Truth, bills: Path) -> None:
    """The account billed in yen adds up to whole yen per invoice, and its invoices are printed so."""
    folder = bills / "deliveries" / "15-gcp-yen"
    told: Any = truth.content["deliveries"]
    invoices = told[-1]["totals"]["2026-11"]["gcp"]["invoices"]
    rows = native.gcp(folder)
    assert {row["currency"] for row in rows} == {"JPY"}
    for publisher in ("GOOGLE", "PARTNER"):
        total = net([row for row in rows if row["invoice"]["publisher_type"] == publisher])
        assert total == int(total) == Decimal(invoices[f"01DDDD-EEEEEE-FFFFFF:2026-11:{publisher}"])
    printed = (folder / "invoices" / "invoices-2026-11.csv").read_text()
    assert all(f",JPY,{total}," in printed for total in invoices.values())
