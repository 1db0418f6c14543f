"""What a change saved: against what would have been, with an interval that holds the truth, and never clamped."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from bursar.domain.savings import Measured, verdict
from bursar.query.resources import Day, Days
from bursar.savings.measure import measure

START = date(2026, 9, 1)
CHANGE = date(2026, 10, 1)
END = date(2026, 10, 31)


def days(costs: dict[date, Decimal] | list[Decimal], *, first: date = START) -> tuple[Day, ...]:
    """Daily costs from a day on; billed is half of effective."""
    listed = costs if isinstance(costs, dict) else {first + timedelta(days=at): cost for at, cost in enumerate(costs)}
    return tuple(Day(day=day, effective=cost, billed=cost / 2) for day, cost in listed.items() if cost)


def measured(touched: list[Decimal], similar: list[Decimal] | None = None, *, donors: int = 0, end: date = END) -> Measured | None:
    """The measurement of a daily series, with donors or without."""
    found = Days(touched=days(touched), similar=days(similar or []), donors=donors, end=end)
    return measure(found, start=START, change=CHANGE, currency="USD", generation=3)


def test_a_flat_cost_that_ends_is_saved_whole() -> None:
    """Ten a day, then nothing: three hundred in thirty days, in cash half of it, with no doubt."""
    found = measured([Decimal(10)] * 30)
    assert found
    assert (found.realised.low, found.realised.amount, found.realised.high) == (300, 300, 300)
    assert (found.cash, found.expected_cost, found.actual_cost, found.days) == (150, 300, 0, 30)
    assert verdict(found, slo=None) == "verified"


def test_what_costs_more_is_negative() -> None:
    """Ten a day, then twelve: sixty a month lost, and told so."""
    found = measured([Decimal(10)] * 30 + [Decimal(12)] * 30)
    assert found
    assert found.realised.amount == -60
    assert verdict(found, slo=None) == "negative"


def test_what_others_do_too_is_no_saving() -> None:
    """Everything like it halved: half is what it would have cost anyway."""
    found = measured([Decimal(10)] * 30 + [Decimal(5)] * 30, [Decimal(100)] * 30 + [Decimal(50)] * 30, donors=9)
    assert found
    assert (found.realised.amount, found.method, found.donors) == (0, "difference in differences", 9)
    assert verdict(found, slo=None) == "inconclusive"


def test_below_five_donors_its_own_history_counts() -> None:
    """Four others that halved say nothing."""
    found = measured([Decimal(10)] * 30 + [Decimal(5)] * 30, [Decimal(100)] * 30 + [Decimal(50)] * 30, donors=4)
    assert found
    assert (found.realised.amount, found.method, found.donors) == (150, "own history by day of the week", 0)


def test_weekdays_are_compared_with_weekdays() -> None:
    """A week of five busy days and two quiet ones, cut off on a Thursday: the saving is that week's, scaled to thirty days."""
    week = [Decimal(20 if (START + timedelta(days=at)).weekday() < 5 else 2) for at in range(60)]
    found = measured(week[:30], end=CHANGE + timedelta(days=7))
    assert found
    assert found.expected_cost == 104


def test_what_was_made_half_way_counts_from_then() -> None:
    """One disk for a month, a second for its last ten days, both deleted: two disks' cost is saved."""
    touched = tuple(replace(day, resources=2 if at >= 20 else 1) for at, day in enumerate(days([Decimal(10)] * 20 + [Decimal(25)] * 10)))
    found = measure(Days(touched=touched, similar=(), donors=0, end=END), start=START, change=CHANGE, currency="USD", generation=3)
    assert found
    assert found.realised.amount == 750


def test_too_few_days_say_nothing() -> None:
    """Six days after are no verdict; six days before are no measurement."""
    early = measured([Decimal(10)] * 30, end=CHANGE + timedelta(days=6))
    assert early
    assert verdict(early, slo=None) == "measuring"
    assert measured([Decimal(0)] * 24 + [Decimal(10)] * 6) is None
    assert measured([Decimal(10)] * 30, end=CHANGE) is None
    assert verdict(None, slo=None) == "measuring"


def test_a_worse_service_is_a_regression_whatever_the_money() -> None:
    """Saved or not."""
    assert verdict(measured([Decimal(10)] * 30), slo="worse") == "regressed"


def test_the_same_bill_gives_the_same_digits() -> None:
    """Noise and all."""
    draw = random.Random(1)  # noqa: S311 - a fixed draw
    touched = [Decimal(draw.randint(800, 1200)) / 100 for _ in range(60)]
    assert measured(touched) == measured(touched)


def noisy(draw: random.Random, *, level: float, saved: float, donors: int) -> tuple[list[Decimal], list[Decimal], Decimal]:
    """A series with noise that lasts some days, its donors, and the saving that is true: what it would have cost less what it did."""
    state, shared = 0.0, 0.0
    touched: list[Decimal] = []
    similar: list[Decimal] = []
    true = 0.0
    for at in range(60):
        state, shared = 0.5 * state + draw.gauss(0, 0.05), 0.5 * shared + draw.gauss(0, 0.05)
        would = level * (1 + shared + state)
        is_after = at >= 30
        true += would * saved if is_after else 0.0
        touched.append(Decimal(str(round(would * (1 - saved if is_after else 1), 6))))
        own = sum(draw.gauss(0, 0.05) for _ in range(donors)) / max(1, donors)
        similar.append(Decimal(str(round(level * donors * (1 + shared + own), 6))))
    return touched, similar, Decimal(str(round(true, 6)))


@pytest.mark.parametrize("donors", [0, 8])
def test_the_interval_holds_the_truth_nine_times_in_ten(donors: int) -> None:
    """Over a hundred simulated changes that save everything, it covers the true saving in 80 to 99 of them."""
    draw = random.Random(7)  # noqa: S311 - a fixed draw
    held = 0
    for _ in range(100):
        touched, similar, true = noisy(draw, level=10, saved=1.0, donors=donors)
        found = measured(touched, similar, donors=donors)
        assert found
        held += found.realised.low <= true <= found.realised.high
    assert 80 <= held <= 99


def test_what_saves_nothing_is_hardly_ever_verified() -> None:
    """Of a hundred changes without effect at most ten are called savings."""
    draw = random.Random(11)  # noqa: S311 - a fixed draw
    found = [measured(*noisy(draw, level=10, saved=0.0, donors=8)[:2], donors=8) for _ in range(100)]
    assert sum(verdict(one, slo=None) == "verified" for one in found) <= 10
