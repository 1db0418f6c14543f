"""Snapshots in the store and on disk tell the same, to the digit and the day."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import sqlalchemy as sa

from bursar.lake import snapshots
from bursar.lake.snapshots import Sums
from tests.unit.lake.conftest import DAY, Make


def test_a_snapshot_survives_its_manifest_and_its_row(store: sa.Engine, make: Make) -> None:
    """A lost database can be made again from the manifests: every field reads back as it was."""
    one = make("a", billed="0.000000000001", input_ids=("x", "y"), detail={"name": "bill.csv", "rows": None}, published_at=DAY)
    assert snapshots.from_row(json.loads(json.dumps(snapshots.to_row(one)))) == one
    with store.begin() as connection:
        snapshots.record(connection, one)
        assert snapshots.find(connection, "a") == one
        snapshots.record(connection, one.to("live"))
        assert snapshots.select(connection, layer="focus") == [one.to("live")]
        assert snapshots.find(connection, "b") is None


def test_snapshots_come_in_the_order_they_were_exported(store: sa.Engine, make: Make) -> None:
    """Not as they arrived: an older delivery that comes last is still older."""
    with store.begin() as connection:
        for place, days in enumerate((5, 1, 3)):
            snapshots.record(connection, make(f"day{days}", exported_at=DAY + timedelta(days=days), landed_at=DAY + timedelta(hours=place)))
        assert [one.id for one in snapshots.select(connection, layer="focus")] == ["day1", "day3", "day5"]
        assert snapshots.select(connection, newest_first=True, source="aws-main")[0].id == "day5"


def test_sums_add_up_by_currency_and_never_across(make: Make) -> None:
    """Two bills of one currency add, two currencies stay two."""
    euro = Sums(billed=Decimal("0.1"), effective=Decimal("0.2"), list=Decimal("0.3"), contracted=Decimal("0.4"))
    merged = snapshots.merge_sums([make("a").sums, {"EUR": euro}, make("b", billed="0.000000000001").sums, {"EUR": euro}])
    assert merged["USD"].billed == Decimal("10.000000000001")
    assert (merged["EUR"].effective, merged["EUR"].contracted) == (Decimal("0.4"), Decimal("0.8"))
