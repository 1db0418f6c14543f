"""The daily detector: robust, online, all series at once. Every day is judged from the days before it.

With z = ln(cost + u): level and weekday profile are medians of a cleaned history, the scale is a median of residuals, a heavy
tail raises its own bar, and a level is believed after so many alarms in a row. Source: docs/anomalies.md, "How a day is judged".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bursar.anomaly.detectors import launches
from bursar.anomaly.detectors.contract import CLOSED, PARTIAL, Flags, Floats, Observed, Scores, View
from bursar.anomaly.detectors.memory import PAD, Memory
from bursar.anomaly.detectors.windows import WEEK, known, level_and_slope, median, percentile, weekday_profile
from bursar.anomaly.thresholds import Daily

TAIL_DAYS, TAIL_FROM = 180, 61
TAIL_SHARE, TAIL_NORMAL = 0.96, 2.05
"""The 96th percentile of a normal's absolute value lies at 2.05 of its scale."""
MAD = 1.4826
CLIP = 4.0
LEARN_FROM = 2 * WEEK
"""Residuals before this age are those of a baseline that is not there yet."""
LEAST_LEVEL, LEAST_SCALE = 3, 14
VIEW_DAYS = 130
POINT = 1


@dataclass(slots=True)
class Judged:
    """One day of all series under judgement."""

    day: int
    z: Floats
    base: Floats
    weekday: Floats
    dip: Floats
    rest: Floats
    sigma: Floats
    full: Flags
    part: Flags


class DailyDetector:
    """`Detector` for daily costs. `dip` is how much of a fall on a quiet day is forgiven, in the log."""

    def __init__(self, parameters: Daily, *, dip: float) -> None:
        self.parameters = parameters
        self.dip = dip

    def score(self, observed: Observed, *, views: tuple[int, ...] = ()) -> Scores:
        """Every day of every series, from the days before it only."""
        walk = _Walk(observed, self.parameters, dip=self.dip)
        wanted = set(views)
        for day in range(observed.days):
            if day in wanted:
                walk.scores.views[day] = walk.view(day)
            walk.step(day)
        if observed.days in wanted:
            walk.scores.views[observed.days] = walk.view(observed.days)
        return walk.scores


