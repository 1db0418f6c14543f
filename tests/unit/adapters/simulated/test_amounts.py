"""Whole units, text, and parts that make a whole."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bursar.adapters.clouds.simulated.amounts import CENT, UNIT, rounding, split, text, to_cent, units

AMOUNTS = st.integers(min_value=-(10**18), max_value=10**18)


@given(total=AMOUNTS, weights=st.lists(st.integers(min_value=1, max_value=1000), min_size=1, max_size=40))
def test_parts_make_the_whole(total: int, weights: list[int]) -> None:
    """However an amount is split, its parts sum to it to the last unit."""
    assert sum(split(total, weights)) == total


@given(amount=AMOUNTS)
def test_text_is_the_amount(amount: int) -> None:
    """An amount's text is exactly the amount, in plain notation, and reads back."""
    assert Decimal(text(amount)) == Decimal(amount) / UNIT
    assert "E" not in text(amount)
    assert units(text(amount)) == amount


@given(amount=AMOUNTS)
def test_closing_amounts_reach_whole_cents(amount: int) -> None:
    """Both ways of closing an invoice end on a cent, one never with a negative line, one never by more than half a cent."""
    assert (amount + to_cent(amount)) % CENT == 0
    assert CENT <= to_cent(amount) < 2 * CENT
    assert (amount + rounding(amount)) % CENT == 0
    assert abs(rounding(amount)) <= CENT // 2
