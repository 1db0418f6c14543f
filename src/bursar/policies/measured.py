"""Budgets against the published bill: actual, burn, forecast, and what is wrong with the hierarchy."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import combinations, islice

from bursar.domain.money import plain, total
from bursar.domain.periods import Span
from bursar.lake.generations import Generation
from bursar.policies.budgets import Budget, Budgets, Severity
from bursar.policies.burn import Burn, burns
from bursar.policies.forecasts import Forecast, Months, breach_date, forecast_of
from bursar.ports import Warehouse
from bursar.query.ask import Answer, ask
from bursar.query.filters import Compare, Field, Filter, all_of, any_of, negate
from bursar.query.question import Query

BURN_DAYS = 7
PAIRS = 300
"""Sibling pairs whose shared rows are looked for."""

_USAGE = Compare(field=Field(name="charge_category"), op="=", value="Usage")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A budget in one of its periods. `actual` is None while no bill is published; `watermark` the first day that is not whole."""

    budget: Budget
    span: Span
    amount: Decimal | None
    actual: Decimal | None
    watermark: date
    burn: tuple[Burn, ...] = ()
    forecast: Forecast | None = None
    p_breach: Decimal | None = None
    breach_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something about a budget that its owner should mend or know: kind and one sentence."""

    budget: str
    kind: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """What budgets are measured by: one generation and the forecasts made of it."""

    budgets: Budgets
    generation: Generation | None
    warehouse: Warehouse
    forecasts: Months
    today: date

    @property
    def watermark(self) -> date:
        """The first day that is not whole yet."""
        return watermark(self.generation) or self.today

    def measure(self, budget: Budget, *, open_at: Severity | None = None, burning: bool = True) -> Measure:
        """A budget in the period that holds the newest whole day."""
        mark = self.watermark
        span = budget.span(mark - timedelta(days=1))
        amount = budget.amount(span)
        if self.generation is None or amount is None:
            return Measure(budget=budget, span=span, amount=amount, actual=None, watermark=mark)
        actual = self._sum(budget, span)
        month = max(span.start, (mark - timedelta(days=1)).replace(day=1))
        before = self._sum(budget, Span(start=span.start, end=month)) if month > span.start else Decimal(0)
        forecast = forecast_of(self.forecasts, (budget.id, budget.currency), span=span, watermark=mark - timedelta(days=1), before=before)
        return Measure(
            budget=budget,
            span=span,
            amount=amount,
            actual=actual,
            watermark=mark,
            burn=self._burns(budget, span=span, amount=amount, open_at=open_at) if burning else (),
            forecast=forecast,
            p_breach=_p_breach(forecast, amount=amount, actual=actual, is_over=mark >= span.end),
            breach_on=breach_date(forecast, amount=amount, actual=actual, span=span, watermark=mark) if forecast else None,
        )

    def daily(self, budget: Budget, span: Span) -> Answer:
        """What was charged within its whole scope on each day of a period; the days add up to the actual."""
        return self._ask(budget, span, self.budgets.whole_scope(budget), granularity="day")

    def faults(self, owners: Collection[str] = ()) -> Iterator[Fault]:
        """What is wrong with the budgets together, as the newest period shows it."""
        for budget in self.budgets:
            if owners and budget.owner is not None and budget.owner not in owners:
                yield Fault(budget=budget.id, kind="owner_unknown", message=f"bursar.yaml names no owner {budget.owner}")
            yield from self._missed(budget)
        for parent in (None, *(budget.id for budget in self.budgets)):
            yield from self._siblings(parent)

    def _missed(self, budget: Budget) -> Iterator[Fault]:
        span = budget.span(self.watermark - timedelta(days=1))
        if budget.amount(span) is None:
            yield Fault(budget=budget.id, kind="no_amount", message=f"no amount for the period from {span.start}, and no default")
        elif self.generation and not self._ask(budget, span, self.budgets.whole_scope(budget)).rows:
            yield Fault(budget=budget.id, kind="nothing_matched", message=f"no charge since {span.start} is in its scope")

    def _siblings(self, parent: str | None) -> Iterator[Fault]:
        """Amounts above the parent's, rows counted twice, and rows nobody budgeted."""
        children = self.budgets.children(parent)
        if parent is not None and children:
            yield from self._above(self.budgets.by_id[parent], children)
            yield from self._unassigned(self.budgets.by_id[parent], children)
        for one, other in islice(combinations(children, 2), PAIRS) if self.generation else ():
            span = one.span(self.watermark - timedelta(days=1))
            both = all_of(self.budgets.whole_scope(one), other.filter)
            if one.currency == other.currency and self._ask(one, span, both).rows:
                yield Fault(budget=one.id, kind="siblings_share", message=f"charges of it are in budget {other.id} too")

    def _above(self, parent: Budget, children: tuple[Budget, ...]) -> Iterator[Fault]:
        span = parent.span(self.watermark - timedelta(days=1))
        same = [one for one in children if one.period == parent.period and one.currency == parent.currency]
        given, limit = total(one.amount(span) or Decimal(0) for one in same), parent.amount(span)
        if limit is not None and given > limit:
            message = f"its children may spend {plain(given)} {parent.currency}, itself {plain(limit)}"
            yield Fault(budget=parent.id, kind="children_above", message=message)

    def _unassigned(self, parent: Budget, children: tuple[Budget, ...]) -> Iterator[Fault]:
        if self.generation is None:
            return
        span = parent.span(self.watermark - timedelta(days=1))
        rest = all_of(self.budgets.whole_scope(parent), negate(any_of(*(child.filter for child in children))))
        found = self._ask(parent, span, rest).rows
        if found:
            left = total(row.value for row in found)
            yield Fault(budget=parent.id, kind="unassigned", message=f"{plain(left)} {parent.currency} of it is in no child")

    def _burns(self, budget: Budget, *, span: Span, amount: Decimal, open_at: Severity | None) -> tuple[Burn, ...]:
        """Usage by day; purchases, tax, credits and refunds come at once and are no pace."""
        mark = self.watermark
        window = Span(start=mark - timedelta(days=BURN_DAYS), end=mark)
        scope = all_of(self.budgets.whole_scope(budget), _USAGE)
        daily: dict[date, Decimal] = {}
        for row in self._ask(budget, window, scope, granularity="day").rows:
            daily[row.start] = total((daily.get(row.start, Decimal(0)), row.value))
        return tuple(burns(daily, span=span, watermark=mark, amount=amount, open_at=open_at))

    def _sum(self, budget: Budget, span: Span) -> Decimal:
        return total(row.value for row in self._ask(budget, span, self.budgets.whole_scope(budget)).rows)

    def _ask(self, budget: Budget, span: Span, scope: Filter, *, granularity: str = "total") -> Answer:
        mine = all_of(scope, Compare(field=Field(name="currency"), op="=", value=budget.currency))
        query = Query(metric=budget.cost, granularity=granularity, window=f"{span.start}..{span.end}", filter=mine)
        return ask(query, generation=self.generation, warehouse=self.warehouse)


