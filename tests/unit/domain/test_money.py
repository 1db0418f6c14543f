"""Money: exact at any size, and split without a digit lost."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.domain.errors import BillError
from bursar.domain.money import Money, cost, exact_split, plain, subunit, total
from tests.reference.split import exact_split as by_hand

WIDEST = Decimal("99999999999999999999999999.999999999999")
"""The largest DECIMAL(38,12)."""

amounts = st.decimals(min_value=-WIDEST, max_value=WIDEST, places=12, allow_nan=False, allow_infinity=False)
weights = st.dictionaries(
    st.text(max_size=4),
    st.decimals(min_value=0, max_value=10**12, places=12, allow_nan=False, allow_infinity=False),
    min_size=1,
    max_size=9,
)


@given(amount=amounts, by=weights)
def test_the_shares_are_the_whole(amount: Decimal, by: dict[str, Decimal]) -> None:
    """Whatever is split over whatever weights, the shares sum to it in every digit and nobody is forgotten."""
    shares = exact_split(amount, by)
    assert shares.keys() == by.keys()
    assert total(shares.values()) == amount


@given(amount=amounts, by=weights)
def test_no_share_has_the_other_sign(amount: Decimal, by: dict[str, Decimal]) -> None:
    """A credit splits into credits and a charge into charges, mirrored to the digit."""
    shares = exact_split(amount, by)
    assert all(share == 0 or share.is_signed() == amount.is_signed() for share in shares.values())
    mirrored = exact_split(amount.copy_negate(), by)
    assert {key: share.copy_negate() for key, share in mirrored.items()} == shares


@given(amount=st.decimals(min_value=-(10**14), max_value=10**14, places=12, allow_nan=False, allow_infinity=False), by=weights)
def test_the_split_agrees_with_the_one_written_apart(amount: Decimal, by: dict[str, Decimal]) -> None:
    """An independent largest-remainder method gives the same digits."""
    integers = {key: int(weight.scaleb(12)) for key, weight in by.items()}
    assert exact_split(amount, by) == by_hand(amount, integers)


def test_left_over_units_go_to_the_first_key_in_byte_order() -> None:
    """Equal remainders are settled by the bytes of the key, not by a locale or by the order given."""
    shares = exact_split(Decimal("0.000000000002"), {"é": Decimal(1), "b": Decimal(1), "Z": Decimal(1)})
    assert shares == {"é": Decimal(0), "b": Decimal("1E-12"), "Z": Decimal("1E-12")}


def test_weights_of_zero_all_weigh_the_same() -> None:
    """Nobody used anything: everybody pays the same."""
    assert exact_split(Decimal(9), {"a": Decimal(0), "b": Decimal(0), "c": Decimal(0)}) == dict.fromkeys("abc", Decimal(3))


def test_one_zero_weight_pays_nothing() -> None:
    """Who used nothing pays nothing while others used something."""
    assert exact_split(Decimal("1.01"), {"a": Decimal(0), "b": Decimal(7)}) == {"a": Decimal(0), "b": Decimal("1.01")}


@pytest.mark.parametrize("amount", [Decimal("1E-12"), Decimal("-1E-12"), WIDEST, WIDEST.copy_negate()])
@pytest.mark.parametrize("weight", [Decimal("1E-12"), Decimal(10) ** 12])
def test_both_edges_of_the_scale_hold(amount: Decimal, weight: Decimal) -> None:
    """The smallest unit and the widest amount split exactly, by the smallest weight and by the largest."""
    shares = exact_split(amount, {"a": weight, "b": Decimal(10) ** 12, "c": Decimal(0)})
    assert total(shares.values()) == amount


def test_fewer_units_than_consumers_still_sum() -> None:
    """Two units over five consumers: two get one each."""
    shares = exact_split(Decimal("-2E-12"), dict.fromkeys("abcde", Decimal(1)))
    assert sorted(shares.values()) == [Decimal("-1E-12")] * 2 + [Decimal(0)] * 3


@pytest.mark.parametrize("by", [{}, {"a": Decimal(1), "b": Decimal(-1)}])
def test_a_split_that_means_nothing_is_refused(by: dict[str, Decimal]) -> None:
    """No consumers, or a negative weight: an error, never a made-up share."""
    with pytest.raises(BillError):
        exact_split(Decimal(1), by)


@given(amount=amounts)
def test_an_amount_survives_text(amount: Decimal) -> None:
    """What is written plainly reads back as the same amount, without exponent, trailing zeros or a negative zero."""
    text = plain(amount)
    assert cost(text) == amount
    assert "E" not in text
    assert text != "-0"
    assert "." not in text or text[-1] not in ".0"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("1.23E-8", "0.0000000123"),
        ("0.0000000000005", "0.000000000001"),
        ("-0.0000000000005", "-0.000000000001"),
        ("0.00000000000049", "0"),
        (" 12.50 ", "12.5"),
        ("-0.00", "0"),
        ("1E+3", "1000"),
    ],
)
def test_a_cost_keeps_twelve_digits_half_up(text: str, kept: str) -> None:
    """Bills write exponents and more digits than we keep: half-up at the twelfth."""
    assert plain(cost(text)) == kept


@pytest.mark.parametrize(
    "text", ["", "NULL", "1,5", "NaN", "-NaN", "sNaN", "Infinity", "-inf", "1e400", "1e999999999999999999999", "1_000", "0x1"]
)
def test_what_is_not_an_amount_is_refused(text: str) -> None:
    """Text that is not a finite amount of money is the bill's fault, and named."""
    with pytest.raises(BillError, match="not an amount"):
        cost(text)


def test_the_order_of_adding_does_not_matter() -> None:
    """A tiny amount between two huge ones is not lost."""
    parts = [WIDEST, Decimal("1E-12"), WIDEST.copy_negate()]
    assert total(parts) == total(reversed(parts)) == Decimal("1E-12")


def test_money_of_two_currencies_does_not_add() -> None:
    """Dollars and euros have no sum."""
    with pytest.raises(BillError, match="exchange rate"):
        _ = Money(amount=Decimal(1), currency="USD") - Money(amount=Decimal(1), currency="EUR")


def test_money_subtracts_in_every_digit() -> None:
    """The difference of two wide amounts of one currency loses nothing."""
    much = Money(amount=WIDEST, currency="USD")
    assert (much - much).amount == 0
    assert (-much).amount == WIDEST.copy_negate()


@pytest.mark.parametrize(("currency", "unit"), [("USD", "0.01"), ("JPY", "1"), ("VND", "1"), ("KWD", "0.001")])
def test_an_invoice_is_stated_in_subunits(currency: str, unit: str) -> None:
    """Yen have no cents, dinars have thousandths."""
    assert subunit(currency) == Decimal(unit)
