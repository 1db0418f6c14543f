"""What a budget's period is expected to end at, from the table the forecaster writes; nothing where it has not written yet.

Reads `scores/g<generation>/forecast_month.parquet` of the newest scored generation.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import cast

from bursar.domain.money import cost, total
from bursar.domain.periods import Period, Span
from bursar.ports import Warehouse
from bursar.query.filter_tree import quote

POINTS = 99
_HALF_STEP = Decimal("0.005")


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """The distribution of a period's total: its 1 % to 99 % quantiles, ascending."""

    quantiles: tuple[Decimal, ...]

    def at(self, percent: int) -> Decimal:
        """The quantile at a percentage from 1 to 99."""
        return self.quantiles[percent - 1]

    def p_above(self, amount: Decimal) -> Decimal:
        """The probability that the total is above an amount, read between the quantiles; never certain beyond them."""
        below = bisect_right(self.quantiles, amount)
        if below == 0:
            return 1 - _HALF_STEP
        if below == POINTS:
            return _HALF_STEP
        low, high = self.quantiles[below - 1], self.quantiles[below]
        return 1 - (below + (amount - low) / (high - low)) / 100

    def plus(self, amount: Decimal) -> Forecast:
        """The same with an amount added for certain."""
        return Forecast(quantiles=tuple(point + amount for point in self.quantiles))


Months = Mapping[tuple[str, str, date], Forecast]
"""Forecasts by scope, currency and first day of the month."""


def read_forecasts(scores: Path, *, newest: int, warehouse: Warehouse) -> Months:
    """The forecasts of the newest scored generation at or below `newest`, by scope id, currency and month; empty where there are none."""
    file = _newest(scores, newest)
    if file is None:
        return {}
    sql = f"SELECT scope_id, currency, period, quantiles FROM read_parquet({quote(str(file))})"
    found: dict[tuple[str, str, date], Forecast] = {}
    for scope, currency, month, quantiles in warehouse.rows(sql, reads=[file]).rows:
        points = [point for point in cast("Sequence[Decimal | None]", quantiles or ()) if point is not None]
        if len(points) == POINTS and isinstance(month, date):
            found[str(scope), str(currency), month] = Forecast(quantiles=tuple(sorted(points)))
    return found


def forecast_of(months: Months, scope: tuple[str, str], *, span: Span, watermark: date, before: Decimal) -> Forecast | None:
    """A period's forecast, by scope id and currency; None where the month of the watermark (the newest whole day) has none.

    What its past months cost (`before`) and the quantiles of its other months, which rise and fall together. A month nobody
    forecasts yet is taken as the newest that is.
    """
    first = max(Period.of(watermark), Period.of(span.start))
    known = months.get((*scope, first.start))
    if known is None:
        return None
    parts, of, left = [known], first, (first.end - watermark).days - 1
    month = first.shift(1)
    while month.start < span.end:
        told = months.get((*scope, month.start))
        if told is not None:
            known, of, left = told, month, _days(month)
        parts.append(told or _like(known, of=of, left=left, month=month))
        month = month.shift(1)
    return Forecast(quantiles=tuple(before + total(part.quantiles[step] for part in parts) for step in range(POINTS)))


def _like(known: Forecast, *, of: Period, left: int, month: Period) -> Forecast:
    """A month as another one, day for day, and as uncertain as if none of that were known: `left` days of it are not."""
    middle, wider, longer = known.at(50), Decimal(_days(of)) / max(left, 1), Decimal(_days(month)) / _days(of)
    return Forecast(quantiles=tuple(cost((middle + (point - middle) * wider) * longer) for point in known.quantiles))


def _days(month: Period) -> int:
    return (month.end - month.start).days


def breach_date(forecast: Forecast, *, amount: Decimal, actual: Decimal, span: Span, watermark: date) -> date | None:
    """The day the median passes the amount, if the rest of it comes evenly; None where it does not within the period."""
    if actual > amount:
        return watermark - timedelta(days=1)
    left = (span.end - watermark).days
    rest = forecast.at(50) - actual
    if left <= 0 or actual + rest <= amount or rest <= 0:
        return None
    return watermark + timedelta(days=int((amount - actual) * left / rest))


def _newest(scores: Path, newest: int) -> Path | None:
    """The file of the newest scored generation."""
    found = [(int(folder.name[1:]), folder) for folder in scores.glob("g*") if folder.name[1:].isdigit()] if scores.is_dir() else []
    files = [(n, folder / "forecast_month.parquet") for n, folder in found if n <= newest]
    return max((one for one in files if one[1].is_file()), default=(0, None))[1]
