"""Robust statistics over the last axis that skip what is unknown (NaN), the same to the last bit for any set of rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bursar.anomaly.detectors.contract import Flags, Floats

WEEK = 7
LEAST_OF_WEEK = 4
"""A week with fewer known days says nothing about its weekdays."""


def known(values: Floats) -> NDArray[np.intp]:
    """How many values of each row are known."""
    return np.count_nonzero(~np.isnan(values), axis=-1)


def median(values: Floats) -> Floats:
    """The median of each row's known values; NaN where there is none. Rows may be reordered by it: pass what may be sorted."""
    ordered = np.sort(values, axis=-1)
    size = values.shape[-1]
    if not np.isnan(ordered[..., -1]).any():
        return 0.5 * (ordered[..., (size - 1) // 2] + ordered[..., size // 2])
    count = known(ordered)
    low = np.take_along_axis(ordered, np.maximum((count - 1) // 2, 0)[..., None], axis=-1)[..., 0]
    high = np.take_along_axis(ordered, np.minimum(count // 2, size - 1)[..., None], axis=-1)[..., 0]
    return np.where(count > 0, 0.5 * (low + high), np.nan)


def percentile(values: Floats, share: float) -> Floats:
    """The linearly interpolated percentile of each row's known values; 0 where there is none."""
    ordered = np.sort(values, axis=-1)
    last = np.maximum(known(ordered) - 1, 0)
    place = last * share
    under = np.floor(place).astype(np.intp)
    low = np.take_along_axis(ordered, under[..., None], axis=-1)[..., 0]
    high = np.take_along_axis(ordered, np.minimum(under + 1, last)[..., None], axis=-1)[..., 0]
    return np.nan_to_num(low + (high - low) * (place - under))


def weekday_profile(recent: Floats, *, age: NDArray[np.intp]) -> Floats:
    """float64[series, 7]: how each weekday lies beside its week's mean, today's weekday first.

    `recent` are the last whole weeks, newest last; weeks that began before the series did say nothing.
    """
    weeks = recent.shape[1] // WEEK
    blocks = recent.reshape(-1, weeks, WEEK)
    there = ~np.isnan(blocks)
    count = there.sum(axis=-1)
    whole = np.where(there, blocks, 0.0)
    sums = whole[..., 0] + whole[..., 1] + whole[..., 2] + whole[..., 3] + whole[..., 4] + whole[..., 5] + whole[..., 6]
    ends: Floats = WEEK * np.arange(weeks, 0, -1, dtype=np.float64)
    old: Flags = ends > age[:, None]
    mean = np.where((count < LEAST_OF_WEEK) | old, np.nan, sums / np.maximum(count, 1))
    deviation = blocks - mean[..., None]
    return np.nan_to_num(median(np.ascontiguousarray(deviation.transpose(0, 2, 1))))


def level_and_slope(recent: Floats, profile: Floats) -> tuple[Floats, Floats, Floats]:
    """Level, slope per day and the profile-free window of the last days (newest last); the slope is 0 for a short history."""
    size = recent.shape[1]
    repeated = np.tile(profile, (1, -(-size // WEEK)))[:, -size:]
    plain = recent - repeated
    half = size // 2
    newer, older = plain[:, size - half :], plain[:, :half]
    slope = (median(newer) - median(older)) / half
    few = (known(newer) < half // 2) | (known(older) < half // 2)
    return median(plain), np.where(few | np.isnan(slope), 0.0, np.clip(slope, -0.01, 0.01)), plain
