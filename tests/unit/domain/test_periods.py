"""Billing periods and spans: calendar months, UTC, ends exclusive."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.domain.errors import ConfigError
from bursar.domain.periods import Period, Span, stamp

periods = st.builds(Period, st.integers(1900, 2200), st.integers(1, 12))


@given(period=periods, months=st.integers(-600, 600))
def test_a_shift_is_undone_by_its_opposite(period: Period, months: int) -> None:
    """Months forward and back end where they began, and order is kept."""
    moved = period.shift(months)
    assert moved.shift(-months) == period
    assert (moved > period) == (months > 0)


@given(period=periods)
def test_a_period_reads_as_it_is_written(period: Period) -> None:
    """YYYY-MM and every day of the month name the same period."""
    assert Period.parse(str(period)) == period
    assert Period.parse(f"{period.start:%Y%m%d}") == period
    assert Period.of(period.end - timedelta(days=1)) == period


@pytest.mark.parametrize("text", ["2026-10", "202610", "2026-10-31", "20261031", "20261001T000000.000Z", " 2026-10 "])
def test_every_spelling_of_a_month_is_read(text: str) -> None:
    """Exports and people write the same month in several ways."""
    assert Period.parse(text) == Period(2026, 10)


@pytest.mark.parametrize("text", ["", "2026", "2026-13", "2026-00", "10-2026", "0000-01", "9999-12", "٢٠٢٦-10", "2026-1", "last month"])
def test_what_is_not_a_month_is_refused_with_the_way_to_write_it(text: str) -> None:
    """A month that does not exist, or lies outside the calendar, is the operator's to mend."""
    with pytest.raises(ConfigError) as caught:
        Period.parse(text)
    assert "YYYY-MM" in caught.value.cure


def test_a_period_closes_on_its_grace_day_in_utc() -> None:
    """Ten days after its end a month counts as closed, whatever the local clock says."""
    october = Period(2026, 10)
    assert not october.is_closed(datetime(2026, 11, 9, 23, 59, 59, tzinfo=UTC))
    assert october.is_closed(datetime(2026, 11, 10, tzinfo=UTC))
    assert not october.is_closed(datetime(2026, 11, 10, 1, tzinfo=timezone(timedelta(hours=5))))


def test_a_span_counts_days_up_to_its_end() -> None:
    """The end is not part of it, before and after a shift."""
    span = Span(start=date(2026, 2, 27), end=date(2026, 3, 2))
    assert span.days == 3
    assert span.shift(-365).days == 3


def test_moments_are_written_in_utc() -> None:
    """A stamp never carries the zone it was taken in."""
    assert stamp(datetime(2026, 10, 1, 1, tzinfo=timezone(timedelta(hours=2)))) == "2026-09-30T23:00:00Z"