class _Walk:
    """One pass over the days."""

    def __init__(self, observed: Observed, parameters: Daily, *, dip: float) -> None:
        self.observed, self.parameters, self.dip = observed, parameters, dip
        self.zero = parameters.zero_dollars * observed.unit
        self.z = np.ascontiguousarray(np.log(np.maximum(observed.cost, 0.0) + self.zero[:, None]).T)
        self.memory = Memory(observed)
        self.scores = _blank(observed)
        self.accepted = {one.day: [each for each in observed.accepted if each.day == one.day] for one in observed.accepted}

    def step(self, day: int) -> None:
        """Judge a day, then learn from it."""
        observed, memory = self.observed, self.memory
        free = ~observed.masked[:, day]
        full = (observed.status[:, day] == CLOSED) & free
        part = (observed.status[:, day] == PARTIAL) & free
        memory.begin(day, full)
        launches.wake(memory, day, cost=observed.cost[:, day], zero=self.zero, full=full, part=part)
        launches.tile(memory, day)
        judged = self._judge(day, full=full, part=part)
        self._return(judged)
        self._point(judged)
        self._tell(judged)
        launches.judge(memory, self.scores, day, observed=observed, parameters=self.parameters)
        self._learn(judged)
        self._adopt(judged)

    def view(self, day: int) -> View:
        """What was known before a day."""
        memory = self.memory
        return View(cleaned=memory.past(memory.cleaned, day, VIEW_DAYS).copy(), sigma=self._scale(day, memory.age(day)))

    def _judge(self, day: int, *, full: Flags, part: Flags) -> Judged:
        memory, parameters = self.memory, self.parameters
        age = memory.age(day)
        profile = weekday_profile(memory.past(memory.cleaned, day, WEEK * parameters.profile_weeks), age=age)
        level, slope, plain = level_and_slope(memory.past(memory.cleaned, day, parameters.level_days), profile)
        level = np.where(known(plain) < LEAST_LEVEL, np.nan, level)
        base = level + 0.25 * slope * (parameters.level_days + 1)
        z = self.z[day]
        raw = z - base - profile[:, 0]
        dip = np.where(self.observed.quiet[:, day], np.clip(np.nan_to_num(raw), -self.dip, 0.0), 0.0)
        return Judged(
            day=day, z=z, base=base, weekday=profile[:, 0], dip=dip, rest=raw - dip, sigma=self._scale(day, age), full=full, part=part
        )

    def _scale(self, day: int, age: np.ndarray[tuple[int], np.dtype[np.intp]]) -> Floats:
        memory, parameters = self.memory, self.parameters
        recent = memory.past(memory.residual, day, parameters.history_days)
        spread = np.maximum(parameters.floor, np.nan_to_num(MAD * median(np.abs(recent))))
        if (self.observed.first.toordinal() + day) % WEEK == 0:
            tail = percentile(np.abs(memory.past(memory.residual, day, TAIL_DAYS)), TAIL_SHARE) / TAIL_NORMAL
            memory.tail = np.where(age >= TAIL_FROM, tail, 0.0)
        spread = np.maximum(spread, 0.8 * np.minimum(memory.tail, 4 * spread + 0.5))
        young = (age < parameters.prior_days) | (known(recent) < LEAST_SCALE)
        return np.where(young, parameters.prior, spread)

    def _return(self, judged: Judged) -> None:
        """A value that fits the level before the last step, and not the one after, restores it without alarm."""
        memory, sigma = self.memory, judged.sigma
        recent = (memory.step != 0.0) & (judged.day - memory.stepped <= self.parameters.undo_days)
        back = np.abs(judged.rest + memory.step) < 3 * sigma
        rows = judged.full & recent & back & (np.abs(judged.rest) > 3 * sigma)
        judged.base = np.where(rows, judged.base - memory.step, judged.base)
        judged.rest = np.where(rows, judged.rest + memory.step, judged.rest)
        if rows.any():
            memory.take_back(rows, judged.day)

    def _point(self, judged: Judged) -> None:
        """The point test; on a day delivered in part only whether it already exceeds a whole day's bound."""
        scores, observed, parameters = self.scores, self.observed, self.parameters
        day, expectation = judged.day, judged.base + judged.weekday + judged.dip
        reach = parameters.limit * observed.patience[:, day] * judged.sigma
        for target, shift in ((scores.expected, 0.0), (scores.lo, -reach), (scores.hi, reach)):
            target[:, day] = np.maximum(np.exp(expectation + shift) - self.zero, 0.0)
        tested = (judged.full | (judged.part & (judged.rest > 0))) & (self.memory.age(day) >= parameters.first_day)
        score = np.where(tested, np.nan_to_num(np.abs(judged.rest) / reach), 0.0)
        scores.score[:, day] = score
        scores.alarm[:, day] = (score >= 1) & self.passes(day, observed.cost[:, day] - scores.expected[:, day])
        scores.test[:, day] = np.where(scores.alarm[:, day], POINT, 0)
        scores.sign[:, day] = np.sign(np.nan_to_num(judged.rest)).astype(np.int8)

    def passes(self, day: int, excess: Floats) -> Flags:
        """Whether a difference is large enough to be told, in dollars and as a part."""
        size = np.abs(np.nan_to_num(excess))
        part = self.parameters.alarm_ratio * np.nan_to_num(self.scores.expected[:, day])
        return (size >= self.parameters.alarm_dollars * self.observed.unit) & (size >= part)

    def _tell(self, judged: Judged) -> None:
        """What the expectation was made of."""
        scores, day = self.scores, judged.day
        scores.sigma[:, day] = judged.sigma
        scores.base[:, day] = judged.base
        scores.weekday[:, day] = judged.weekday
        scores.dip[:, day] = judged.dip

    def _learn(self, judged: Judged) -> None:
        """Take the day into the histories: an alarm counts as one scale away from what was expected, and no more."""
        memory, day = self.memory, judged.day
        launching = launches.under_way(memory, day)
        alarm = self.scores.alarm[:, day] & judged.full & ~launching
        sign = self.scores.sign[:, day]
        adjusted = judged.z - judged.dip
        expectation = judged.base + judged.weekday
        kept = np.where(alarm, expectation + sign * judged.sigma, adjusted)
        column = PAD + day
        memory.adjusted[:, column] = np.where(judged.full, adjusted, np.nan)
        memory.cleaned[:, column] = np.where(judged.full, kept, np.nan)
        memory.apart[:, column] = np.where(judged.full, adjusted - expectation, np.nan)
        clipped = np.clip(judged.rest, -CLIP * judged.sigma, CLIP * judged.sigma)
        learnt = judged.full & ~launching & (memory.age(day) >= LEARN_FROM)
        memory.residual[:, column] = np.where(learnt, clipped, memory.residual[:, column])
        memory.count_run(day, told=judged.full, alarm=alarm, sign=sign)

    def _adopt(self, judged: Judged) -> None:
        """Believe a level that was alarmed about often enough, or that somebody said is expected."""
        memory, day, undo = self.memory, judged.day, self.parameters.undo_days
        for row in np.flatnonzero((memory.run_length >= self.parameters.confirm_days) & judged.full):
            memory.adopt(int(row), start=int(memory.run_start[row]), day=day, undo=undo)
            self.scores.adopted[row, day] = True
        for one in self.accepted.get(day, []):
            memory.adopt(one.series, start=one.onset, day=day, undo=undo)
            self.scores.adopted[one.series, day] = True
        self.scores.adopted[:, day] |= launches.believed(memory, day)


def _blank(observed: Observed) -> Scores:
    shape = observed.cost.shape

    def floats(value: float) -> Floats:
        return np.full(shape, value)

    return Scores(
        score=floats(0.0), expected=floats(np.nan), lo=floats(np.nan), hi=floats(np.nan), sigma=floats(np.nan), base=floats(np.nan),
        weekday=floats(0.0), dip=floats(0.0), test=np.zeros(shape, dtype=np.int8), alarm=np.zeros(shape, dtype=np.bool_),
        sign=np.zeros(shape, dtype=np.int8), adopted=np.zeros(shape, dtype=np.bool_),
    )  # fmt: skip
