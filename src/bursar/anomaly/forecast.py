"""The month's end: what is charged so far, and what the rest of the month will add, with 99 quantiles of the total.

A day ahead is exp(level + slope·h + weekday + scale²/2); levels that were believed count at once, days not delivered whole are
forecast. The interval comes from how wrong the same model was on the same day of earlier months. Source: docs/anomalies.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from bursar.anomaly.conserved import conserve
from bursar.anomaly.detectors.contract import CLOSED, Flags, Floats, View
from bursar.anomaly.detectors.windows import WEEK, known, level_and_slope, median, weekday_profile
from bursar.anomaly.evidence import series_filter
from bursar.anomaly.panel import Panel
from bursar.anomaly.runs import Scored
from bursar.domain.money import subunit, total
from bursar.domain.periods import Period
from bursar.query.filter_tree import to_text

PROFILE_DAYS, LEVEL_DAYS, SLOPE_DAYS = 8 * WEEK, 21, 28
STEEPEST = 0.005
MOST_SPREAD = 0.6
ENOUGH = 40
"""So many past errors make a class of its own; else all series lend theirs; else the interval is a normal's, wider."""
CLASSES = (0.03, 0.08, 0.2)
"""Upper ends of the classes series are pooled in, by their scale."""
WIDER = 1.5
EARLIER = 12
LEAST_HISTORY = 35
SHARES = tuple(place / 100 for place in range(1, 100))


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """A month's total of one scope: charged until `as_of` (whole days only), and 99 quantiles of the whole month, p50 the middle one.

    `scope` is a filter, `method` says what the interval rests on.
    """

    scope_id: str
    scope: str
    period: date
    currency: str
    as_of: date
    actual: Decimal
    quantiles: tuple[Decimal, ...]
    method: str

    @property
    def p10(self) -> Decimal:
        """One month in ten ends below."""
        return self.quantiles[9]

    @property
    def p50(self) -> Decimal:
        """The forecast."""
        return self.quantiles[49]

    @property
    def p90(self) -> Decimal:
        """One month in ten ends above."""
        return self.quantiles[89]


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """One month to be forecast: its columns of the panel (beyond the panel's end too) and the first that is not known."""

    period: Period
    start: int
    end: int
    origin: int

    @property
    def rest(self) -> int:
        """Days from the origin to the month's end."""
        return self.end - self.origin


def months_of(panel: Panel) -> list[Month]:
    """The month of the last whole day of any series; once it is whole, the next one too."""
    whole = np.flatnonzero((panel.status == CLOSED).any(axis=0))
    if not whole.size:
        return []
    origin = int(whole[-1]) + 1
    month = _month(panel, Period.of(panel.day(origin - 1)), origin)
    return [month] if month.rest else [month, _month(panel, month.period.shift(1), origin)]


def views_wanted(panel: Panel) -> tuple[int, ...]:
    """The columns whose past the forecast needs as it was known then."""
    origins = {one.origin for month in months_of(panel) for one in (month, *_earlier(panel, month))}
    return tuple(sorted(origins))


def forecast(scored: Scored) -> list[Forecast]:
    """Every series of a panel, children adding up to their parents in the middle quantile."""
    return [each for month in months_of(scored.panel) for each in _forecast(scored, month)]


def _forecast(scored: Scored, month: Month) -> list[Forecast]:
    panel = scored.panel
    spread = Spread.of(scored, month)
    whole = panel.status == CLOSED
    ahead = days_ahead(scored, month, whole=whole)
    actual = [_actual(panel, row, month, whole=whole[row]) for row in range(len(panel.series))]
    middle = conserve(panel.series, actual, [_money(panel, row, ahead[row]) for row in range(len(panel.series))])
    found: list[Forecast] = []
    for row, series in enumerate(panel.series):
        last = np.flatnonzero(whole[row])
        if series.is_other or not last.size:
            continue
        factors, method = spread.factors(row)
        quantiles = quantiles_of(actual[row], middle[row] - actual[row], factors, cent=subunit(series.currency))
        found.append(
            Forecast(
                scope_id=series.key, scope=to_text(series_filter(series)), period=month.period.start, currency=series.currency,
                as_of=panel.day(min(int(last[-1]), month.end - 1)), actual=actual[row], quantiles=quantiles, method=method,
            )
        )  # fmt: skip
    return found


def quantiles_of(actual: Decimal, rest: Decimal, factors: Sequence[float], *, cent: Decimal) -> tuple[Decimal, ...]:
    """Totals for every factor of the rest, never below what is charged already; the middle one exact."""
    if not rest:
        return (actual,) * len(factors)
    found = [actual + max(rest * Decimal(repr(round(factor, 9))), Decimal(0) if rest > 0 else rest) for factor in factors]
    found = [value.quantize(cent) for value in found]
    found[49] = actual + rest
    low = [min(value, found[49]) for value in found[:49]]
    high = [max(value, found[49]) for value in found[50:]]
    return (*sorted(low), found[49], *sorted(high))


def days_ahead(scored: Scored, month: Month, *, whole: Flags) -> Floats:
    """float64[series]: what the month's days that are not whole will cost."""
    panel, view = scored.panel, scored.scores.views[month.origin]
    predicted = predict(scored, view, days=max(month.rest, 0))
    ahead = predicted.sum(axis=1)
    for row, day in zip(*np.nonzero(~whole[:, month.start : min(month.origin, month.end)]), strict=True):
        ahead[row] += np.nan_to_num(scored.scores.expected[row, month.start + day])
    return np.where(whole.any(axis=1), ahead, 0.0) if panel.days else ahead


