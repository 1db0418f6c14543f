"""What a change costs: from Infracost, else from the own bill, else not known; never zero for unknown."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planned_changes import TAGS, plan, resource, written

from bursar.lake.generations import Generation, LakeFile
from bursar.policies.iac.plan import read_plan
from bursar.policies.own_prices import OwnPrices, own_prices, parts_of
from bursar.policies.planned import Planned, Undecidable
from bursar.policies.pricing import Estimate, estimate
from bursar.ports import Warehouse

HOURS = Decimal(730)

LINES = """
SELECT * FROM (VALUES
    ('aws', 'Amazon Elastic Compute Cloud', 'USE1-BoxUsage:m5.large', 'us-east-1', 'Hrs', 'USD', 'Usage', 1000.0, 96.0, 60.0),
    ('aws', 'Amazon Elastic Compute Cloud', 'BoxUsage:m5.xlarge', 'us-east-1', 'Hrs', 'USD', 'Usage', 500.0, 96.0, 96.0),
    ('aws', 'Amazon Elastic Compute Cloud', 'EUW1-BoxUsage:m5.large', 'eu-west-1', 'Hrs', 'USD', 'Usage', 100.0, 11.0, 11.0),
    ('aws', 'Amazon Elastic Compute Cloud', 'USE1-SpotUsage:m5.large', 'us-east-1', 'Hrs', 'USD', 'Usage', 100.0, 9.6, 3.0),
    ('aws', 'Amazon Elastic Compute Cloud', 'USE1-EBS:VolumeUsage.gp3', 'us-east-1', 'GB-Mo', 'USD', 'Usage', 100.0, 8.0, 8.0),
    ('aws', 'Amazon Elastic Compute Cloud', 'USE1-BoxUsage:m5.large', 'us-east-1', 'Hrs', 'USD', 'Tax', 1.0, 50.0, 50.0),
    ('azure', 'Virtual Machines', 'D4s v5', 'westeurope', '1 Hour', 'EUR', 'Usage', 100.0, 20.0, 18.0),
    ('gcp', 'Compute Engine', 'N2 Instance Core running in Americas', 'us-central1', 'hour', 'USD', 'Usage', 100.0, 3.2, 3.2),
    ('gcp', 'Compute Engine', 'N2 Instance Ram running in Americas', 'us-central1', 'gibibyte hour', 'USD', 'Usage', 100.0, 0.4, 0.4)
) AS t(x_Provider, ServiceName, SkuMeter, RegionId, PricingUnit, BillingCurrency, ChargeCategory, PricingQuantity, ListCost, EffectiveCost)
"""


@pytest.fixture(scope="session")
def prices(tmp_path_factory: pytest.TempPathFactory, warehouse: Warehouse) -> OwnPrices:
    """Unit prices of a small bill of June."""
    path = tmp_path_factory.mktemp("bill") / "june.parquet"
    costs = ", ".join(f"CAST({name} AS DECIMAL(38,12)) AS {name}" for name in ("PricingQuantity", "ListCost", "EffectiveCost"))
    duckdb.sql(f"COPY (SELECT * REPLACE ({costs}) FROM ({LINES})) TO '{path}' (FORMAT parquet)")
    files = tuple(
        LakeFile(path=path, rows=9, bytes=1, min_day=None, max_day=None, period=period, source="s", snapshot_id="x", table="cost_and_usage")
        for period in ("2026-06",)
    )
    moment = datetime(2026, 7, 21, tzinfo=UTC)
    found = own_prices(Generation(n=1, at=moment, data_as_of=moment, files=files), warehouse=warehouse, now=moment)
    assert found
    return found


def read(*resources: dict[str, Any]) -> Planned:
    """A plan of these, read."""
    return read_plan(plan(*resources), file="plan.json")


def priced(prices: OwnPrices | None, *resources: dict[str, Any], infracost: Path | None = None) -> Estimate:
    """What they cost."""
    return estimate(read(*resources), infracost=infracost, own=prices)


def test_a_resource_costs_what_the_bill_paid_for_its_like(prices: OwnPrices) -> None:
    """Meter, region and unit decide; tax and spot do not; the range lies between what is paid and the list."""
    found = priced(prices, resource(tags=TAGS))
    assert found.delta_monthly == Decimal("0.096") * HOURS
    assert found.delta_effective == Decimal("0.06") * HOURS
    assert (found.low, found.high) == (found.delta_effective, found.delta_monthly)
    assert (found.currency, found.coverage, found.price_source, found.price_period) == ("USD", 1, "own_bill", "2026-06")
    west = priced(prices, resource(tags=TAGS, after={"availability_zone": "eu-west-1b"}))
    assert west.delta_monthly == Decimal("0.11") * HOURS


def test_a_change_costs_its_difference(prices: OwnPrices) -> None:
    """After less before; a deleted resource gives back, one whose paid parts stay the same costs nothing more."""
    small = {"instance_type": "m5.large", "availability_zone": "us-east-1a"}
    grown = priced(prices, resource(tags=TAGS, actions=("update",), before=small, after={"instance_type": "m5.xlarge"}))
    assert grown.delta_monthly == Decimal("0.096") * HOURS
    assert priced(prices, resource(actions=("delete",), before=small)).delta_monthly == -Decimal("0.096") * HOURS
    same = priced(None, resource(tags=TAGS, actions=("update",), before={"instance_type": "x9.huge"}, after={"instance_type": "x9.huge"}))
    assert (same.delta_monthly, same.coverage) == (0, 1)


def test_volumes_and_machines_of_other_clouds_have_prices(prices: OwnPrices) -> None:
    """Sizes multiply; Google's machines are cores and memory, Azure's are named by their size."""
    disk = priced(prices, resource("aws_ebs_volume.d", after={"type": "gp3", "size": 50}))
    assert disk.delta_monthly == 4
    azure = resource(
        "azurerm_linux_virtual_machine.v", after={"size": "Standard_D4s_v5", "location": "West Europe", "availability_zone": None}
    )
    azure["provider_name"] = "registry.terraform.io/hashicorp/azurerm"
    assert (priced(prices, azure).delta_monthly, priced(prices, azure).currency) == (Decimal("0.2") * HOURS, "EUR")
    google = resource(
        "google_compute_instance.g", after={"machine_type": "n2-standard-4", "zone": "us-central1-a", "availability_zone": None}
    )
    google["provider_name"] = "registry.terraform.io/hashicorp/google"
    del google["change"]["after"]["availability_zone"]
    assert priced(prices, google).delta_monthly == (4 * Decimal("0.032") + 16 * Decimal("0.004")) * HOURS


@pytest.mark.parametrize(
    "given",
    [
        resource(after={"instance_type": "x9.huge"}),
        resource(after={"instance_type": None}),
        resource(after={"availability_zone": "ap-south-1a"}),
        resource("aws_ebs_volume.d", after={"type": "gp3", "size": None}),
        resource("aws_ebs_volume.d", after={"type": "gp3", "size": -5}),
        resource("aws_ebs_volume.d", after={"type": "gp3", "size": True}),
        resource("aws_ebs_volume.d", after={"type": "gp3", "size": "50"}),
        resource("acme_thing.x"),
    ],
)
def test_what_the_bill_has_not_seen_is_not_known(given: dict[str, Any], prices: OwnPrices) -> None:
    """An unknown kind, size, place or attribute is listed and lowers the coverage; it is not zero."""
    found = priced(prices, given)
    assert (found.delta_monthly, found.coverage, len(found.unpriced)) == (None, 0, 1)
    both = priced(prices, given, resource("aws_instance.z"))
    assert (both.coverage, both.delta_monthly) == (Decimal("0.5"), Decimal("0.096") * HOURS)


def test_what_is_free_and_what_is_paid_by_use(prices: OwnPrices) -> None:
    """A role needs no price; a bucket has none before it is used, and is told."""
    found = priced(prices, resource("aws_iam_role.r"), resource("aws_s3_bucket.b"))
    assert (found.planned, found.coverage, found.usage_based, found.unpriced) == (0, 1, ("aws_s3_bucket.b",), ())


def test_currencies_are_never_added(prices: OwnPrices) -> None:
    """What is priced in the rarer currency counts as not priced."""
    azure = resource("azurerm_linux_virtual_machine.v", after={"size": "Standard_D4s_v5", "location": "westeurope"})
    azure["provider_name"] = "registry.terraform.io/hashicorp/azurerm"
    found = priced(prices, resource(), resource("aws_instance.b"), azure)
    assert (found.currency, found.delta_monthly) == ("USD", 2 * Decimal("0.096") * HOURS)
    assert found.unpriced == ("azurerm_linux_virtual_machine.v",)


def breakdown(path: Path, after: dict[str, Any], before: dict[str, Any] | None = None, **more: Any) -> Path:  # noqa: ANN401 - parts of a file
    """Infracost's file of these monthly costs."""

    def resources(costs: dict[str, Any]) -> dict[str, Any]:
        return {
            "resources": [{"name": name, "monthlyCost": cost, "costComponents": [{"monthlyCost": cost}]} for name, cost in costs.items()]
        }

    project = {"breakdown": resources(after), "pastBreakdown": resources(before or {})}
    return written(
        path, {"version": "0.2", "currency": "USD", "projects": [project], "summary": {"noPriceResourceCounts": {"aws_x": 1}}, **more}
    )


