"""The daily detector: its cost, and what it sees of a quarter more on one day, beside rules of well-known tools.

The noise is log-normal around a level with a week of its own; a series is judged on day 230. False alarms are counted from day 35
on the same series without the spike. The library beside it, statsmodels, runs in an environment of its own (benchmarks/seasonal.py):
it brings pandas, which makes DuckDB's first question a second slower.
"""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.report import Line
from bursar.anomaly.detectors import DETECTORS
from bursar.anomaly.detectors.contract import CLOSED, Observed
from bursar.anomaly.thresholds import read_thresholds

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

SEASONAL = Path(__file__).with_name("seasonal.py")
UV = shutil.which("uv") or str(SEASONAL.parents[1] / ".uv" / "bin" / "uv")
WEEK = np.array([1.06, 1.07, 1.07, 1.07, 1.04, 0.86, 0.83])
NOISES = (0.02, 0.03, 0.05, 0.08, 0.12)
AIMS = {0.02: "≥ .97", 0.03: "≥ .97", 0.05: "", 0.08: "", 0.12: ""}
SPIKE, DAYS, SERIES, WARM = 230, 260, 400, 35


def lines() -> Iterator[Line]:
    """CPU of a large panel, then recall and false alarms by noise."""
    yield _cpu()
    for noise in NOISES:
        yield _recall(noise)


def _cpu() -> Line:
    detector = DETECTORS["daily"](read_thresholds(None))
    cost = _series(400, series=1000, noise=0.04, seed=1)
    seen = _observed(cost)
    took: list[float] = []
    for _ in range(3):
        began = time.process_time()
        detector.score(seen)
        took.append(time.process_time() - began)
    beside = f"statsmodels' robust STL {_library(cost)[1]:.1f} s, which sees the days to come and learns nothing"
    return Line(what="1,000 series × 400 days scored, CPU", value=f"{sorted(took)[1]:.2f} s", aim="≤ 4 s", beside=beside)


def _library(cost: Floats) -> tuple[Flags, float]:
    """What a seasonal baseline from a library says of these series, and its CPU seconds."""
    with tempfile.TemporaryDirectory() as name:
        given, answer = Path(name) / "in.npy", Path(name) / "out.npy"
        np.save(given, cost)
        argv = [UV, "run", "--no-project", "--isolated", "--with", "statsmodels==0.14.5", "python", str(SEASONAL), str(given), str(answer)]
        said = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
        return np.load(answer), float(said)


def _recall(noise: float) -> Line:
    clean = _series(DAYS, series=SERIES, noise=noise, seed=2)
    spiked = clean.copy()
    spiked[:, SPIKE] *= 1.25
    told = {name: (rule(spiked)[:, SPIKE].mean(), _rate(rule(clean))) for name, rule in RULES.items()}
    own = told.pop("bursar")
    others = "; ".join(f"{name} {recall:.2f} at {rate:.1f}" for name, (recall, rate) in told.items())
    value = f"{own[0]:.2f} at {own[1]:.2f}"
    return Line(
        what=f"one day of +25 %, noise {noise:.0%}: found, at false alarms per series-year", value=value, aim=AIMS[noise], beside=others
    )


def _rate(alarms: Flags) -> float:
    """False alarms per series-year."""
    return float(alarms[:, WARM:].sum() / alarms.shape[0] / (alarms.shape[1] - WARM) * 365)


def _series(days: int, *, series: int, noise: float, seed: int) -> Floats:
    drawn = np.random.default_rng(seed).normal(0, noise, (series, days))
    return 1000 * np.exp(drawn) * WEEK[np.arange(days) % 7]


def _observed(cost: Floats) -> Observed:
    return Observed(
        first=date(2025, 9, 1), cost=cost, status=np.full(cost.shape, CLOSED, dtype=np.int8), quiet=np.zeros(cost.shape, dtype=np.bool_),
        masked=np.zeros(cost.shape, dtype=np.bool_), unit=np.ones(len(cost)), patience=np.ones(cost.shape),
    )  # fmt: skip


def _bursar(cost: Floats) -> Flags:
    return DETECTORS["daily"](read_thresholds(None)).score(_observed(cost)).alarm


def _seven_days(cost: Floats) -> Flags:
    """More than 1.30 times the mean of the last seven days (OptScale)."""
    alarms = np.zeros(cost.shape, dtype=np.bool_)
    for day in range(7, cost.shape[1]):
        alarms[:, day] = cost[:, day] > 1.3 * cost[:, day - 7 : day].mean(axis=1)
    return alarms


def _four_weeks(cost: Floats) -> Flags:
    """More than 1.25 times the mean, more than two deviations and more than ten dollars above it, over thirty days (moneypenny)."""
    alarms = np.zeros(cost.shape, dtype=np.bool_)
    for day in range(30, cost.shape[1]):
        past = cost[:, day - 30 : day]
        mean, spread = past.mean(axis=1), past.std(axis=1)
        above = cost[:, day] - mean
        alarms[:, day] = (cost[:, day] > 1.25 * mean) & (above > 2 * spread) & (above > 10)
    return alarms


def _equal_weekdays(cost: Floats) -> Flags:
    """At least two deviations and a fifth away from the mean of eight equal weekdays (nable)."""
    alarms = np.zeros(cost.shape, dtype=np.bool_)
    for day in range(56, cost.shape[1]):
        past = cost[:, day - 56 : day : 7]
        mean = past.mean(axis=1)
        spread = np.maximum(past.std(axis=1), np.maximum(0.1 * mean, 1))
        away = np.abs(cost[:, day] - mean)
        alarms[:, day] = (away >= 2 * spread) & (away >= 0.2 * mean)
    return alarms


def _stl(cost: Floats) -> Flags:
    """More than four robust scales off a seasonal trend that knows the future (statsmodels)."""
    return _library(cost)[0]


RULES = {
    "bursar": _bursar,
    "statsmodels' STL": _stl,
    "OptScale's rule": _seven_days,
    "moneypenny's": _four_weeks,
    "nable's": _equal_weekdays,
}
