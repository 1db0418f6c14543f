"""FOCUS conformance: a conforming table has no finding, and every rule is killed by a row that breaks it."""

from collections.abc import Iterator

import duckdb
import pytest

from bursar.ingestion.columns import focus_columns
from bursar.ingestion.conformance import conformance_sql, findings, group_rules, row_rules
from bursar.ports import Rows

USAGE = {
    "BilledCost": "8",
    "EffectiveCost": "8",
    "ContractedCost": "8",
    "ListCost": "10",
    "ContractedUnitPrice": "0.8",
    "ListUnitPrice": "1",
    "PricingQuantity": "10",
    "PricingUnit": "'Hours'",
    "ConsumedQuantity": "10",
    "ConsumedUnit": "'Hours'",
    "PricingCategory": "'Standard'",
    "PricingCurrency": "'USD'",
    "PricingCurrencyEffectiveCost": "8",
    "BillingCurrency": "'USD'",
    "BillingAccountId": "'111'",
    "BillingAccountType": "'Payer'",
    "BillingPeriodStart": "TIMESTAMP '2026-10-01'",
    "BillingPeriodEnd": "TIMESTAMP '2026-11-01'",
    "ChargePeriodStart": "TIMESTAMP '2026-10-03'",
    "ChargePeriodEnd": "TIMESTAMP '2026-10-04'",
    "ChargeCategory": "'Usage'",
    "ChargeFrequency": "'Usage-Based'",
    "InvoiceIssuerName": "'AWS'",
    "ProviderName": "'AWS'",
    "PublisherName": "'AWS'",
    "ServiceProviderName": "'AWS'",
    "ServiceName": "'Amazon EC2'",
    "ServiceCategory": "'Compute'",
    "ServiceSubcategory": "'Virtual Machines'",
    "SkuId": "'sku'",
    "SkuPriceId": "'price'",
    "RegionId": "'us-east-1'",
    "RegionName": "'Virginia'",
    "ResourceId": "'i-1'",
    "SubAccountId": "'222'",
    "SubAccountType": "'Account'",
    "x_Provider": "'aws'",
    "x_SourceFormat": "'aws-cur2'",
    "x_SnapshotId": "'s'",
    "x_SourceFile": "'f'",
    "x_InvoiceKey": "'k'",
}

BREAKS = {
    "ChargePeriod-order": "ChargePeriodEnd = ChargePeriodStart",
    "BillingPeriod-order": "BillingPeriodEnd = BillingPeriodStart",
    "BillingCurrency-format": "BillingCurrency = 'usd'",
    "Tax-without-sku": "ChargeCategory = 'Tax'",
    "PricingCategory-tax": "ChargeCategory = 'Tax'",
    "ConsumedQuantity-usage": "ChargeCategory = 'Credit'",
    "ConsumedUnit-quantity": "ConsumedUnit = NULL",
    "PricingUnit-quantity": "PricingUnit = NULL",
    "PricingQuantity-present": "PricingQuantity = NULL",
    "CommitmentDiscountStatus-usage": "CommitmentDiscountId = 'sp'",
    "CommitmentDiscountCategory-id": "CommitmentDiscountCategory = 'Spend'",
    "CommitmentDiscountType-id": "CommitmentDiscountType = 'SP'",
    "CommitmentDiscountName-id": "CommitmentDiscountName = 'SP'",
    "CommitmentDiscountUnit-quantity": "CommitmentDiscountQuantity = 1",
    "PricingCategory-committed": "CommitmentDiscountStatus = 'Used'",
    "EffectiveCost-purchase": "ChargeCategory = 'Purchase', CommitmentDiscountId = 'sp'",
    "BilledCost-unused": "CommitmentDiscountStatus = 'Unused'",
    "ChargeFrequency-purchase": "ChargeCategory = 'Purchase'",
    "CapacityReservationStatus-id": "CapacityReservationStatus = 'Used'",
    "SubAccountName-id": "SubAccountName = 'x', SubAccountId = NULL",
    "SubAccountType-id": "SubAccountType = NULL",
    "RegionName-id": "RegionId = NULL",
    "ResourceName-id": "ResourceName = 'x', ResourceId = NULL",
    "ResourceType-id": "ResourceType = 'vm', ResourceId = NULL",
    "SkuPriceId-sku": "SkuId = NULL",
    "SkuMeter-sku": "SkuMeter = 'm', SkuId = NULL",
    "ListUnitPrice-sign": "ListUnitPrice = -1",
    "ContractedUnitPrice-sign": "ContractedUnitPrice = -1",
    "ListCost-price": "ListCost = 11",
    "ContractedCost-price": "ContractedCost = 9",
    "ServiceCategory-service": "ServiceCategory = 'Storage' WHERE ResourceId = 'i-2'",
    "SkuId-price": "SkuId = 'other' WHERE ResourceId = 'i-2'",
    "ServiceSubcategory-parent": "ServiceSubcategory = 'Block Storage'",
}
"""How a row that conforms is made to break each rule that is not about one column alone."""


@pytest.fixture
def focus() -> Iterator[duckdb.DuckDBPyConnection]:
    """A table `focus` with two rows that conform."""
    columns = ", ".join(f'CAST({USAGE.get(column.name, "NULL")} AS {column.type}) AS "{column.name}"' for column in focus_columns())
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE focus AS SELECT {columns}")
        connection.execute("INSERT INTO focus SELECT * REPLACE ('i-2' AS ResourceId) FROM focus")
        yield connection


def broken(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """The ids of the rules the table breaks."""
    result = connection.execute(conformance_sql())
    return {breach.rule for breach in findings(Rows(("rule", "failed"), ("VARCHAR", "BIGINT"), result.fetchall()))}


def test_a_conforming_table_has_no_finding(focus: duckdb.DuckDBPyConnection) -> None:
    """Rows that follow FOCUS are not complained about."""
    assert broken(focus) == set()


@pytest.mark.parametrize("rule", [rule.id for rule in (*row_rules(), *group_rules())])
def test_every_rule_is_killed_by_a_row(focus: duckdb.DuckDBPyConnection, rule: str) -> None:
    """A row made to break a rule is found under the rule's id."""
    column, _, kind = rule.rpartition("-")
    change = BREAKS.get(rule) or (f'"{column}" = NULL' if kind == "null" else f"\"{column}\" = 'never'")
    focus.execute(f"UPDATE focus SET {change}")
    assert rule in broken(focus)


def test_a_missing_column_is_found(focus: duckdb.DuckDBPyConnection) -> None:
    """A table without one of the columns, or with one of another type, does not pass."""
    focus.execute("ALTER TABLE focus DROP COLUMN Tags")
    assert "columns" in broken(focus)
