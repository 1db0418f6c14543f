"""The daily detector: levels believed and taken back, launches, drops, quiet days, and days delivered in part."""

from __future__ import annotations

import time

import numpy as np
import pytest

from bursar.anomaly.detectors.contract import PARTIAL, Acceptance
from bursar.anomaly.thresholds import Thresholds
from tests.unit.anomaly.made import PACKAGED, noisy, observed, score


def test_a_step_alarms_four_days_and_is_believed() -> None:
    """After the fourth alarm the new level is expected; profile and scale survive."""
    cost = noisy(200, cv=0.02)
    cost[:, 150:] *= 1.4
    scores = score(observed(cost))
    assert scores.alarm[0, 150:154].all()
    assert scores.adopted[0, 153]
    assert not scores.alarm[0, 154:].any()
    assert np.allclose(scores.expected[0, 154:], cost[0, 154:], rtol=0.1)


def test_a_burst_that_was_believed_ends_without_an_alarm() -> None:
    """A value that fits the old level within five weeks restores it silently."""
    cost = noisy(220, cv=0.02)
    cost[:, 150:160] *= 1.5
    scores = score(observed(cost))
    assert scores.adopted[0, 153]
    assert not scores.alarm[0, 154:].any()
    assert np.allclose(scores.expected[0, 161:], cost[0, 161:], rtol=0.1)


def test_a_step_back_after_the_undo_time_is_news() -> None:
    """What was believed for longer than five weeks is the level, and leaving it is a drop."""
    cost = noisy(260, cv=0.02)
    cost[:, 150:200] *= 1.5
    assert score(observed(cost)).alarm[0, 200]


def test_two_days_are_not_yet_a_level() -> None:
    """A spike of two days alarms twice and is forgotten."""
    cost = noisy(200, cv=0.02)
    cost[:, 150:152] *= 1.5
    scores = score(observed(cost))
    assert list(np.flatnonzero(scores.alarm[0])) == [150, 151]
    assert not scores.adopted.any()


def test_a_drop_is_found_and_signed() -> None:
    """Half of the usual is an alarm downwards."""
    cost = noisy(200, cv=0.03)
    cost[:, 150] *= 0.5
    scores = score(observed(cost))
    assert scores.alarm[0, 150]
    assert scores.sign[0, 150] == -1


def test_small_money_is_not_told() -> None:
    """Ten times the usual of ten cents is no alarm: it is less than five dollars."""
    cost = noisy(200, cv=0.02, level=0.1)
    cost[:, 150] *= 10
    assert not score(observed(cost)).alarm.any()


def test_a_launch_alarms_for_its_dollars_then_falls_silent() -> None:
    """Something new is news for two days, and settles on the fifth."""
    cost = noisy(120, cv=0.05, level=80)
    cost[:, :60] = 0
    scores = score(observed(cost))
    assert list(np.flatnonzero(scores.alarm[0])) == [60, 61]
    assert list(np.flatnonzero(scores.adopted[0])) == [64]
    assert scores.test[0, 60] == 2


def test_a_launch_that_grows_out_of_its_first_days_is_told() -> None:
    """Seven times its own first week is an alarm even before there is a baseline."""
    cost = noisy(120, cv=0.05, level=80)
    cost[:, :60] = 0
    cost[:, 70] *= 7
    assert score(observed(cost)).alarm[0, 70]


def test_a_young_launch_has_a_baseline_after_three_weeks() -> None:
    """A quarter more, a month and a half after a steady launch, is seen."""
    cost = noisy(160, cv=0.02, level=800)
    cost[:, :60] = 0
    cost[:, 150] *= 1.4
    scores = score(observed(cost))
    assert list(np.flatnonzero(scores.alarm[0])) == [60, 61, 150]


@pytest.mark.parametrize(("cost_of_the_day", "alarms"), [(0.0, False), (10.0, False), (600.0, True)])
def test_a_young_launch_does_not_drop_on_a_day_that_is_not_over(cost_of_the_day: float, alarms: bool) -> None:
    """The last day is delivered in part: nothing yet is no end, and too much already is too much."""
    cost = noisy(70, cv=0.02, level=80)
    cost[:, :60] = 0
    cost[:, 69] = cost_of_the_day
    seen = observed(cost)
    seen.status[:, 69] = PARTIAL
    assert score(seen).alarm[0, 69] == alarms


