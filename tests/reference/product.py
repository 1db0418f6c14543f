"""What the product makes of a delivery, in the words of the reference: recognised, landed, normalised, read back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import cast

import pyarrow.parquet as pq
from reference.charge import Charge
from reference.values import twelve

from bursar.adapters.warehouses.duckdb import DuckDBWarehouse
from bursar.ingestion.intake import Intake
from bursar.ingestion.outcomes import Outcome
from bursar.ingestion.recognise import recognise
from bursar.lake import snapshots
from bursar.lake.generations import Lake
from bursar.lake.snapshots import Snapshot
from bursar.store.database import open_store, sqlite_url

COLUMNS = {
    "billed_cost": "BilledCost",
    "effective_cost": "EffectiveCost",
    "contracted_cost": "ContractedCost",
    "list_cost": "ListCost",
    "charge_category": "ChargeCategory",
    "charge_class": "ChargeClass",
    "charge_frequency": "ChargeFrequency",
    "pricing_category": "PricingCategory",
    "commitment_discount_status": "CommitmentDiscountStatus",
    "commitment_discount_id": "CommitmentDiscountId",
    "commitment_discount_category": "CommitmentDiscountCategory",
    "commitment_discount_type": "CommitmentDiscountType",
    "invoice_key": "x_InvoiceKey",
    "invoice_id": "InvoiceId",
    "billing_account_id": "BillingAccountId",
    "sub_account_id": "SubAccountId",
    "billing_currency": "BillingCurrency",
    "billing_period_start": "BillingPeriodStart",
    "billing_period_end": "BillingPeriodEnd",
    "charge_period_start": "ChargePeriodStart",
    "charge_period_end": "ChargePeriodEnd",
    "service_name": "ServiceName",
    "resource_id": "ResourceId",
    "region_id": "RegionId",
    "sku_id": "SkuId",
    "pricing_quantity": "PricingQuantity",
    "consumed_quantity": "ConsumedQuantity",
    "x_source_charge_type": "x_SourceChargeType",
    "amortization_class": "x_AmortizationClass",
}


@dataclass(frozen=True)
class Taken:
    """What became of everything below a folder, and the FOCUS snapshots it made."""

    outcomes: Sequence[Outcome]
    made: Sequence[Snapshot]
    landed: Mapping[str, Snapshot]
    root: Path

    @cached_property
    def charges(self) -> list[Charge]:
        """Every row of every FOCUS snapshot."""
        return [charge for _, charge in self.rows]

    def by(self, column: str) -> dict[object, list[Charge]]:
        """The rows of every FOCUS snapshot by the value of one of its columns."""
        found: defaultdict[object, list[Charge]] = defaultdict(list)
        for row, charge in self.rows:
            found[row[column]].append(charge)
        return found

    @cached_property
    def rows(self) -> list[tuple[dict[str, object], Charge]]:
        """Every row of every FOCUS snapshot, as stored and as the reference would say it."""
        return [pair for snapshot in self.made for pair in self._of(snapshot)]

    def native(self, snapshot: Snapshot) -> dict[str, list[Path]]:
        """The delivered files a FOCUS snapshot was made from, by role: `bill`, or `actual` and `amortised`."""
        raws = [self.landed[one] for one in snapshot.input_ids]
        return {raw.role: [self.root / file.path for file in raw.files] for raw in raws}

    def of(self, snapshot: Snapshot) -> list[Charge]:
        """The rows of one FOCUS snapshot."""
        return [charge for _, charge in self._of(snapshot)]

    def _of(self, snapshot: Snapshot) -> Iterator[tuple[dict[str, object], Charge]]:
        kinds = cast("list[Mapping[str, object]]", snapshot.detail["charge_types"])
        unknown = {kind["x_SourceChargeType"] for kind in kinds if not kind["known"]}
        for file in snapshot.files:
            for row in _rows(self.root / file.path):
                yield row, _charge(row, unknown)

    def refused(self) -> list[Outcome]:
        """The deliveries that made no snapshot."""
        return [outcome for outcome in self.outcomes if outcome.outcome in ("quarantined", "refused")]


def take(folder: Path, home: Path) -> Taken:
    """Take in every bill below a folder, into a lake of its own."""
    home.mkdir(parents=True, exist_ok=True)
    lake = Lake(home / "lake", open_store(sqlite_url(home / "bursar.sqlite")))
    warehouse = DuckDBWarehouse(home / "scratch")
    intake = Intake(lake=lake, warehouse=warehouse, clock=lambda: datetime(2026, 12, 1, tzinfo=UTC), progress=lambda _: None)
    outcomes = intake.take(recognise([folder], warehouse=warehouse).bills)
    with lake.store.connect() as connection:
        made = snapshots.select(connection, layer="focus")
        landed = {raw.id: raw for raw in snapshots.select(connection, layer="raw")}
    return Taken(outcomes=outcomes, made=made, landed=landed, root=lake.root)


def _rows(file: Path) -> list[dict[str, object]]:
    return cast("list[dict[str, object]]", pq.read_table(file).to_pylist(maps_as_pydicts="strict"))


def _charge(row: Mapping[str, object], unknown: set[object]) -> Charge:
    cells = {name: _cell(row[column]) for name, column in COLUMNS.items()}
    maps = {
        name: dict(cast("Mapping[str, str]", row[column] or {}))
        for name, column in (("tags", "Tags"), ("inherited_tags", "x_InheritedTags"))
    }
    return Charge(**cells, **maps, is_unknown=row["x_SourceChargeType"] in unknown)  # type: ignore[arg-type] the columns' own types


def _cell(value: object) -> object:
    if isinstance(value, datetime) and value.tzinfo:
        return value.astimezone(UTC).replace(tzinfo=None)
    return twelve(value) if isinstance(value, Decimal) else value
