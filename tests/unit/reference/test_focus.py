"""Native FOCUS, mended."""

from __future__ import annotations

from decimal import Decimal

import pytest
from reference.case import utc
from reference.charge import WrongBill
from reference.focus import charges, provider
from reference.values import Row

ROW: Row = {
    "BilledCost": "0.00000080000",
    "EffectiveCost": "2",
    "ContractedCost": "3",
    "ListCost": "4",
    "BillingAccountId": "1234567890123",
    "BillingCurrency": "USD",
    "BillingPeriodStart": "2026-10-01 00:00:00",
    "BillingPeriodEnd": "2026-11-01 00:00:00",
    "ChargePeriodStart": "2026-10-18 22:00:00",
    "ChargePeriodEnd": "2026-10-18 23:00:00",
    "ChargeCategory": "Usage",
    "ChargeClass": "NULL",
    "ChargeFrequency": "Usage-Based",
    "CommitmentDiscountId": "NULL",
    "ProviderName": "AWS",
    "ResourceId": "NULL",
    "Tags": '{"application": "shop", "bare": true}',
}


def test_costs_pass_through() -> None:
    """The four costs are the provider's, to the digit; NULL is nothing; an account's month is the key without an invoice id."""
    (charge,) = charges([ROW])
    assert charge.costs() == (Decimal("0.0000008"), 2, 3, 4)
    assert (charge.charge_class, charge.resource_id, charge.commitment_discount_id) == (None, None, None)
    assert (charge.invoice_key, charge.invoice_id) == ("1234567890123:2026-10", None)
    assert charge.tags == {"application": "shop", "bare": "true"}
    assert charge.charge_period_start == utc("2026-10-18 22:00")


@pytest.mark.parametrize("column", ["InvoiceId", "x_InvoiceId"])
def test_an_invoice_id_is_the_key(column: str) -> None:
    """Azure's 1.0 column counts as the id that 1.2 has."""
    (charge,) = charges([{**ROW, column: "INV1"}])
    assert (charge.invoice_key, charge.invoice_id) == ("INV1", "INV1")


def test_lower_case_and_inclusive_ends() -> None:
    """Values get their FOCUS spelling, a period that names its last day ends the day after."""
    (charge,) = charges([{**ROW, "ChargeCategory": "usage", "ChargeFrequency": "usage-based", "BillingPeriodEnd": "2026-10-31T00:00:00Z"}])
    assert (charge.charge_category, charge.charge_frequency, charge.billing_period_end) == ("Usage", "Usage-Based", utc("2026-11-01"))


@pytest.mark.parametrize(
    ("name", "cloud"),
    [
        ("AWS", "aws"),
        ("Amazon Web Services", "aws"),
        ("Google Cloud", "gcp"),
        ("Microsoft", "azure"),
        ("Oracle", "oci"),
        ("Snowflake", "other"),
    ],
)
def test_the_cloud_by_its_name(name: str, cloud: str) -> None:
    """A provider is known by any of its names; all else is other."""
    assert provider({"ProviderName": name}) == cloud


def test_azures_commitment_purchases_are_never_effective() -> None:
    """What covers later charges is billed now and effective 0."""
    (charge,) = charges([{**ROW, "ProviderName": "Microsoft", "ChargeCategory": "Purchase", "CommitmentDiscountId": "r1"}])
    assert charge.effective_cost == 0


def test_a_missing_cost_is_an_error() -> None:
    """A row without one of the four costs is a wrong bill, never a zero."""
    with pytest.raises(WrongBill, match="ListCost"):
        list(charges([{**ROW, "ListCost": "NULL"}]))
