"""The contract every detector keeps: quiet when nothing happens, awake when something does, and never knowing what comes."""

from __future__ import annotations

import numpy as np
import pytest

from bursar.anomaly.detectors import DETECTORS
from bursar.anomaly.detectors.contract import MISSING, Detector, Floats, Observed, Scores
from bursar.anomaly.thresholds import read_thresholds
from tests.unit.anomaly.made import noisy, observed

FIGURES = ("score", "expected", "lo", "hi", "sigma", "alarm", "sign", "test", "adopted")


@pytest.fixture(params=sorted(DETECTORS))
def detector(request: pytest.FixtureRequest) -> Detector:
    """Every registered detector."""
    return DETECTORS[request.param](read_thresholds(None))


@pytest.fixture(scope="module")
def eventful() -> Observed:
    """Series to which much happens: spikes, steps, drops, launches, ends, and days nobody knows of."""
    cost = noisy(220, cv=0.03, series=12)
    cost[0, 100] *= 1.5
    cost[1, 100:] *= 1.6
    cost[2, 100:130] *= 0.5
    cost[3, :80] = 0
    cost[4, 90:] = 0
    cost[5] *= np.linspace(1, 2, 220)
    cost[6, ::9] *= 4
    seen = observed(cost)
    seen.status[7, 60:70] = MISSING
    seen.status[8, 150] = 1
    seen.quiet[9, 114] = True
    return seen


def same(one: Scores, other: Scores, *, until: int | None = None) -> bool:
    """Whether two answers agree in every bit."""
    return all(np.array_equal(getattr(one, name)[:, :until], getattr(other, name)[:, :until], equal_nan=True) for name in FIGURES)


def flat(days: int, amount: float) -> Floats:
    """The same amount every day."""
    return np.full((1, days), amount)


@pytest.mark.parametrize("amount", [0.0, 0.2, 12.0, 100_000.0])
def test_a_flat_line_is_quiet(detector: Detector, amount: float) -> None:
    """What never changes never alarms, and every figure is a number once there is a history."""
    scores = detector.score(observed(flat(200, amount)))
    assert not scores.alarm.any()
    assert np.isfinite(scores.score).all()
    assert np.isfinite(scores.expected[:, 30:]).all()


def test_a_quarter_more_is_seen_in_steady_series(detector: Detector) -> None:
    """One day of +25 % at a noise of 3 % is found in at least 95 of 100 series."""
    cost = noisy(200, cv=0.03, series=100)
    cost[:, 180] *= 1.25
    assert detector.score(observed(cost)).alarm[:, 180].mean() >= 0.95


def test_noise_is_rarely_an_alarm(detector: Detector) -> None:
    """A hundred clean series alarm at most one day in a series-year."""
    alarms = detector.score(observed(noisy(365, cv=0.05, series=100))).alarm
    assert alarms.sum() / 100 <= 1.0


def test_a_short_history_is_quiet(detector: Detector) -> None:
    """A series of five days, or three weeks, says nothing, whatever it does."""
    cost = noisy(20, cv=0.5, series=50)
    assert not detector.score(observed(cost)).alarm.any()


def test_no_score_knows_what_comes(detector: Detector, eventful: Observed) -> None:
    """Cutting the panel at any day leaves every earlier figure unchanged, to the last bit: day by day is the same as at once."""
    whole = detector.score(eventful)
    for day in (1, 36, 101, 104, 131, 151, 219):
        assert same(whole, detector.score(eventful.until(day)), until=day)


def test_the_same_panel_gives_the_same_scores(detector: Detector, eventful: Observed) -> None:
    """Two runs agree in every bit."""
    assert same(detector.score(eventful), detector.score(eventful))


def test_no_series_knows_of_another(detector: Detector, eventful: Observed) -> None:
    """A series scored alone, or in another order, has the same scores."""
    whole = detector.score(eventful)
    order = np.random.default_rng(5).permutation(12)
    mixed = detector.score(eventful.only(order))
    for place, row in enumerate(order):
        alone = detector.score(eventful.only(np.array([row])))
        for name in FIGURES:
            assert np.array_equal(getattr(mixed, name)[place], getattr(whole, name)[row], equal_nan=True)
            assert np.array_equal(getattr(alone, name)[0], getattr(whole, name)[row], equal_nan=True)


def test_days_before_a_series_do_not_count(detector: Detector) -> None:
    """A panel that begins earlier, with days nobody knows of, changes no score."""
    cost = noisy(140, cv=0.03, series=4)
    cost[0, 120] *= 1.5
    late = np.concatenate([np.zeros((4, 14)), cost], axis=1)
    seen = observed(late)
    seen.status[:, :14] = MISSING
    one, other = detector.score(observed(cost)), detector.score(seen)
    assert np.array_equal(one.alarm, other.alarm[:, 14:])
    assert np.allclose(one.score, other.score[:, 14:], atol=0, rtol=0)


def test_a_missing_day_is_unknown_not_zero(detector: Detector) -> None:
    """Days that were not delivered raise no drop, leave no trace, and the next day is judged as ever."""
    cost = noisy(200, cv=0.02)
    gone = cost.copy()
    gone[:, 150:153] = 0
    seen = observed(gone)
    seen.status[:, 150:153] = MISSING
    assert not detector.score(seen).alarm.any()
    gone[:, 153] *= 1.3
    assert detector.score(observed(gone, status=seen.status)).alarm[0, 153]


def test_what_nobody_uses_any_more_is_one_alarm(detector: Detector) -> None:
    """An end is found at once, believed within days, and silent ever after."""
    cost = noisy(200, cv=0.03)
    cost[:, 120:] = 0
    alarm = detector.score(observed(cost)).alarm[0]
    assert alarm[120]
    assert not alarm[126:].any()