def test_infracost_counts_before_the_bill(prices: OwnPrices, tmp_path: Path) -> None:
    """Its differences are taken to the digit, and what is really paid follows the own ratio of the service and region."""
    file = breakdown(tmp_path / "i.json", {"aws_instance.a": "100.10", "aws_instance.b": "5"}, {"aws_instance.a": "40.05"})
    found = priced(prices, resource(), resource("aws_instance.b"), resource("aws_x.free"), infracost=file)
    assert found.delta_monthly == Decimal("65.05")
    assert (found.price_source, found.coverage) == ("infracost", 1)
    assert found.delta_effective is not None
    assert found.delta_effective < Decimal("65.05")
    assert priced(None, resource(), infracost=file).delta_effective is None


def test_what_infracost_does_not_know_is_not_known(tmp_path: Path) -> None:
    """A resource it leaves out is unpriced; one with a part without a price is paid by use."""
    file = breakdown(tmp_path / "i.json", {"aws_instance.b": None})
    found = priced(None, resource(), resource("aws_instance.b"), infracost=file)
    assert (found.unpriced, found.usage_based, found.delta_monthly) == (("aws_instance.a",), ("aws_instance.b",), None)


@pytest.mark.parametrize(
    "broken",
    [
        {"version": "0.1"},
        {"version": None},
        {"currency": 5},
        {"projects": {}},
        {"projects": [{"breakdown": {"resources": [{"name": "a", "monthlyCost": 5.5}]}}]},
        {"projects": [{"breakdown": {"resources": [{"name": "a", "monthlyCost": "NaN"}]}}]},
        {"projects": [{"breakdown": {"resources": [{"name": "a", "monthlyCost": "Infinity"}]}}]},
        {"projects": [{"breakdown": {"resources": [{"name": "a", "monthlyCost": "1e99"}]}}]},
        {"projects": [{"breakdown": {"resources": [{"name": "a", "monthlyCost": "5 $"}]}}]},
        {"projects": [{"breakdown": {"resources": [{"monthlyCost": "5"}]}}]},
    ],
)
def test_a_file_that_is_not_infracosts_cannot_be_decided(broken: dict[str, Any], tmp_path: Path) -> None:
    """Amounts are texts; a number has been a float."""
    with pytest.raises(Undecidable):
        priced(None, resource(), infracost=breakdown(tmp_path / "i.json", {}, **broken))


