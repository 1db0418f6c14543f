from collections.abc import Sequence
from decimal import Decimal

import duckdb
import pytest
from allocation_models import RENDERING
from hypothesis import given, settings
from hypothesis import strategies as st

from bursar.domain.money import exact_split

SPLIT = RENDERING.sql("{{ exact_split('origins', 'targets', ['place'], ['owner'], ['amount']) }}")
UNITS = Decimal(10) ** 12

amounts = st.decimals(min_value=-(10**13), max_value=10**13, places=12)
weights = st.dictionaries(
    st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=4),
    st.one_of(st.just(Decimal(0)), st.decimals(min_value=0, max_value=10**12, places=12)),
    min_size=1,
    max_size=6,
)


def split(cases: Sequence[tuple[Decimal, dict[str, Decimal]]]) -> list[dict[str, Decimal]]:
    """The shares of each case, by the SQL macro; all cases in one statement."""
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("CREATE TABLE origins (origin_id INTEGER, place INTEGER, amount DECIMAL(38,12))")
        connection.execute("CREATE TABLE targets (place INTEGER, owner VARCHAR, weight HUGEINT)")
        for index, (amount, weighed) in enumerate(cases):
            connection.execute("INSERT INTO origins VALUES (?, ?, CAST(? AS DECIMAL(38,12)))", [index, index, str(amount)])
            for owner, weight in weighed.items():
                connection.execute("INSERT INTO targets VALUES (?, ?, CAST(? AS HUGEINT))", [index, owner, str(int(weight * UNITS))])
        shares: list[dict[str, Decimal]] = [{} for _ in cases]
        for index, owner, share in connection.execute(f"SELECT origin_id, owner, amount FROM {SPLIT}").fetchall():
            shares[index][owner] = share
        return shares


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(amounts, weights), min_size=1, max_size=8))
def test_sql_and_python_agree_in_every_digit(cases: list[tuple[Decimal, dict[str, Decimal]]]) -> None:
    """The SQL split gives the digits of the Python one, and the parts are the whole."""
    for (amount, weighed), shares in zip(cases, split(cases), strict=True):
        assert shares == exact_split(amount, weighed)
        assert sum(shares.values()) == amount


@pytest.mark.parametrize(
    ("amount", "weighed", "expected"),
    [
        ("1", {"a": 0, "b": 0, "c": 0}, {"a": "0.333333333334", "b": "0.333333333333", "c": "0.333333333333"}),
        ("-1", {"a": 1, "b": 1, "c": 1}, {"a": "-0.333333333334", "b": "-0.333333333333", "c": "-0.333333333333"}),
        ("0.000000000002", {"a": 1, "b": 1, "c": 1}, {"a": "0.000000000001", "b": "0.000000000001", "c": "0"}),
        ("0.000000000001", {"Z": 1, "a": 1, "é": 1}, {"Z": "0.000000000001", "a": "0", "é": "0"}),
        ("7", {"only": 0}, {"only": "7"}),
        ("0", {"a": 3, "b": 1}, {"a": "0", "b": "0"}),
    ],
    ids=["all weights zero", "negative", "fewer units than targets", "ties in byte order", "one target", "nothing to split"],
)
def test_edges(amount: str, weighed: dict[str, int], expected: dict[str, str]) -> None:
    """Zero weights, negative amounts, too few units and ties come out as documented."""
    (shares,) = split([(Decimal(amount), {key: Decimal(weight) for key, weight in weighed.items()})])
    assert shares == {key: Decimal(share) for key, share in expected.items()}


def test_it_reaches_to_a_hundred_trillion() -> None:
    """The largest amount, 10^26 units, against the largest weights still splits to the last unit."""
    amount = Decimal("99999999999999.999999999999")
    weighed = {"a": amount, "b": Decimal("0.000000000001"), "c": amount}
    (shares,) = split([(amount, weighed)])
    assert shares == exact_split(amount, weighed)
    assert sum(shares.values()) == amount


@pytest.mark.parametrize(("amount", "weight"), [("100000000000000", "1"), ("1", "1000000000000000")], ids=["amount", "weight"])
def test_beyond_its_reach_it_fails(amount: str, weight: str) -> None:
    """What would not fit in 128 bits is an error, never a wrapped number."""
    with pytest.raises((duckdb.OutOfRangeException, duckdb.ConversionException)):
        split([(Decimal(amount), {"a": Decimal(weight), "b": Decimal(1)})])


def test_finer_shares_would_not_reach_a_bill_in_dong() -> None:
    """With weights scaled by 10^15, 171 billion (a large bill in VND) would overflow; by 10^12 it splits."""
    amount = Decimal(171000000000)
    with duckdb.connect() as connection, pytest.raises(duckdb.OutOfRangeException):
        connection.execute(f"SELECT {int(amount * UNITS)}::HUGEINT * {10**15}::HUGEINT")
    (shares,) = split([(amount, {"a": Decimal(1), "b": Decimal(2)})])
    assert sum(shares.values()) == amount


@settings(max_examples=30, deadline=None)
@given(amounts, st.decimals(min_value=Decimal("0.000000000001"), max_value=10**12, places=12))
def test_a_unit_price_is_the_quotient_half_up(amount: Decimal, quantity: Decimal) -> None:
    """Cost per unit equals the exact quotient, rounded half-up at the twelfth digit, away from zero when negative."""
    sql = RENDERING.sql("{{ unit_price('amount', 'quantity') }}")
    units = int(abs(amount) * UNITS) * 10**12
    whole, rest = divmod(units, int(quantity * UNITS))
    expected = Decimal(whole + (2 * rest >= int(quantity * UNITS))) / UNITS
    if expected >= 10**26:
        return
    with duckdb.connect(config={"threads": 1}) as connection:
        row = connection.execute(
            f"SELECT {sql} FROM (SELECT CAST('{amount:f}' AS DECIMAL(38,12)) AS amount, CAST('{quantity:f}' AS DECIMAL(38,12)) AS quantity)"
        ).fetchone()
    assert row is not None
    assert abs(row[0]) == expected
