from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bursar.domain.periods import Period
from bursar.surfaces.web.entries import Entry
from bursar.surfaces.web.month import MonthSpan
from bursar.surfaces.web.movers import PriceUsage, everything, is_hot, movers

SPAN = MonthSpan(month=Period(2026, 11), latest=date(2026, 11, 17))
days = st.one_of(st.dates(date(2026, 10, 1), date(2026, 10, 31)), st.dates(date(2026, 11, 1), date(2026, 11, 17)))
amounts = st.decimals(min_value="-1e6", max_value="1e6", places=6, allow_nan=False)
entries = st.lists(
    st.builds(
        lambda team, service, day, value: Entry((team, service, "prod"), day, value),
        st.sampled_from("abc"),
        st.sampled_from("uvwxyz"),
        days,
        amounts,
    ),
    max_size=40,
)


def link(values: Mapping[str, str]) -> str:
    """An address that holds its values."""
    return str(dict(values))


@given(entries)
def test_moves_add_up_to_the_month(owners: list[Entry]) -> None:
    """The rows, with the one for all others, sum to the change of the whole month against the same days."""
    rows = movers(owners, SPAN, splits=None, link=link)
    whole = everything(rows, owners, SPAN)
    assert sum((row.change for row in rows), Decimal(0)) == whole.change
    assert [abs(row.change) for row in rows if not row.is_rest] == sorted(
        (abs(row.change) for row in rows if not row.is_rest), reverse=True
    )


@given(entries)
def test_reasons_add_up_to_each_move(owners: list[Entry]) -> None:
    """Where no quantity is known the whole change is 'other', never a price or usage of zero with a gap."""
    rows = movers(owners, SPAN, splits={}, link=link)
    for row in rows:
        assert row.split is not None
        assert row.split.price + row.split.usage + row.split.new_or_gone + row.split.rest == row.change


def test_one_unknown_split_leaves_the_total_unsplit() -> None:
    """A total is not split as long as one of its rows cannot be."""
    owners = [Entry(("a", "x", "prod"), date(2026, 11, 2), Decimal(5))]
    rows = movers(owners, SPAN, splits=None, link=link)
    assert everything(rows, owners, SPAN).split is None


def test_red_is_for_a_rise_that_matters() -> None:
    """Red from ten per cent and a hundred on; a fall, a small rise and the unknown stay in ink."""
    assert is_hot(Decimal(1100), Decimal(1000))
    assert not is_hot(Decimal(1099), Decimal(1000))
    assert not is_hot(Decimal(20), Decimal(10))
    assert not is_hot(Decimal(10), Decimal(1000))
    assert not is_hot(Decimal(1000), None)


def test_an_open_month_is_compared_with_the_same_days() -> None:
    """The seventeenth is compared with seventeen days, a whole month with a whole month, and a long one never beyond a short one."""
    assert SPAN.then_end == date(2026, 10, 18)
    assert MonthSpan(month=Period(2026, 11), latest=date(2026, 12, 4)).then_end == date(2026, 11, 1)
    assert MonthSpan(month=Period(2026, 3), latest=date(2026, 3, 30)).then_end == date(2026, 3, 1)
    assert PriceUsage().price == 0