def test_a_file_that_is_not_there_cannot_be_decided(tmp_path: Path) -> None:
    """A price that was promised and is missing blocks."""
    with pytest.raises(Undecidable):
        priced(None, resource(), infracost=tmp_path / "nothing.json")


amounts = st.decimals(min_value=Decimal(-10000), max_value=Decimal(10000), places=4)


@given(costs=st.lists(amounts, min_size=1, max_size=6))
@settings(max_examples=40, deadline=None)
def test_the_sum_is_the_sum_of_its_parts(costs: list[Decimal], tmp_path_factory: pytest.TempPathFactory) -> None:
    """To the last digit, whatever the order."""
    names = {f"aws_instance.r{number}": cost for number, cost in enumerate(costs)}
    file = breakdown(tmp_path_factory.mktemp("i") / "i.json", {name: str(cost) for name, cost in names.items()})
    found = priced(None, *(resource(name) for name in names), infracost=file)
    assert found.delta_monthly == sum(costs)
    assert dict(found.deltas) == names


def test_a_bill_that_is_not_there_has_no_prices(warehouse: Warehouse) -> None:
    """Nothing published, no price."""
    assert own_prices(None, warehouse=warehouse, now=datetime(2026, 7, 21, tzinfo=UTC)) is None
    (one,) = read(resource("acme_thing.x")).resources
    assert parts_of(one, one.after) is None
