"""The month's end: parents and children agree, quantiles are ordered, and what was believed counts at once."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.anomaly.conserved import conserve
from bursar.anomaly.detectors import DETECTORS
from bursar.anomaly.detectors.contract import PARTIAL, Floats
from bursar.anomaly.forecast import Forecast, forecast, quantiles_of, views_wanted
from bursar.anomaly.panel import Panel, Series
from bursar.anomaly.runs import Scored
from tests.unit.anomaly.made import FIRST, PACKAGED, noisy, panel, series

CENT = Decimal("0.01")
ESTATE, AWS, GCP = series("estate"), series("provider", provider="aws"), series("provider", provider="gcp")
CORE, WEB = series("team", team="core"), series("team", team="web")
DAYS = (date(2026, 1, 21) - FIRST).days
"""Twenty days of January are known."""


def estate(days: int = DAYS) -> dict[Series, Floats]:
    """Two providers and two teams that add up to the estate on every day."""
    aws, gcp = (np.round(noisy(days, cv=0.03, level=level, seed=seed)[0], 2) for level, seed in ((900, 1), (300, 2)))
    whole = aws + gcp
    core = np.round(whole * 0.4, 2)
    return {ESTATE: whole, AWS: aws, GCP: gcp, CORE: core, WEB: np.round(whole - core, 2)}


def made(seen: Panel) -> dict[str, Forecast]:
    """The first month's forecasts by series."""
    scores = DETECTORS["daily"](PACKAGED).score(seen.observed(), views=views_wanted(seen))
    found = forecast(Scored(panel=seen, scores=scores, thresholds=PACKAGED))
    return {each.scope_id: each for each in found if each.period == found[0].period}


def test_children_add_up_to_their_parent_to_the_last_digit() -> None:
    """Providers, and teams, each sum to the estate in the middle quantile and in what is charged."""
    found = made(panel(estate()))
    whole = found[ESTATE.key]
    for pair in ((AWS, GCP), (CORE, WEB)):
        assert sum(found[one.key].p50 for one in pair) == whole.p50
        assert sum(found[one.key].actual for one in pair) == whole.actual


def test_quantiles_are_ordered_and_above_what_is_charged() -> None:
    """Ninety-nine of them, rising, none below the actual; the middle one is the forecast."""
    for each in made(panel(estate())).values():
        assert len(each.quantiles) == 99
        assert list(each.quantiles) == sorted(each.quantiles)
        assert each.actual <= each.quantiles[0]
        assert each.p10 <= each.p50 <= each.p90


def test_a_steady_month_is_forecast_within_two_percent() -> None:
    """Twenty days known, eleven to come."""
    days = (date(2026, 2, 1) - FIRST).days
    whole = estate(days)
    known = {one: cost[:DAYS] for one, cost in whole.items()}
    truth = Decimal(repr(float(whole[ESTATE][days - 31 :].sum())))
    assert made(panel(known))[ESTATE.key].p50 == pytest.approx(truth, rel=Decimal("0.02"))


def test_a_believed_level_counts_at_once() -> None:
    """Four days after a step of a half, the rest of the month is forecast at the new level."""
    cost = noisy(DAYS, cv=0.02)[0]
    cost[DAYS - 4 :] *= 1.5
    one = made(panel({ESTATE: cost}))[ESTATE.key]
    assert one.p50 - one.actual == pytest.approx(Decimal(11 * 1500), rel=Decimal("0.05"))


def test_a_partial_day_is_forecast_not_summed() -> None:
    """The last day, of which a tenth is there, does not pull the month down."""
    seen = panel(estate())
    before = made(seen)[ESTATE.key]
    seen.status[:, DAYS - 1] = PARTIAL
    seen.cost[:, DAYS - 1] *= 0.1
    after = made(seen)[ESTATE.key]
    assert after.as_of == before.as_of.replace(day=19)
    assert after.actual < before.actual
    assert after.p50 == pytest.approx(before.p50, rel=Decimal("0.02"))


def test_little_history_is_said_and_wider() -> None:
    """Six weeks have no errors to learn from: the method says so, and the interval is not narrow."""
    one = made(panel({ESTATE: noisy(42, cv=0.03)[0]}))[ESTATE.key]
    assert "little history" in one.method
    assert one.p90 - one.p10 > (one.p50 - one.actual) * Decimal("0.05")


def test_intervals_hold_as_often_as_they_say() -> None:
    """Of a hundred steady series about eight in ten end between p10 and p90."""
    days = (date(2026, 2, 1) - FIRST).days
    whole = {series("team", team=f"t{place}"): noisy(days, cv=0.05, seed=100 + place)[0] for place in range(100)}
    found = made(panel({one: cost[:DAYS] for one, cost in whole.items()}))
    held = [found[one.key].p10 <= Decimal(repr(float(cost[days - 31 :].sum()))) <= found[one.key].p90 for one, cost in whole.items()]
    assert 0.65 <= sum(held) / len(held) <= 0.95
    assert "errors" in next(iter(found.values())).method


def test_a_whole_month_is_what_was_charged_and_the_next_one_begins() -> None:
    """On the last day nothing is uncertain about this month, and the next is forecast from nothing."""
    days = (date(2026, 2, 1) - FIRST).days
    seen = panel(estate(days))
    scores = DETECTORS["daily"](PACKAGED).score(seen.observed(), views=views_wanted(seen))
    found = [each for each in forecast(Scored(panel=seen, scores=scores, thresholds=PACKAGED)) if each.scope_id == ESTATE.key]
    assert [each.period for each in found] == [date(2026, 1, 1), date(2026, 2, 1)]
    assert set(found[0].quantiles) == {found[0].actual}
    assert found[1].actual == 0
    assert found[1].p50 > 0


@given(
    st.decimals(0, 10**9, places=12), st.decimals(0, 10**9, places=2),
    st.lists(st.tuples(st.decimals(0, 10**6, places=12), st.decimals(0, 10**6, places=2)), min_size=1, max_size=5),
)  # fmt: skip
def test_whatever_is_forecast_adds_up(actual: Decimal, ahead: Decimal, children: list[tuple[Decimal, Decimal]]) -> None:
    """Any amounts: the children's totals sum to the parent's, and none falls below what is charged already."""
    below = [series("provider", provider=f"p{place}") for place in range(len(children))]
    actuals = [max(actual, sum((have for have, _ in children), Decimal(0))), *(have for have, _ in children)]
    totals = conserve([ESTATE, *below], actuals, [ahead, *(more for _, more in children)])
    assert sum(totals[1:], Decimal(0)) == totals[0]
    assert all(total >= have for total, have in zip(totals[1:], actuals[1:], strict=True))


@given(st.lists(st.floats(-3, 5), min_size=99, max_size=99), st.decimals(0, 10**6, places=2))
def test_any_factors_give_ordered_quantiles(factors: list[float], rest: Decimal) -> None:
    """Whatever errors there were, totals rise, and the middle is the forecast."""
    found = quantiles_of(Decimal(7), rest, sorted(factors), cent=CENT)
    assert list(found) == sorted(found)
    assert found[49] == 7 + rest
