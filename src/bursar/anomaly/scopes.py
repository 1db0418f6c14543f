"""Forecasts of scopes somebody names by a filter, such as budgets: usage by the model, everything else as it fell a month ago."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from importlib.resources import files
from typing import cast

import numpy as np

from bursar.anomaly.coverage import Coverage
from bursar.anomaly.detectors import DETECTORS
from bursar.anomaly.detectors.contract import CLOSED
from bursar.anomaly.forecast import Forecast, Month, Spread, days_ahead, months_of, quantiles_of, views_wanted
from bursar.anomaly.fx import Fx
from bursar.anomaly.panel import MART, Panel, Series
from bursar.anomaly.runs import Scored
from bursar.anomaly.thresholds import Thresholds
from bursar.domain.errors import ConfigError
from bursar.domain.money import subunit, total
from bursar.lake.generations import Generation
from bursar.ports import Warehouse
from bursar.query.catalogue import ALIASES, MARTS
from bursar.query.filters import compile_sql, parse
from bursar.query.router import relation_of

METRICS = ("effective_cost", "billed_cost", "allocated_cost", "contracted_cost", "list_cost")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A scope to be forecast: its id (a budget's), its filter (empty for everything), and which cost is meant."""

    id: str
    filter: str = ""
    metric: str = "effective_cost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What reading a scope takes."""

    generation: Generation
    warehouse: Warehouse
    covered: Coverage
    thresholds: Thresholds
    fx: Fx


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lines:
    """One scope in one currency: usage and everything else by column, and the exports they came from."""

    wanted: Wanted
    currency: str
    usage: Mapping[int, Decimal]
    others: Mapping[int, Decimal]
    sources: tuple[str, ...]


def forecast_scopes(desk: Desk, wanted: Sequence[Wanted], *, lent: Scored | None = None) -> list[Forecast]:
    """The month of every scope, one forecast for each currency. `lent` lends the errors of a panel's series to the intervals."""
    lines = [each for one in wanted for each in _read(desk, one)]
    if not lines:
        return []
    panel = _panel(desk, lines)
    detector = DETECTORS["daily"](desk.thresholds)
    scored = Scored(panel=panel, scores=detector.score(panel.observed(), views=views_wanted(panel)), thresholds=desk.thresholds)
    return [each for month in months_of(panel) for each in _month(scored, lines, month, lent=lent)]


def _read(desk: Desk, wanted: Wanted) -> list[_Lines]:
    if wanted.metric not in METRICS:
        raise ConfigError(f"{wanted.id}: there is no cost {wanted.metric!r}", cure=f"Choose {', '.join(METRICS)}.")
    columns = next(mart for mart in MARTS if mart.name == MART).columns()
    columns |= {alias: columns[name] for alias, name in ALIASES.items()}
    where, values = compile_sql(parse(wanted.filter), columns) if wanted.filter.strip() else ("true", ())
    first, last = desk.covered.first, desk.covered.first + timedelta(days=desk.covered.days - 1)
    sql = files("bursar.anomaly").joinpath("scope.sql").read_text("utf-8").format(
        relation=relation_of(desk.generation.of(MART, start=first, end=last + timedelta(days=1))), metric=wanted.metric, where=where
    )  # fmt: skip
    rows = desk.warehouse.rows(sql, (*values, first, last), reads=[file.path for file in desk.generation.files]).rows
    return [_lines(wanted, row, first=first) for row in rows]


def _lines(wanted: Wanted, row: Sequence[object], *, first: date) -> _Lines:
    currency, days, usage, others, sources = row
    columns = [(day - first).days for day in cast("list[date]", days)]
    return _Lines(
        wanted=wanted,
        currency=str(currency),
        usage=dict(zip(columns, cast("list[Decimal]", usage), strict=True)),
        others=dict(zip(columns, cast("list[Decimal]", others), strict=True)),
        sources=tuple(cast("list[str]", sources)),
    )


def _panel(desk: Desk, lines: Sequence[_Lines]) -> Panel:
    shape = (len(lines), desk.covered.days)
    cost = np.zeros(shape)
    for row, each in enumerate(lines):
        cost[row, list(each.usage)] = [max(float(amount), 0.0) for amount in each.usage.values()]
    return Panel(
        generation=desk.generation.n,
        first=desk.covered.first,
        series=tuple(Series(key=each.wanted.id, level="scope", scope={}, currency=each.currency) for each in lines),
        exact=tuple(each.usage for each in lines),
        cost=cost,
        status=np.stack([desk.covered.of(each.sources) for each in lines]),
        quiet=np.zeros(shape, dtype=np.bool_),
        unit=np.array([float(desk.fx.unit(each.currency)) for each in lines]),
    )


def _month(scored: Scored, lines: Sequence[_Lines], month: Month, *, lent: Scored | None) -> list[Forecast]:
    panel, whole = scored.panel, scored.panel.status == CLOSED
    ahead = days_ahead(scored, month, whole=whole)
    spread = _spread(scored, month, lent=lent)
    found: list[Forecast] = []
    for row, each in enumerate(lines):
        days = [day for day in range(month.start, min(month.end, panel.days)) if whole[row, day]]
        last = np.flatnonzero(whole[row])
        if not last.size:
            continue
        cent = subunit(each.currency)
        actual = total(each.usage.get(day, Decimal(0)) + each.others.get(day, Decimal(0)) for day in days)
        fixed = _as_last_month(each.others, month, panel)
        rest = Decimal(repr(float(ahead[row]))).quantize(cent)
        factors, method = spread.factors(row)
        quantiles = tuple(fixed + value for value in quantiles_of(actual, rest, factors, cent=cent))
        told = f"{method}; other than usage as last month" if fixed else method
        as_of = panel.day(min(int(last[-1]), month.end - 1))
        found.append(
            Forecast(
                scope_id=each.wanted.id, scope=each.wanted.filter, period=month.period.start, currency=each.currency,
                as_of=as_of, actual=actual, quantiles=quantiles, method=told,
            )
        )  # fmt: skip
    return found


def _spread(scored: Scored, month: Month, *, lent: Scored | None) -> Spread:
    """The scopes' own scales, with the errors of the panel where it looks at the same month."""
    own = Spread.of(scored, month)
    if lent is None or month.origin not in lent.scores.views:
        return own
    theirs = Spread.of(lent, month)
    return Spread(errors=theirs.errors, pooled=theirs.pooled, sigma=own.sigma, rest=own.rest)


def _as_last_month(others: Mapping[int, Decimal], month: Month, panel: Panel) -> Decimal:
    """Taxes, purchases, credits: what fell after this day of last month."""
    before = month.period.shift(-1)
    start = panel.column(before.start)
    passed = max(month.origin - panel.column(month.period.start), 0)
    return total(others.get(day, Decimal(0)) for day in range(start + passed, panel.column(before.end)))
