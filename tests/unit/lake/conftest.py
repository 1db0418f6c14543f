"""A store in memory and snapshots made by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from bursar.lake.snapshots import Snapshot, SnapshotFile, Sums
from bursar.store.database import open_store

DAY = datetime(2026, 11, 1, tzinfo=UTC)
Make = Callable[..., Snapshot]


@pytest.fixture
def store() -> sa.Engine:
    """A migrated database in memory."""
    return open_store("sqlite://")


@pytest.fixture
def make() -> Make:
    """A FOCUS snapshot of one source and month; anything else by name."""

    def snapshot(ident: str, *, billed: str = "10", **changes: Any) -> Snapshot:  # noqa: ANN401 - fields of a Snapshot
        layer = changes.setdefault("layer", "focus")
        period = changes.setdefault("period", "2026-10")
        source = changes.setdefault("source", "aws-main")
        table = "cost_and_usage" if layer == "focus" else f"{layer}_table"
        folder = f"{layer}/{source}/{period}/{ident}"
        first = date.fromisoformat(f"{period}-01")
        file = SnapshotFile(
            path=f"{folder}/part.parquet", table=table, rows=3, bytes=9, sha256="0" * 64, min_day=first, max_day=first.replace(day=28)
        )
        money = Decimal(billed)
        told: dict[str, Any] = {
            "id": ident,
            "format": "aws-cur2",
            "role": "bill",
            "state": "staged",
            "rows": 3,
            "files": (file,),
            "sums": {"USD": Sums(billed=money, effective=money, list=money * 2, contracted=money)},
            "exported_at": DAY,
            "seen_at": DAY,
            "landed_at": DAY,
        }
        return Snapshot(**{**told, **changes})

    return snapshot
