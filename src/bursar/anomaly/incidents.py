"""Incidents: groups of runs as they are told and kept, each with its severity, causes and evidence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from bursar.anomaly.detectors.contract import STATUS, TESTS
from bursar.anomaly.evidence import command, proof, scope_text, series_filter
from bursar.anomaly.folding import Group
from bursar.anomaly.panel import OTHER, Scope, Series
from bursar.anomaly.root_cause import OTHER_RESOURCES, Cause
from bursar.anomaly.runs import Cost, Run, Scored, cost_of
from bursar.anomaly.severity import Size, severity
from bursar.domain.canonical import digest
from bursar.domain.money import plain, subunit

CHART_DAYS = 35
UNALLOCATED = "unallocated"
MONTH = Decimal("30.4375")

Detail = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Where an excess is: causes, best first; the team that holds most of it; resources with their shares, the largest first."""

    causes: Sequence[Cause] = ()
    owner: str | None = None
    resources: Sequence[tuple[str, float]] = ()


WhyOf = Callable[[Series, date, date], Why]
"""Why a series is off over these days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Something a person should look at. Money of the days from `onset` to `last_day`; `excess` is negative for a drop.

    `detail` holds chart, causes, evidence, folded scopes and the rules that decided; decimals in it are plain strings.
    """

    id: str
    scope: Scope
    direction: str
    severity: str
    status: str
    onset: date
    last_day: date
    expected: Decimal
    actual: Decimal
    currency: str
    score: Decimal
    owner: str | None
    generation: int
    detail: Detail

    @property
    def excess(self) -> Decimal:
        """What was charged beyond the expectation."""
        return self.actual - self.expected

    @property
    def series(self) -> str:
        """The key of the series that names it."""
        return str(self.detail["series"])


def incident_id(scope: Scope, *, direction: str, onset: date, currency: str) -> str:
    """The same in every replay: from what, which way and since when."""
    return digest({"scope": dict(scope), "direction": direction, "onset": onset.isoformat(), "currency": currency})[:12]


def incident_of(group: Group, scored: Scored, *, why_of: WhyOf) -> Incident:
    """The incident of a group, told by its headline series over the days its members were off."""
    panel, row = scored.panel, group.headline
    series, run = panel.series[row], _headline_run(group)
    cost = cost_of(scored, run)
    onset, last = panel.day(run.onset), panel.day(run.last)
    why = why_of(series, onset, last)
    direction = "up" if run.sign > 0 else "down"
    level, rule = severity(_size(scored, run, cost), scored.thresholds.severity)
    detail = _detail(scored, run, cost)
    detail |= {"severity_rule": rule, "causes": [_cause(each, series, onset=onset, last=last) for each in why.causes]}
    detail["resources"] = [{"resource_id": name, "share": _share(share)} for name, share in why.resources]
    detail |= {"folded": [_folded(scored, each, group) for each in group.members if each.row != row]}
    status = "settled" if run.settled is not None else "closed" if run.closed is not None else "open"
    if run.settled is not None:
        detail["run_rate_monthly"] = plain(_run_rate(scored, run))
    return Incident(
        id=incident_id(series.scope, direction=direction, onset=onset, currency=series.currency),
        scope=series.scope, direction=direction, severity=level, status=status, onset=onset, last_day=last, expected=cost.expected,
        actual=cost.actual, currency=series.currency, score=_rounded(float(np.max(scored.scores.score[row, run.onset : run.last + 1]))),
        owner=_owner(series, why.owner), generation=panel.generation, detail=detail,
    )  # fmt: skip


def _headline_run(group: Group) -> Run:
    """The headline's own run; a common parent without one takes the span of its members."""
    own = [run for run in group.members if run.row == group.headline]
    if own:
        return own[0]
    over = [run.closed for run in group.members if run.closed is not None]
    settled = [run.settled for run in group.members if run.settled is not None]
    every = len(group.members)
    return Run(
        row=group.headline,
        sign=group.members[0].sign,
        onset=group.onset,
        last=max(run.last for run in group.members),
        closed=max(over) if len(over) == every else None,
        settled=max(settled) if len(settled) == every else None,
    )


def _size(scored: Scored, run: Run, cost: Cost) -> Size:
    panel = scored.panel
    estates = [row for row, one in enumerate(panel.series) if one.level == "estate" and one.currency == panel.series[run.row].currency]
    day = float(np.nan_to_num(scored.scores.expected[estates[0], run.onset])) if estates else 0.0
    return Size(
        excess=abs(scored.dollars(run.row, cost.excess)),
        expected=scored.dollars(run.row, cost.expected),
        days=len(cost.by_day),
        estate=scored.dollars(run.row, Decimal(repr(day))),
        is_drop=run.sign < 0,
    )


