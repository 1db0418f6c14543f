"""Which days a window, a period and a comparison stand for."""

from __future__ import annotations

from datetime import date

import pytest

from bursar.domain.periods import Period
from bursar.lake.generations import Generation
from bursar.query.errors import QuestionError
from bursar.query.windows import Slice, compared, slice_of, window_slice

LATEST = date(2026, 7, 22)  # a Wednesday


@pytest.mark.parametrize(
    ("window", "start", "end"),
    [
        ("today", "2026-07-22", "2026-07-23"),
        ("yesterday", "2026-07-21", "2026-07-22"),
        ("week", "2026-07-20", "2026-07-27"),
        ("lastweek", "2026-07-13", "2026-07-20"),
        ("month", "2026-07-01", "2026-08-01"),
        ("LastMonth", "2026-06-01", "2026-07-01"),
        ("30d", "2026-06-23", "2026-07-23"),
        ("1d", "2026-07-22", "2026-07-23"),
        ("2026-02", "2026-02-01", "2026-03-01"),
        ("2025-12-30..2026-01-02", "2025-12-30", "2026-01-02"),
        ("2026-01..2026-04", "2026-01-01", "2026-04-01"),
    ],
)
def test_windows_are_counted_from_the_latest_day(window: str, start: str, end: str) -> None:
    """Every window names its days, end exclusive, relative to the data's latest day."""
    found = window_slice(window, latest=LATEST)
    assert (str(found.start), str(found.end)) == (start, end)


@pytest.mark.parametrize(
    "window",
    ["tomorow", "0d", "2026-13", "2026-02-30..2026-03-01", "2026-03-01..2026-03-01", "2026-03-02..2026-03-01", "..", "0000-01", "2026-7"],
)
def test_what_is_no_window_is_refused(window: str) -> None:
    """A window that cannot be read is an error that points at itself."""
    with pytest.raises(QuestionError) as refused:
        window_slice(window, latest=LATEST)
    assert refused.value.pointer == "window"


@pytest.mark.parametrize(
    ("window", "compare", "start", "end"),
    [
        ("month", "previous_period", "2026-06-01", "2026-06-23"),
        ("2026-06", "previous_period", "2026-05-01", "2026-06-01"),
        ("2026-03", "previous_period", "2026-02-01", "2026-03-01"),
        ("week", "previous_period", "2026-07-13", "2026-07-16"),
        ("7d", "previous_period", "2026-07-09", "2026-07-16"),
        ("2026-07-01..2026-07-08", "previous_period", "2026-06-24", "2026-07-01"),
        ("month", "previous_year", "2025-07-01", "2025-07-23"),
        ("2026-02", "previous_year", "2025-02-01", "2025-03-01"),
        ("7d", "2026-01-01..2026-01-08", "2026-01-01", "2026-01-08"),
    ],
)
def test_an_open_span_is_compared_with_the_same_days(window: str, compare: str, start: str, end: str) -> None:
    """A month or week that is not over looks at as many days of the one before."""
    found = compared(window_slice(window, latest=LATEST), compare, latest=LATEST)
    assert (str(found.start), str(found.end)) == (start, end)


@pytest.mark.parametrize(("latest", "cut"), [(date(2026, 3, 30), None), (date(2026, 3, 10), date(2026, 2, 11)), (date(2026, 3, 31), None)])
def test_an_open_billing_period_is_cut_where_the_data_ends(latest: date, cut: date | None) -> None:
    """Comparing an open billing period leaves out the later days of the other one, which may be shorter."""
    march = Slice(start=date(2026, 3, 1), end=date(2026, 4, 1), period=Period(2026, 3))
    found = compared(march, "previous_period", latest=latest)
    assert str(found.period) == "2026-02"
    assert (found.cut or found.end) == (cut or date(2026, 3, 1))


def test_without_window_or_period_the_latest_bill_is_meant(generation: Generation) -> None:
    """The default is the latest billing period; window and period together are refused."""
    assert str(slice_of(None, None, generation=generation).period) == "2026-07"
    with pytest.raises(QuestionError):
        slice_of("30d", "2026-07", generation=generation)
