from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from bursar.lake.generations import Generation, LakeFile
from bursar.ports import Warehouse
from bursar.query.price_volume import effects
from bursar.query.windows import Slice

NOW = Slice(start=date(2026, 7, 1), end=date(2026, 7, 3))
BEFORE = Slice(start=date(2026, 6, 1), end=date(2026, 6, 3))
ROWS = """SELECT * FROM (VALUES
  (DATE '2026-06-01', 'core', 'api', 'vm', 'h', 'USD', 100.0, 50.0), (DATE '2026-07-01', 'core', 'api', 'vm', 'h', 'USD', 120.0, 72.0),
  (DATE '2026-07-02', 'core', 'api', 'gpu', 'h', 'USD', 1.0, 9.0), (DATE '2026-06-02', 'core', 'api', 'old', 'h', 'USD', 1.0, 4.0),
  (DATE '2026-06-01', 'core', 'api', NULL, NULL, 'USD', NULL, 3.0), (DATE '2026-07-01', 'core', 'api', NULL, NULL, 'USD', NULL, 5.0),
  (DATE '2026-07-01', 'ml', 'train', 'vm', 'h', 'EUR', 10.0, 10.0), (DATE '2026-05-30', 'core', 'api', 'vm', 'h', 'USD', 9.0, 900.0)
) t(day, team, service, sku_id, consumed_unit, currency, q, c)"""


@pytest.fixture
def generation(tmp_path: Path) -> Generation:
    """A mart of a few days."""
    path = tmp_path / "price_volume_daily.parquet"
    duckdb.connect().execute(
        f"COPY (SELECT day, date_trunc('month', day)::DATE AS billing_period, 'aws' AS provider, team, service, 's' AS service_name, sku_id, consumed_unit, currency,"
        f" q::DECIMAL(38,12) AS consumed_quantity, c::DECIMAL(38,12) AS effective_cost FROM ({ROWS})) TO '{path}' (FORMAT parquet)"
    )
    file = LakeFile(
        path=path,
        rows=8,
        bytes=1,
        min_day=date(2026, 5, 30),
        max_day=date(2026, 7, 2),
        period="2026-07",
        source="_all",
        snapshot_id="m",
        table="price_volume_daily",
    )
    return Generation(n=1, at=datetime(2026, 7, 3, tzinfo=UTC), data_as_of=None, files=(file,))


def test_a_change_is_price_and_usage_of_each_sku(generation: Generation, warehouse: Warehouse) -> None:
    """Twenty more hours at the old price are usage, the new price on all hours is price; what has no quantity is neither."""
    found = effects(NOW, BEFORE, generation=generation, warehouse=warehouse)
    assert found is not None
    core = found["USD", "core", "api"]
    assert (core.usage, core.price, core.new_or_gone) == (Decimal(10), Decimal(12), Decimal(5))
    assert found["EUR", "ml", "train"].new_or_gone == 10


def test_without_the_mart_nothing_is_claimed(warehouse: Warehouse) -> None:
    """Where the quantities are not kept, a change is not split."""
    assert effects(NOW, BEFORE, generation=None, warehouse=warehouse) is None