def watermark(generation: Generation | None) -> date | None:
    """The first day that is not whole: after the newest charge, at most the day of the newest export.

    Of several sources the one furthest behind counts, among those that hold a twentieth of the newest period's lines or more: one that
    bills a fee on the first of the month is not behind.
    """
    if generation is None or not generation.periods():
        return None
    files = generation.of("cost_and_usage", period=max(generation.periods()))
    rows = {source: sum(file.rows for file in files if file.source == source) for source in {file.source for file in files}}
    main = {source for source, count in rows.items() if count * 20 >= sum(rows.values())}
    newest = [max((file.max_day for file in files if file.source == source and file.max_day), default=None) for source in main]
    marks = [day + timedelta(days=1) for day in newest if day]
    exported = [generation.data_as_of.astimezone(UTC).date()] if generation.data_as_of else []
    return min([*marks, *exported], default=None)


def age_hours(generation: Generation | None, now: datetime) -> int | None:
    """Hours since the newest export; None while there is none."""
    if generation is None or generation.data_as_of is None:
        return None
    return int((now - generation.data_as_of).total_seconds() // 3600)


def _p_breach(forecast: Forecast | None, *, amount: Decimal, actual: Decimal, is_over: bool) -> Decimal | None:
    """The probability of ending above the amount; certain once the period is over or the amount is spent."""
    if actual > amount:
        return Decimal(1)
    if is_over:
        return Decimal(0)
    return forecast.p_above(amount) if forecast else None
