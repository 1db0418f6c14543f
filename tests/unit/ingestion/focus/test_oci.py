from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from bursar.domain.errors import BillError
from tests.unit.ingestion.focus.made import File, Made, Native, as_csv, cost, costs, make


def line(name: str, amount: str, **cells: str) -> Native:
    """A line of a cost report, told apart by its compartment."""
    return {
        "lineItem/referenceNo": name,
        "lineItem/tenantId": "ocid1.tenancy.oc1..aaaa",
        "lineItem/intervalUsageStart": "2026-10-13T10:00Z",
        "lineItem/intervalUsageEnd": "2026-10-13T11:00:00Z",
        "product/service": "COMPUTE",
        "product/compartmentId": name,
        "product/region": "us-sanjose-1",
        "product/resourceId": "ocid1.instance.oc1.us-sanjose-1.abc",
        "usage/billedQuantity": "2.5",
        "cost/productSku": "B92911",
        "cost/myCost": amount,
        "cost/currencyCode": "USD",
        "cost/skuUnitDescription": "Hours",
        "lineItem/isCorrection": "false",
        "lineItem/backreferenceNo": "17053",
        "tags/Oracle-Tags.CreatedBy": "ana",
        "tags/shop.team": "",
        **cells,
    }


@pytest.fixture(scope="module")
def bill(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A report with usage, a correction and a line without quantity."""
    lines = [
        line("usage", "4.812980764390000E-7"),
        line("corrected", "-1", **{"lineItem/isCorrection": "true"}),
        line("bare", "3", **{"usage/billedQuantity": ""}),
    ]
    return make("oci", [File(name="report.csv", content=as_csv(lines))], tmp_path_factory.mktemp("oci"))


def test_every_line_is_a_charge_with_one_amount(bill: Made) -> None:
    """All four costs are the line's own, digits in E notation included, and the report adds up."""
    charges = bill.by("SubAccountId")
    assert bill.broken == []
    assert cost(charges["usage"]) == costs("0.000000481298 0.000000481298 0.000000481298 0.000000481298")
    assert cost(charges["corrected"]) == costs("-1 -1 -1 -1")


def test_corrections_say_so(bill: Made) -> None:
    """A line marked as correction is one; a back reference alone is not."""
    charges = bill.by("SubAccountId")
    assert [charges[name]["ChargeClass"] for name in ("usage", "corrected")] == [None, "Correction"]


def test_places_tags_and_times(bill: Made) -> None:
    """Tags keep their namespace, a stamp without seconds is read, the month is the billing period."""
    charges = bill.by("SubAccountId")
    charge = charges["usage"]
    assert charge["Tags"] == {"Oracle-Tags.CreatedBy": "ana"}
    assert (charge["ChargePeriodStart"], charge["BillingPeriodEnd"]) == (datetime(2026, 10, 13, 10), datetime(2026, 11, 1))  # noqa: DTZ001 naive means UTC
    fields = ("x_Provider", "ServiceCategory", "ResourceType", "PricingQuantity", "PricingUnit")
    assert [charge[field] for field in fields] == ["oci", "Compute", "instance", Decimal("2.5"), "Hours"]
    assert (charges["bare"]["PricingQuantity"], charges["bare"]["ListUnitPrice"]) == (1, 3)


def test_a_report_without_cost_is_refused_by_name(tmp_path: Path) -> None:
    """The missing column is named with the file."""
    with pytest.raises(BillError, match=r"report\.csv: no column cost_my_cost"):
        make(
            "oci",
            [File(name="report.csv", content=as_csv([{name: cell for name, cell in line("a", "1").items() if name != "cost/myCost"}]))],
            tmp_path,
        )
