"""exact_split: the parts are the whole, whatever is divided."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference.split import INT128_MAX, WEIGHT_MAX, exact_split, largest_product

unhurried = settings(deadline=None, max_examples=60)
amounts = st.decimals(min_value=-(10**14), max_value=10**14, places=12, allow_nan=False, allow_infinity=False)
weights = st.dictionaries(st.text(max_size=6), st.integers(min_value=0, max_value=WEIGHT_MAX), min_size=1, max_size=10)
small = st.dictionaries(st.text(alphabet="abü", min_size=1, max_size=3), st.integers(min_value=0, max_value=3), min_size=1, max_size=9)


@unhurried
@given(amount=amounts, by=weights)
def test_the_parts_are_the_whole(amount: Decimal, by: dict[str, int]) -> None:
    """Whatever the amount and the weights, the parts sum to the amount to the last digit."""
    parts = exact_split(amount, by)
    assert sum(parts.values()) == amount
    assert parts.keys() == by.keys()


@unhurried
@given(amount=amounts, by=weights)
def test_no_part_turns_against_the_whole(amount: Decimal, by: dict[str, int]) -> None:
    """A part never has the other sign, and the negative amount splits into the negatives of the parts."""
    parts = exact_split(amount, by)
    assert all(part * amount >= 0 for part in parts.values())
    assert {key: -part for key, part in parts.items()} == exact_split(-amount, by)


@unhurried
@given(units=st.integers(min_value=0, max_value=50), by=small, data=st.data())
def test_the_order_of_the_keys_does_not_matter(units: int, by: dict[str, int], data: st.DataObject) -> None:
    """The same weights in another order give the same parts, left-over units included."""
    amount = Decimal(units).scaleb(-12)
    shuffled = dict(data.draw(st.permutations(list(by.items()))))
    assert exact_split(amount, shuffled) == exact_split(amount, by)


@unhurried
@given(amount=amounts, by=weights)
def test_a_zero_weight_pays_nothing_unless_all_are_zero(amount: Decimal, by: dict[str, int]) -> None:
    """Who uses nothing pays nothing, left-over units included; where nobody uses anything all pay the same."""
    parts = exact_split(amount, by)
    if any(by.values()):
        assert all(parts[key] == 0 for key, weight in by.items() if weight == 0)
    else:
        assert max(parts.values()) - min(parts.values()) <= Decimal("1E-12")


@unhurried
@given(units=st.integers(min_value=0, max_value=10**26), by=small)
def test_a_heavier_weight_never_pays_less(units: int, by: dict[str, int]) -> None:
    """Parts are in the order of their weights."""
    parts = exact_split(Decimal(units).scaleb(-12), by)
    assert all(parts[one] >= parts[other] for one in by for other in by if by[one] > by[other])


def test_left_over_units_go_to_the_largest_remainder_then_by_bytes() -> None:
    """One unit between equals goes to the key that sorts first as bytes: Z before a, a before ü."""
    unit = Decimal("1E-12")
    assert exact_split(unit, {"ü": 1, "a": 1, "Z": 1}) == {"Z": unit, "a": 0, "ü": 0}
    assert exact_split(2 * unit, {"ü": 1, "a": 1, "Z": 1}) == {"Z": unit, "a": unit, "ü": 0}
    assert exact_split(unit, {"a": 1, "b": 2}) == {"a": 0, "b": unit}


def test_shares_written_by_hand() -> None:
    """Thirds of ten: the unit left over is given once."""
    third = Decimal("3.333333333333")
    assert exact_split(Decimal(10), {"a": 5, "b": 5, "c": 5}) == {"a": third + Decimal("1E-12"), "b": third, "c": third}
    assert exact_split(Decimal("-0.30"), {"a": 1, "b": 2}) == {"a": Decimal("-0.1"), "b": Decimal("-0.2")}


def test_both_edges_of_a_128_bit_integer() -> None:
    """The scale of 10¹² holds to 10¹⁴ of a currency; 10¹⁵ would overflow above 1.7·10¹¹."""
    whole = {"a": 1}
    assert largest_product(Decimal(10**14), whole) <= INT128_MAX
    assert largest_product(Decimal(2 * 10**14), whole) > INT128_MAX
    assert largest_product(Decimal("1.7E11"), whole, scale=10**15) <= INT128_MAX
    assert largest_product(Decimal("1.71E11"), whole, scale=10**15) > INT128_MAX
    assert largest_product(Decimal(1), {"a": WEIGHT_MAX}) <= INT128_MAX
    assert sum(exact_split(Decimal(10**14), {"a": WEIGHT_MAX, "b": WEIGHT_MAX, "c": 1}).values()) == 10**14


@pytest.mark.parametrize("by", [{}, {"a": -1}, {"a": WEIGHT_MAX + 1}])
def test_what_is_no_weight_is_refused(by: dict[str, int]) -> None:
    """No consumer, a negative driver or one in too small a unit is an error, never a guess."""
    with pytest.raises(ValueError, match="weights"):
        exact_split(Decimal(1), by)


def test_more_than_twelve_digits_are_refused() -> None:
    """An amount that is no money of ours cannot be split exactly."""
    with pytest.raises(ValueError, match="twelve digits"):
        exact_split(Decimal("1E-13"), {"a": 1})
