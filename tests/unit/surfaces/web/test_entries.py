from __future__ import annotations

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bursar.surfaces.web.display import UNALLOCATED
from bursar.surfaces.web.entries import HATCHED, Entry, amount, between, by_bucket, groups

DAYS = [date(2026, 11, day) for day in range(1, 8)]
amounts = st.decimals(min_value="-1e9", max_value="1e9", places=12, allow_nan=False)
names = st.sampled_from(["a", "b", "c", "d", "e", "f", "g", "h", UNALLOCATED])
lists = st.lists(st.builds(lambda name, day, value: Entry((name,), day, value), names, st.sampled_from(DAYS), amounts), max_size=60)


@given(lists, lists)
def test_rows_sum_to_the_total_to_the_last_digit(now: list[Entry], then: list[Entry]) -> None:
    """However many names there are, the rows of a table add up to exactly what was asked, now and then."""
    rows = groups(now, then)
    assert sum((row.now for row in rows), Decimal(0)) == amount(now)
    assert sum((row.then or Decimal(0) for row in rows), Decimal(0)) == amount(then)


@given(lists)
def test_what_has_no_owner_comes_last_and_is_hatched(now: list[Entry]) -> None:
    """Unallocated never takes a colour or a rank from a team, and is never folded into others."""
    rows = groups(now, None)
    places = [index for index, row in enumerate(rows) if UNALLOCATED in row.members]
    assert places == ([len(rows) - 1] if any(entry.key[0] == UNALLOCATED for entry in now) else [])
    assert all(rows[index].colour == HATCHED and rows[index].members == {UNALLOCATED} for index in places)


@given(lists)
def test_buckets_of_all_rows_are_the_buckets_of_everything(now: list[Entry]) -> None:
    """A stacked chart is as high as its total, bucket by bucket."""
    stacked = [by_bucket(now, DAYS, members=row.members) for row in groups(now, None)]
    whole = by_bucket(now, DAYS)
    assert [sum((one[at] for one in stacked), Decimal(0)) for at in range(len(DAYS))] == whole


def test_a_span_ends_before_its_end() -> None:
    """Ends are exclusive."""
    entries = [Entry(("a",), day, Decimal(1)) for day in DAYS]
    assert amount(between(entries, DAYS[1], DAYS[3])) == 2
