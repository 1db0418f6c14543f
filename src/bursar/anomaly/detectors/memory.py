"""What the daily detector remembers of every series while it walks over the days.

Columns of the histories are shifted by `PAD`, so that every window exists from the first day on.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bursar.anomaly.detectors.contract import Floats, Observed

PAD = 190
NEVER = -(10**6)


class Memory:
    """Histories float64[series, PAD + days] and one value per series for what happened last.

    `cleaned` is what baselines learn from, `adjusted` the log cost without its forgiven dip, `apart` how far that lay from the
    level and profile of its day, `residual` what the scale is made of.
    """

    def __init__(self, observed: Observed) -> None:
        series = observed.cost.shape[0]
        shape = (series, PAD + observed.days)
        self.cleaned: Floats = np.full(shape, np.nan)
        self.adjusted: Floats = np.full(shape, np.nan)
        self.apart: Floats = np.full(shape, np.nan)
        self.residual: Floats = np.full(shape, np.nan)
        self.tail: Floats = np.zeros(series)
        self.first = _integers(series, 10**6)
        self.awake = np.zeros(series, dtype=np.bool_)
        self.launched = _integers(series, NEVER)
        self.run_length = _integers(series, 0)
        self.run_sign = _integers(series, 0)
        self.run_start = _integers(series, 0)
        self.step: Floats = np.zeros(series)
        self.stepped = _integers(series, NEVER)

    def past(self, history: Floats, day: int, days: int) -> Floats:
        """The last so many days before a day."""
        return history[:, PAD + day - days : PAD + day]

    def age(self, day: int) -> NDArray[np.intp]:
        """Days since each series began; negative before."""
        return day - self.first

    def begin(self, day: int, there: NDArray[np.bool_]) -> None:
        """Series seen for the first time begin today."""
        self.first = np.where(there & (self.first > day), day, self.first)

    def adopt(self, row: int, *, start: int, day: int, undo: int) -> float:
        """Believe the level of the days since `start`: what lay before is shifted to it. Gives the step, NaN where nothing is known."""
        span = slice(PAD + start, PAD + day + 1)
        apart = self.apart[row, span]
        if np.isnan(apart).all():
            return float("nan")
        step = float(np.median(apart[~np.isnan(apart)]))
        self.cleaned[row, : PAD + start] += step
        self.cleaned[row, span] = self.adjusted[row, span]
        recent = day - self.stepped[row] <= undo
        self.step[row] = step + (self.step[row] if recent else 0.0)
        self.stepped[row] = day
        self.run_length[row] = 0
        return step

    def take_back(self, rows: NDArray[np.bool_], day: int) -> None:
        """The level before the last step holds again."""
        self.cleaned[rows, : PAD + day] -= self.step[rows, None]
        self.step[rows] = 0.0
        self.stepped[rows] = NEVER
        self.run_length[rows] = 0

    def count_run(self, day: int, *, told: NDArray[np.bool_], alarm: NDArray[np.bool_], sign: NDArray[np.int8]) -> None:
        """Alarms in a row of one sign; a day nobody knows of breaks nothing."""
        again = alarm & (self.run_length > 0) & (sign == self.run_sign)
        start = alarm & ~again
        self.run_start = np.where(start, day, self.run_start)
        self.run_sign = np.where(alarm, sign, self.run_sign).astype(np.intp)
        length = np.where(again, self.run_length + 1, np.where(start, 1, 0))
        self.run_length = np.where(told, length, self.run_length)


def _integers(series: int, value: int) -> NDArray[np.intp]:
    return np.full(series, value, dtype=np.intp)
