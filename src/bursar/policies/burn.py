"""How fast a budget burns: spend of a window over what the period's pace would have spent in it. 1 is exactly on pace.

Two windows must agree, a long and a short one: a spike that is over says nothing, and neither does a slope nobody sees today. Windows
end at the watermark, so a day that is not whole yet never lowers a rate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from bursar.domain.money import total
from bursar.domain.periods import Span
from bursar.policies.budgets import SEVERITIES, Severity

LEAST = Decimal(50)
"""Excess over pace below which nobody is told, in the budget's currency; or a hundredth of its amount, whichever is more."""

CLEARS_AT = Decimal("0.9")
"""An open alert stays until its rate is below this part of its factor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Days of the two windows, and the rate both must reach. On daily bills six hours are a day."""

    severity: Severity
    long: int
    short: int
    factor: Decimal


RULES = (
    Rule(severity="critical", long=1, short=1, factor=Decimal(3)),
    Rule(severity="high", long=3, short=1, factor=Decimal(2)),
    Rule(severity="medium", long=7, short=2, factor=Decimal("1.3")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Burn:
    """The rate of a rule's long window, and the severity it comes to (None: on pace). `rate` is None where the window is not whole."""

    window: str
    rate: Decimal | None
    severity: Severity | None


def burns(daily: Mapping[date, Decimal], *, span: Span, watermark: date, amount: Decimal, open_at: Severity | None = None) -> list[Burn]:
    """Each rule's verdict. `daily` is usage by day (a day without is zero); `watermark` the first day that is not whole yet.

    `open_at` is the severity of the alert that is open: its own rule holds until the rate is below nine tenths of its factor.
    """
    found: list[Burn] = []
    for rule in RULES:
        long, short = (_rate(daily, days=days, span=span, watermark=watermark, amount=amount) for days in (rule.long, rule.short))
        needed = rule.factor * (CLEARS_AT if rule.severity == open_at else 1)
        fires = long is not None and short is not None and min(long, short) >= needed
        enough = _excess(daily, days=rule.long, span=span, watermark=watermark, amount=amount) >= max(LEAST, amount / 100)
        is_told = fires and (enough or rule.severity == open_at)
        found.append(Burn(window=f"{rule.long}d", rate=long, severity=rule.severity if is_told else None))
    return found


def worst(burning: list[Burn]) -> Severity | None:
    """The worst severity of several."""
    told = {one.severity for one in burning}
    return next((severity for severity in reversed(SEVERITIES) if severity in told), None)


def pace(amount: Decimal, *, days: int, span: Span) -> Decimal:
    """What so many days of the period would spend if every day spent the same."""
    return amount * days / span.days


def _spend(daily: Mapping[date, Decimal], *, days: int, watermark: date) -> Decimal:
    return total(daily.get(watermark - timedelta(days=step), Decimal(0)) for step in range(1, days + 1))


def _rate(daily: Mapping[date, Decimal], *, days: int, span: Span, watermark: date, amount: Decimal) -> Decimal | None:
    """The burn rate of a window; None where it is not wholly within the period, or nothing may be spent."""
    if watermark - timedelta(days=days) < span.start or watermark > span.end or amount <= 0:
        return None
    return _spend(daily, days=days, watermark=watermark) / pace(amount, days=days, span=span)


def _excess(daily: Mapping[date, Decimal], *, days: int, span: Span, watermark: date, amount: Decimal) -> Decimal:
    return _spend(daily, days=days, watermark=watermark) - pace(amount, days=days, span=span)
