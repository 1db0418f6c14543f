"""What begins with nothing: judged by its dollars first, then beside its own first days, until two weeks make a baseline."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bursar.anomaly.detectors.contract import CLOSED, PARTIAL, Flags, Floats, Observed, Scores
from bursar.anomaly.detectors.memory import NEVER, PAD, Memory
from bursar.anomaly.detectors.windows import WEEK, median
from bursar.anomaly.thresholds import Daily

LAUNCH = 2
FRESH_DAYS, SILENT_UNTIL, GROWN, LAST = 2, 5, 14, 20
"""Ages: alarms for its dollars before the first, silent before the second, has a baseline from the third, is ordinary after the last."""
WIDTH = 1.6
BESIDE = 8
TILED = 8 * WEEK
MAD = 1.4826


def wake(memory: Memory, day: int, *, cost: Floats, zero: Floats, full: Flags, part: Flags) -> None:
    """Series that cost something for the first time: young ones begin today, others are launched."""
    starts = (full | part) & ~memory.awake & (cost > zero)
    if not starts.any():
        return
    launched = starts & (memory.age(day) > 3 * WEEK) & (memory.first <= day)
    young = starts & ~launched & full
    memory.launched = np.where(launched, day, memory.launched)
    memory.first = np.where(young, day, memory.first)
    memory.cleaned[young, : PAD + day] = np.nan
    memory.residual[young, : PAD + day] = np.nan
    memory.awake |= launched | young


def under_way(memory: Memory, day: int) -> Flags:
    """Series whose launch is so recent that they are not judged as others are."""
    return (day - memory.launched <= LAST) & (memory.launched != NEVER)


def believed(memory: Memory, day: int) -> Flags:
    """Series whose launch is over as news: a level has been seen."""
    return day - memory.launched == SILENT_UNTIL - 1


def tile(memory: Memory, day: int) -> None:
    """At the age of two weeks a launch's two weeks are laid backwards as its history, with a wide scale of its own."""
    for row in np.flatnonzero(day - memory.launched == GROWN):
        column = PAD + day
        weeks = memory.cleaned[row, column - GROWN : column]
        start = max(column - GROWN - TILED, 0)
        memory.cleaned[row, start : column - GROWN] = np.tile(weeks, TILED // GROWN)[-(column - GROWN - start) :]
        first, second = (median(half[None, :])[0] for half in (weeks[:WEEK], weeks[WEEK:]))
        change = abs(float(second - first))
        prior = 0.12 + 0.5 * (0.0 if np.isnan(change) else change)
        memory.residual[row, max(column - GROWN - TILED, 0) : column] = prior / MAD
        memory.first[row] = day - GROWN - TILED


def judge(memory: Memory, scores: Scores, day: int, *, observed: Observed, parameters: Daily) -> None:
    """Overwrite the day's scores of what was launched lately."""
    rows = np.flatnonzero(under_way(memory, day))
    if not rows.size:
        return
    age: NDArray[np.intp] = day - memory.launched[rows]
    fresh: Flags = age < FRESH_DAYS
    silent: Flags = age < SILENT_UNTIL
    cost, unit = observed.cost[rows, day], observed.unit[rows]
    zero, least = parameters.zero_dollars * unit, parameters.alarm_dollars * unit
    centre = _beside(memory, rows, day, age=age)
    first = np.isnan(centre)
    logs = np.log(np.maximum(cost, 0.0) + zero)
    status = observed.status[rows, day]
    is_more: Flags = first | (logs > centre)
    told: Flags = ((status == CLOSED) | ((status == PARTIAL) & is_more)) & ~observed.masked[rows, day]
    beside = np.nan_to_num(np.abs(logs - centre)) / WIDTH
    dollars: Floats = cost / least
    later: Floats = np.where(silent, np.minimum(dollars, 0.99), beside)
    score: Floats = np.where(fresh, dollars, later)
    expected, lo, hi = (np.maximum(np.exp(np.nan_to_num(centre) + shift) - zero, 0.0) for shift in (0.0, -WIDTH, WIDTH))
    expected = np.where(first, 0.0, expected)
    alarm: Flags = (score >= 1) & told & (fresh | ~silent) & (np.abs(cost - expected) >= least)
    for target, values in (
        (scores.score, np.where(told, score, 0.0)), (scores.expected, expected), (scores.lo, np.where(first, 0.0, lo)),
        (scores.hi, np.where(first, least, hi)),
        (scores.base, np.where(first, np.log(zero), centre)), (scores.weekday, np.zeros(len(rows))), (scores.dip, np.zeros(len(rows))),
    ):  # fmt: skip
        target[rows, day] = values
    scores.alarm[rows, day] = alarm
    scores.test[rows, day] = np.where(alarm, LAUNCH, 0)
    scores.sign[rows, day] = np.where(silent | first, 1, np.sign(np.nan_to_num(logs - centre))).astype(np.int8)


def _beside(memory: Memory, rows: NDArray[np.intp], day: int, *, age: NDArray[np.intp]) -> Floats:
    """The median log cost of the last days since the launch; NaN on the first ones."""
    before = memory.past(memory.adjusted, day, BESIDE)[rows].copy()
    early: Flags = np.arange(BESIDE)[None, :] < BESIDE - age[:, None]
    before[early] = np.nan
    return np.where(age < FRESH_DAYS, np.nan, median(before))
