"""Burn rates: a real spike is told at its first whole window, a flat spend never."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bursar.domain.periods import Span
from bursar.policies.burn import CLEARS_AT, RULES, burns, pace, worst

JULY = Span(start=date(2026, 7, 1), end=date(2026, 8, 1))
AMOUNT = Decimal(31_000)
DAY = timedelta(days=1)


def spent(daily: Sequence[int | Decimal], *, until: date) -> dict[date, Decimal]:
    """Amounts of the days before a day, the last one last."""
    return {until - DAY * (len(daily) - step): Decimal(amount) for step, amount in enumerate(daily)}


@pytest.mark.parametrize(
    ("daily", "expected"),
    [
        ([1000] * 7, None),
        ([1000] * 6 + [3000], "critical"),
        ([1000] * 6 + [2999], None),
        ([1000] * 4 + [2000] * 3, "high"),
        ([1000] * 4 + [4000, 2000, 0], None),
        ([1300] * 7, "medium"),
        ([2000] * 5 + [0, 0], None),
        ([0] * 7, None),
        ([-500] * 7, None),
    ],
)
def test_both_windows_must_agree(daily: list[int | Decimal], expected: str | None) -> None:
    """A rate is told where long and short window both reach it, and only then."""
    mark = date(2026, 7, 15)
    assert worst(burns(spent(daily, until=mark), span=JULY, watermark=mark, amount=AMOUNT)) == expected


def test_a_threefold_day_is_told_on_the_first_of_the_month() -> None:
    """The first whole day is a whole window."""
    mark = JULY.start + DAY
    found = burns({JULY.start: Decimal(3000)}, span=JULY, watermark=mark, amount=AMOUNT)
    assert worst(found) == "critical"
    assert [one.rate is None for one in found] == [False, True, True]


def test_a_window_that_reaches_into_another_period_says_nothing() -> None:
    """Last month's spend is not this month's burn."""
    mark = JULY.start + 2 * DAY
    found = burns(spent([9000] * 9, until=mark), span=JULY, watermark=mark, amount=AMOUNT)
    assert [one.rate is None for one in found] == [False, True, True]


def test_a_small_budget_is_told_only_from_fifty_up() -> None:
    """Three times nothing much is nothing much."""
    mark = date(2026, 7, 15)
    assert worst(burns({mark - DAY: Decimal(30)}, span=JULY, watermark=mark, amount=Decimal(310))) is None
    assert worst(burns({mark - DAY: Decimal(60)}, span=JULY, watermark=mark, amount=Decimal(310))) == "critical"


def test_an_open_alert_holds_until_nine_tenths() -> None:
    """A rate that wavers about its factor opens one alert, not many."""
    mark = date(2026, 7, 15)
    wavering = spent([1000] * 6 + [2800], until=mark)
    assert worst(burns(wavering, span=JULY, watermark=mark, amount=AMOUNT)) is None
    assert worst(burns(wavering, span=JULY, watermark=mark, amount=AMOUNT, open_at="critical")) == "critical"
    below = spent([1000] * 6 + [2699], until=mark)
    assert worst(burns(below, span=JULY, watermark=mark, amount=AMOUNT, open_at="critical")) is None
    assert Decimal("0.9") == CLEARS_AT


def test_nothing_may_be_spent_has_no_pace() -> None:
    """A budget of zero has no rate, and divides by nothing."""
    mark = date(2026, 7, 15)
    assert worst(burns({mark - DAY: Decimal(100)}, span=JULY, watermark=mark, amount=Decimal(0))) is None


@given(amount=st.decimals(min_value=Decimal(1), max_value=Decimal(10) ** 9, places=2), months=st.sampled_from([1, 3, 12]))
def test_the_pace_sums_to_the_amount(amount: Decimal, months: int) -> None:
    """Every day's even pace together is the amount, to a rounding of the last of 28 digits."""
    span = Span(start=date(2026, 1, 1), end=[date(2026, 2, 1), date(2026, 4, 1), date(2027, 1, 1)][[1, 3, 12].index(months)])
    assert abs(sum(pace(amount, days=1, span=span) for _ in range(span.days)) - amount) < Decimal("1e-12") * amount


@given(st.lists(st.integers(min_value=0, max_value=10**6), min_size=7, max_size=7), st.integers(min_value=1, max_value=5))
@settings(deadline=None)
def test_rates_scale_with_spend_and_amount(daily: list[int], factor: int) -> None:
    """Spending twice as much of a budget twice as large burns as fast."""
    mark = date(2026, 7, 15)
    once = burns(spent([*daily], until=mark), span=JULY, watermark=mark, amount=AMOUNT)
    more = burns(spent([amount * factor for amount in daily], until=mark), span=JULY, watermark=mark, amount=AMOUNT * factor)
    assert [one.rate for one in once] == [one.rate for one in more]


def test_flat_spend_never_alerts() -> None:
    """A thousand months at 95 % of pace, give or take five, and no alert."""
    draw = random.Random(7)  # noqa: S311 - a seed, not a secret
    for _ in range(1000):
        daily: dict[date, Decimal] = {}
        for step in range(JULY.days):
            daily[JULY.start + step * DAY] = Decimal(950) * Decimal(str(draw.uniform(0.95, 1.05)))
            assert worst(burns(daily, span=JULY, watermark=JULY.start + (step + 1) * DAY, amount=AMOUNT)) is None


def test_the_table_of_rules_is_the_documented_one() -> None:
    """Severity, windows and factors as docs/policies.md tells them."""
    assert [(one.severity, one.long, one.short, str(one.factor)) for one in RULES] == [
        ("critical", 1, 1, "3"),
        ("high", 3, 1, "2"),
        ("medium", 7, 2, "1.3"),
    ]
