"""Alerts of budgets: one per budget, rule and period. A worse severity updates it, a better one never does; each step is journalled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal, cast

import sqlalchemy as sa

from bursar.domain.money import plain
from bursar.domain.periods import Span, stamp
from bursar.policies.budgets import SEVERITIES, Budget, Severity
from bursar.policies.burn import worst
from bursar.policies.measured import Ledger, Measure
from bursar.store import journal
from bursar.store.schema import budget_alert

BREACH: tuple[tuple[Decimal, Severity], ...] = (
    (Decimal("0.95"), "critical"),
    (Decimal("0.8"), "high"),
    (Decimal("0.5"), "medium"),
)
"""Severity by the probability of a breach."""

ACTOR = "budgets"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """What happened to one alert now: opened, worse or cleared."""

    budget: str
    rule: str
    period: str
    severity: Severity
    happened: Literal["opened", "worse", "cleared"]
    detail: Mapping[str, object]


def check(connection: sa.Connection, ledger: Ledger, *, now: datetime) -> list[Alert]:
    """Measure every budget and bring its alerts up to date; what happened, in the order of the budgets."""
    journal.lock(connection)  # two workers that look at once would both open what neither sees yet
    n = ledger.generation.n if ledger.generation else 0
    found: list[Alert] = []
    for budget in ledger.budgets:
        told = _open(connection, budget)
        measure = ledger.measure(budget, open_at=told.get("burn"))
        found += _settle(connection, measure, told, now=now, generation=n)
    return found


def severities(measure: Measure) -> dict[str, tuple[Severity, dict[str, object]]]:
    """The alerts a measure calls for, by rule, with what shows why."""
    if measure.actual is None or measure.amount is None:
        return {}
    found: dict[str, tuple[Severity, dict[str, object]]] = dict(_thresholds(measure, actual=measure.actual, amount=measure.amount))
    burning = worst(list(measure.burn))
    if burning:
        rates = {one.window: None if one.rate is None else _short(one.rate) for one in measure.burn}
        found["burn"] = (burning, {"rates": rates})
    p_breach, on = measure.p_breach, measure.breach_on
    if p_breach is not None and p_breach >= BREACH[-1][0]:
        reached: Severity = next(name for limit, name in BREACH if p_breach >= limit)
        found["breach"] = (reached, {"p_breach": _short(p_breach), "breach_date": on.isoformat() if on else None})
    return found


def _thresholds(measure: Measure, *, actual: Decimal, amount: Decimal) -> Iterator[tuple[str, tuple[Severity, dict[str, object]]]]:
    values = {"actual": actual, "forecast": measure.forecast.at(50) if measure.forecast else None}
    for one in measure.budget.thresholds:
        value = values[one.of]
        if value is not None and value >= one.at * amount:
            yield f"threshold:{plain(one.at)}:{one.of}", (one.severity, {one.of: plain(value), "at": plain(one.at)})


def _open(connection: sa.Connection, budget: Budget) -> dict[str, Severity]:
    table = budget_alert
    rows = connection.execute(sa.select(table).where(table.c.budget == budget.id, table.c.status == "open")).mappings()
    return {str(row["rule"]): cast("Severity", row["severity"]) for row in rows}


def _settle(connection: sa.Connection, measure: Measure, told: Mapping[str, Severity], *, now: datetime, generation: int) -> list[Alert]:
    """Open what is new, worsen what is worse, clear what is over."""
    wanted = severities(measure)
    period = measure.span.start.isoformat()
    found: list[Alert] = []
    for rule, (severity, why) in wanted.items():
        before = _stored(connection, measure.budget, rule=rule, span=measure.span)
        standing = cast("Severity", before["severity"]) if before is not None and before["status"] == "open" else None
        if standing and SEVERITIES.index(severity) <= SEVERITIES.index(standing):
            continue
        detail = {**_figures(measure), **why}
        alert = Alert(
            budget=measure.budget.id, rule=rule, period=period, severity=severity, happened="worse" if standing else "opened", detail=detail
        )
        _write(connection, alert, now=now, generation=generation, is_there=before is not None)
        found.append(alert)
    if measure.actual is not None:
        found += _clear(connection, measure, set(told) - set(wanted), now=now, generation=generation)
    return found


def _clear(connection: sa.Connection, measure: Measure, rules: set[str], *, now: datetime, generation: int) -> list[Alert]:
    """Alerts whose reason is gone; those of an earlier period end with it and are left as they were."""
    cleared: list[Alert] = []
    for rule in sorted(rules):
        before = _stored(connection, measure.budget, rule=rule, span=measure.span)
        if before is None or before["status"] != "open":
            continue
        severity = cast("Severity", before["severity"])
        period = measure.span.start.isoformat()
        alert = Alert(budget=measure.budget.id, rule=rule, period=period, severity=severity, happened="cleared", detail=_figures(measure))
        _write(connection, alert, now=now, generation=generation, is_there=True)
        cleared.append(alert)
    return cleared


def _stored(connection: sa.Connection, budget: Budget, *, rule: str, span: Span) -> sa.RowMapping | None:
    table = budget_alert
    mine = (table.c.budget == budget.id, table.c.rule == rule, table.c.period == span.start.isoformat())
    return connection.execute(sa.select(table).where(*mine)).mappings().first()


def _write(connection: sa.Connection, alert: Alert, *, now: datetime, generation: int, is_there: bool) -> None:
    """The alert's row and its journal entry."""
    table = budget_alert
    at = stamp(now)
    values: dict[str, object] = {"severity": alert.severity, "generation": generation, "detail": dict(alert.detail)}
    if alert.happened == "cleared":
        values |= {"status": "cleared", "cleared_at": at}
    elif alert.happened == "opened":
        values |= {"status": "open", "opened_at": at, "cleared_at": None}
    key = {"budget": alert.budget, "rule": alert.rule, "period": alert.period}
    if is_there:
        connection.execute(table.update().where(*(table.c[name] == value for name, value in key.items())).values(**values))
    else:
        connection.execute(table.insert().values(**key, **values))
    payload = {**key, "severity": alert.severity, "detail": dict(alert.detail)}
    journal.append(connection, at=at, kind=f"budget.{alert.happened}", actor=ACTOR, payload=payload)


def _figures(measure: Measure) -> dict[str, object]:
    return {
        "currency": measure.budget.currency,
        "amount": plain(measure.amount or Decimal(0)),
        "actual": plain(measure.actual or Decimal(0)),
        "owner": measure.budget.owner,
    }


def _short(rate: Decimal) -> str:
    """A rate or probability with three digits."""
    return plain(rate.quantize(Decimal("0.001")))
