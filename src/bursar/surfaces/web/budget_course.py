"""The burn-down of a budget: what was spent day by day, an even pace, the amount, and the fan to the period's end."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

from bursar.domain.money import cost, total
from bursar.policies.burn import pace
from bursar.policies.measured import Measure
from bursar.query.ask import Answer
from bursar.surfaces.web import budget_words as words
from bursar.surfaces.web.course import Course, Line
from bursar.surfaces.web.display import clean, money

ZERO = Decimal(0)
EDGES = (10, 90)

Sums = list[Decimal | None]


def daily_of(answer: Answer) -> dict[date, Decimal]:
    """Cost by day."""
    found: dict[date, Decimal] = {}
    for row in answer.rows:
        found[row.start] = total((found.get(row.start, ZERO), row.value))
    return found


def course_of(measure: Measure, daily: Mapping[date, Decimal]) -> Course | None:
    """The figure; None of what was not measured. The solid line ends at the actual."""
    amount, span = measure.amount, measure.span
    if amount is None or measure.actual is None:
        return None
    days = [span.start + timedelta(days=step) for step in range(span.days)]
    spent = _spent(measure, daily, days)
    lines = [
        Line(name="amount", kind="lim", values=[amount] * len(days)),
        Line(name="even pace", kind="pace", values=[cost(pace(amount, days=step + 1, span=span)) for step in range(len(days))]),
    ]
    last = max((at for at, value in enumerate(spent) if value is not None), default=-1)
    if measure.forecast and last < len(days) - 1:
        middle, low, high = (_ahead(measure, spent, last=last, end=measure.forecast.at(percent)) for percent in (50, *EDGES))
        lines += [Line(name="forecast", kind="fc", values=middle), Line(name="spent", kind="act", values=spent)]
        return Course(id="c-course", say=_say(measure), currency=measure.budget.currency, days=days, lines=lines, lo=low, hi=high)
    lines.append(Line(name="spent", kind="act", values=spent))
    return Course(id="c-course", say=_say(measure), currency=measure.budget.currency, days=days, lines=lines)


def _spent(measure: Measure, daily: Mapping[date, Decimal], days: list[date]) -> Sums:
    last = max([measure.watermark - timedelta(days=1), *daily])
    so_far, found = ZERO, list[Decimal | None]()
    for day in days:
        so_far = total((so_far, daily.get(day, ZERO)))
        found.append(so_far if day <= last else None)
    return found


def _ahead(measure: Measure, spent: Sums, *, last: int, end: Decimal) -> Sums:
    """From what is spent to a quantile of the period's end, evenly."""
    start, left = (measure.actual or ZERO) if last >= 0 else ZERO, len(spent) - 1 - last
    return [None if at < last else cost(start + (end - start) * (at - last) / left) for at in range(len(spent))]


def _say(measure: Measure) -> str:
    budget = measure.budget
    spent, amount = (money(value or ZERO, budget.currency) for value in (measure.actual, measure.amount))
    told = f"{clean(budget.id, longest=60)}, {words.period_of(measure)}: {spent} of {amount} {budget.currency} spent"
    if measure.forecast is None:
        return f"{told}, against an even pace"
    low, middle, high = (money(measure.forecast.at(percent), budget.currency) for percent in (10, 50, 90))
    return f"{told}, against an even pace; forecast {middle}, four times in five between {low} and {high}"