def test_a_series_that_begins_within_three_weeks_is_no_launch() -> None:
    """Where hardly anything is known, nothing is new."""
    cost = noisy(120, cv=0.02)
    cost[:, :10] = 0
    assert not score(observed(cost)).alarm.any()


@pytest.mark.parametrize(("factor", "alarms"), [(0.6, False), (0.3, True), (1.5, True)])
def test_a_quiet_day_forgives_a_dip_and_never_a_rise(factor: float, alarms: bool) -> None:
    """A holiday may cost 45 % less; half of that is a drop, and more than usual is more than usual."""
    cost = noisy(200, cv=0.02)
    cost[:, 150] *= factor
    quiet = np.zeros(cost.shape, dtype=np.bool_)
    quiet[:, 150] = True
    assert score(observed(cost, quiet=quiet)).alarm[0, 150] == alarms


@pytest.mark.parametrize(("factor", "alarms"), [(0.4, False), (1.5, True)])
def test_a_partial_day_is_only_asked_whether_it_is_too_much_already(factor: float, alarms: bool) -> None:
    """Half a day raises no drop; half a day that exceeds a whole one does not wait."""
    cost = noisy(200, cv=0.02)
    cost[:, 199] *= factor
    seen = observed(cost)
    seen.status[:, 199] = PARTIAL
    assert score(seen).alarm[0, 199] == alarms


def test_planned_days_leave_no_trace() -> None:
    """Masked days are neither scored nor learnt: what follows is as if they had been missing."""
    cost = noisy(200, cv=0.02)
    planned = cost.copy()
    planned[:, 150:160] *= 3
    masked = np.zeros(cost.shape, dtype=np.bool_)
    masked[:, 150:160] = True
    scores = score(observed(planned, masked=masked))
    assert not scores.alarm.any()
    assert np.array_equal(scores.score[:, 160:], score(observed(cost, masked=masked)).score[:, 160:])


def test_an_expected_level_is_believed_at_once() -> None:
    """Somebody's word is worth four alarms."""
    cost = noisy(200, cv=0.02)
    cost[:, 150:] *= 1.4
    scores = score(observed(cost, accepted=[Acceptance(series=0, onset=150, day=151)]))
    assert list(np.flatnonzero(scores.alarm[0])) == [150, 151]


def test_a_heavy_tail_raises_its_own_bar() -> None:
    """A series that jumps every week and a half is soon left alone."""
    cost = noisy(300, cv=0.02)
    cost[:, 5::11] *= 1.6
    alarms = score(observed(cost)).alarm[0]
    assert not alarms[150:].any()


def test_a_common_rise_is_not_erased() -> None:
    """When every series jumps on the same day, every series says so."""
    cost = noisy(200, cv=0.02, series=20)
    cost[:, 150] *= 1.4
    assert score(observed(cost)).alarm[:, 150].all()


def test_sparse_and_young_series_give_numbers() -> None:
    """All-zero, five days old, once a month: no NaN among the scores."""
    cost = np.zeros((3, 200))
    cost[1, 195:] = 50
    cost[2, ::30] = 40
    assert np.isfinite(score(observed(cost)).score).all()


def test_the_limit_is_the_projects() -> None:
    """A project's thresholds.yaml decides what is too much."""
    cost = noisy(200, cv=0.03)
    cost[:, 150] *= 1.3
    patient = Thresholds.model_validate({"daily": {"limit": 12}})
    assert score(observed(cost)).alarm[0, 150]
    assert not score(observed(cost), patient).alarm.any()
    assert patient.digest != PACKAGED.digest


def test_a_year_of_many_series_takes_seconds() -> None:
    """A hundred series over 400 days take a fraction of the four seconds a thousand may."""
    cost = noisy(400, cv=0.04, series=100)
    began = time.process_time()
    score(observed(cost))
    assert time.process_time() - began < 4
