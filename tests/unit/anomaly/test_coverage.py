"""Which days are whole: by when an export was made, never by what it holds."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from bursar.anomaly.coverage import ABSENT, Coverage, coverage, first_day
from bursar.anomaly.detectors.contract import CLOSED, MISSING, PARTIAL
from tests.unit.anomaly.estates import FIRST, House, house, quiet_estate

LAST = FIRST + timedelta(days=121)


def seen(where: House, *, last: date = LAST, now: datetime | None = None) -> Coverage:
    """What is known of the estate's one export."""
    return coverage(where.generation, where.store, first=FIRST, last=last, now=now or where.room.now)


@pytest.fixture
def published(tmp_path: Path) -> House:
    """Four months, the last exported six hours after its last day."""
    return house(tmp_path, quiet_estate(), exported=timedelta(hours=6))


def test_a_day_is_whole_three_days_after_it(published: House) -> None:
    """Long past days are closed; the last ones wait, until they are old enough and were over when exported."""
    soon = seen(published, now=datetime.combine(LAST, datetime.min.time(), UTC) + timedelta(days=1, hours=7))
    assert list(soon.by_source["src"][-4:]) == [CLOSED, PARTIAL, PARTIAL, PARTIAL]
    assert (seen(published).by_source["src"] == CLOSED).all()


def test_days_after_the_export_are_missing(published: House) -> None:
    """Nobody knows yet what they cost; that is not nothing."""
    late = seen(published, last=LAST + timedelta(days=5), now=datetime(2026, 10, 6, tzinfo=UTC))
    assert list(late.by_source["src"][-5:]) == [MISSING] * 5


def test_an_export_that_ended_long_ago_makes_nothing_incomplete(published: House) -> None:
    """Five weeks after its last delivery an export is gone, not late."""
    late = seen(published, last=LAST + timedelta(days=60), now=datetime(2026, 12, 1, tzinfo=UTC))
    assert (late.by_source["src"][122:] == ABSENT).all()


def test_several_exports_are_whole_together() -> None:
    """A sum is closed where all of its exports are, partial where one lags, missing where none is there."""
    codes = {"a": [CLOSED, CLOSED, MISSING, ABSENT], "b": [CLOSED, PARTIAL, MISSING, CLOSED], "c": [CLOSED, CLOSED, CLOSED, ABSENT]}
    made = Coverage(first=FIRST, days=4, by_source={name: np.array(row, dtype=np.int8) for name, row in codes.items()})
    assert list(made.of(["a", "b"])) == [CLOSED, PARTIAL, MISSING, CLOSED]
    assert list(made.of(["a", "c"])) == [CLOSED, CLOSED, PARTIAL, MISSING]
    assert list(made.of(["unheard"])) == [MISSING] * 4


def test_the_panel_begins_with_the_first_bill(published: House) -> None:
    """Stray late charges of a month before do not make a history."""
    assert first_day(published.generation) == date(2026, 6, 1)