def predict(scored: Scored, view: View, *, days: int) -> Floats:
    """float64[series, days]: the cost of each day after a view, from what was known then."""
    cleaned = view.cleaned
    old = np.full(len(cleaned), 10**6, dtype=np.intp)
    profile = weekday_profile(cleaned[:, -PROFILE_DAYS:], age=old)
    level, _, _ = level_and_slope(cleaned[:, -LEVEL_DAYS:], profile)
    slope = _slope(cleaned, profile)
    steps = np.arange(1, days + 1)
    logs = (
        level[:, None] + slope[:, None] * steps + profile[:, (steps - 1) % WEEK] + (np.minimum(view.sigma, MOST_SPREAD) ** 2 / 2)[:, None]
    )
    zero = scored.thresholds.daily.zero_dollars * scored.panel.unit
    return np.nan_to_num(np.maximum(np.exp(logs) - zero[:, None], 0.0))


def _slope(cleaned: Floats, profile: Floats) -> Floats:
    """Log change a day between the last four weeks and those two months before; 0 where either is hardly known."""
    plain = cleaned[:, -3 * SLOPE_DAYS :] - np.tile(profile, (1, 3 * SLOPE_DAYS // WEEK))
    new, old = plain[:, -SLOPE_DAYS:], plain[:, :SLOPE_DAYS]
    few = (known(new) < SLOPE_DAYS // 2) | (known(old) < SLOPE_DAYS // 2)
    slope = (median(new) - median(old)) / 63
    return np.where(few, 0.0, np.clip(np.nan_to_num(slope), -STEEPEST, STEEPEST))


def _actual(panel: Panel, row: int, month: Month, *, whole: Flags) -> Decimal:
    """The exact sum of the month's whole days."""
    return total(panel.amount(row, day) for day in range(month.start, min(month.end, panel.days)) if whole[day])


def _money(panel: Panel, row: int, amount: float) -> Decimal:
    return Decimal(repr(float(amount))).quantize(subunit(panel.series[row].currency))


def _month(panel: Panel, period: Period, origin: int) -> Month:
    start, end = panel.column(period.start), panel.column(period.end)
    return Month(period=period, start=max(start, 0), end=end, origin=origin)


def _earlier(panel: Panel, month: Month) -> list[Month]:
    """The same day of earlier months, those with enough history before and known to their end."""
    passed = month.origin - panel.column(month.period.start)
    found: list[Month] = []
    for back in range(1, EARLIER + 1):
        period = month.period.shift(-back)
        start, end = panel.column(period.start), panel.column(period.end)
        origin = start + min(passed, end - start - 1)
        if origin >= LEAST_HISTORY and start >= 0:
            found.append(Month(period=period, start=start, end=end, origin=origin))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Relative errors of earlier months by class of scale, and the scale of every series now."""

    errors: tuple[Floats, ...]
    pooled: Floats
    sigma: Floats
    rest: int

    @classmethod
    def of(cls, scored: Scored, month: Month) -> Spread:
        """From every earlier month that is whole, series by series."""
        sigma = scored.scores.views[month.origin].sigma
        classes = [sum(float(scale) > end for end in CLASSES) for scale in sigma]
        by_class: list[list[float]] = [[] for _ in range(len(CLASSES) + 1)]
        for earlier in _earlier(scored.panel, month):
            for row, error in _errors(scored, earlier):
                by_class[classes[row]].append(error)
        arrays = tuple(np.sort(np.array(each, dtype=np.float64)) for each in by_class)
        return cls(errors=arrays, pooled=np.sort(np.concatenate(arrays)), sigma=sigma, rest=month.rest)

    def factors(self, row: int) -> tuple[list[float], str]:
        """What the rest of the month is multiplied by for each of 99 quantiles (1 in the middle), and why."""
        own = self.errors[sum(float(self.sigma[row]) > end for end in CLASSES)]
        if len(own) >= ENOUGH:
            return _from_errors(own), f"log model; interval from {len(own)} errors of earlier months"
        if len(self.pooled) >= ENOUGH:
            return _from_errors(self.pooled), f"log model; interval from {len(self.pooled)} errors of all series, wider"
        scale = min(float(self.sigma[row]), MOST_SPREAD)
        level = max(0.03, 1.25 * scale / LEVEL_DAYS**0.5)
        spread = WIDER * float(np.sqrt(scale**2 / max(self.rest, 1) + level**2))
        return [1 + NormalDist(0, spread).inv_cdf(share) for share in SHARES], "log model; little history: interval assumed normal, wider"


def _errors(scored: Scored, month: Month) -> list[tuple[int, float]]:
    """How far each series ended from what would have been forecast, as a part of it."""
    panel = scored.panel
    predicted = predict(scored, scored.scores.views[month.origin], days=month.rest).sum(axis=1)
    whole = (panel.status[:, month.origin : month.end] == CLOSED).all(axis=1) & (month.end <= panel.days)
    actual = panel.cost[:, month.origin : month.end].sum(axis=1)
    able: NDArray[np.intp] = np.flatnonzero(whole & (predicted > panel.unit * month.rest * scored.thresholds.series.dollars_a_day))
    return [(int(row), float(min(actual[row] / predicted[row] - 1, 10.0))) for row in able]


def _from_errors(errors: Floats) -> list[float]:
    """Conformal factors: order statistics, the outer ones rounded outwards, centred on the median."""
    size, middle = len(errors), float(np.median(errors))
    places = [int(np.floor((size + 1) * share)) if share < 0.5 else int(np.ceil((size + 1) * share)) for share in SHARES]
    return [1 + float(errors[min(max(place, 1), size) - 1]) - middle for place in places]