def _detail(scored: Scored, run: Run, cost: Cost) -> Detail:
    """Chart, the test that fired, what the expectation was made of, and the proof of the stated actual."""
    panel, scores, row = scored.panel, scored.scores, run.row
    series, first, last = panel.series[row], panel.day(run.onset), panel.day(run.last)
    wanted = series_filter(series)
    shown = range(max(0, min(run.onset - 14, run.last - CHART_DAYS + 1)), min(panel.days, run.last + 8))
    return {
        "title": f"{scope_text(series.scope)}: {'more' if run.sign > 0 else 'less'} than expected",
        "series": series.key,
        "level": series.level,
        "test": TESTS[int(scores.test[row, run.onset])] or "folded",
        "statistic": str(_rounded(float(scores.score[row, run.onset]) * scored.thresholds.daily.limit)),
        "limit": str(scored.thresholds.daily.limit),
        "scale": str(_rounded(float(scores.sigma[row, run.onset]))),
        "terms": {
            "level": str(_rounded(float(scores.base[row, run.onset]))),
            "weekday": str(_rounded(float(scores.weekday[row, run.onset]))),
            "quiet_day": str(_rounded(float(scores.dip[row, run.onset]))),
        },
        "days": [_day(scored, row, day, frozen=cost.by_day.get(day)) for day in shown],
        "parameters": scored.thresholds.digest,
        "evidence_sql": proof(wanted, first=first, last=last).text,
        "command": command(wanted, first=first - timedelta(days=14), last=last),
    }


def _day(scored: Scored, row: int, day: int, *, frozen: Decimal | None) -> Detail:
    """One day of the chart: `expected` is what the incident counts against, while it lasts."""
    scores, panel = scored.scores, scored.panel
    cent = subunit(panel.series[row].currency)
    known = panel.status[row, day] > 0
    lo, hi, expected = (_money(float(values[row, day]), cent) for values in (scores.lo, scores.hi, scores.expected))
    return {
        "day": panel.day(day).isoformat(),
        "actual": plain(panel.amount(row, day)) if known else None,
        "expected": plain(frozen) if frozen is not None else expected,
        "lo": lo,
        "hi": hi,
        "status": STATUS[int(panel.status[row, day])],
        "score": str(_rounded(float(scores.score[row, day]))),
    }


def _money(value: float, cent: Decimal) -> str | None:
    return None if np.isnan(value) else plain(Decimal(repr(value)).quantize(cent))


def _folded(scored: Scored, run: Run, group: Group) -> Detail:
    series = scored.panel.series[run.row]
    cent = subunit(series.currency)
    return {
        "series": series.key,
        "level": series.level,
        "scope": dict(series.scope),
        "onset": scored.panel.day(run.onset).isoformat(),
        "excess": plain(Decimal(repr(group.excess[run.row] * run.sign)).quantize(cent)),
    }


def _cause(cause: Cause, series: Series, *, onset: date, last: date) -> Detail:
    """A cause with its amounts and the statement that gives its actual."""
    scope = {**series.scope, **cause.scope}
    cent = subunit(series.currency)
    named: Mapping[str, str | None] = {name: value for name, value in scope.items() if value not in {OTHER, OTHER_RESOURCES}}
    asked = Series(key="", level=series.level, scope=named, currency=series.currency)
    excess = Decimal(repr(cause.actual - cause.expected)).quantize(cent)
    return {
        "scope": dict(cause.scope),
        "share": _share(cause.share),
        "excess": plain(excess),
        "currency": series.currency,
        "sql": proof(series_filter(asked), first=onset, last=last).text if len(named) == len(scope) else None,
    }


def _share(value: float) -> str:
    return str(round(Decimal(repr(value)), 4))


def _owner(series: Series, leading: str | None) -> str | None:
    """The team the scope names, else the one that holds most of the excess; None where nobody does."""
    team = series.scope.get("team", leading)
    return None if team in {UNALLOCATED, OTHER} else team


def _run_rate(scored: Scored, run: Run) -> Decimal:
    """What the new level comes to in a month: the median of its days so far, times a mean month's days."""
    amounts = sorted(scored.panel.amount(run.row, day) for day in range(run.onset, run.last + 1))
    middle = len(amounts) // 2
    half = amounts[middle] if len(amounts) % 2 else (amounts[middle - 1] + amounts[middle]) / 2
    return (half * MONTH).quantize(subunit(scored.panel.series[run.row].currency))


def _rounded(value: float) -> Decimal:
    return Decimal(repr(round(value, 4))) if np.isfinite(value) else Decimal(0)
