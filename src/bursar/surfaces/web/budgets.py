"""The list of budgets: which hold, which do not, and which could not be measured. `build` is pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from bursar.domain.wording import count
from bursar.lake.reports import Reconciled
from bursar.policies.budgets import Budget, Budgets
from bursar.policies.burn import pace
from bursar.policies.measured import Fault, Measure
from bursar.surfaces.web import budget_words as words
from bursar.surfaces.web.display import clean, day_month, day_month_year, listed, month_short, sentence
from bursar.surfaces.web.frame import Evidence
from bursar.surfaces.web.seals import Seal, scope, seal
from bursar.surfaces.web.telling import Mark

ZERO = Decimal(0)
DEEPEST = 4
"""Levels of the hierarchy that are set in; what is deeper stands below the last."""
EXAMPLE = """\
- {id: payments, currency: USD,
   scope: "team = 'payments'",
   amounts: {default: 42000}}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """A budget as one bar, in percent of its width: spent, forecast to its median, even pace, and the amount; with what it says."""

    spent: str
    ahead: str
    ahead_width: str
    pace: str
    limit: str
    is_over: bool
    will_be_over: bool
    say: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetRow:
    """A line of the list. Amounts are None where they are not known; `reason` says why."""

    id: str
    href: str
    depth: int
    note: str
    mark: Mark
    gauge: Gauge | None
    currency: str
    amount: Decimal | None
    actual: Decimal | None
    p10: Decimal | None
    p50: Decimal | None
    p90: Decimal | None
    chance: str
    is_likely: bool
    breach: str
    reserved: Decimal
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetsFacts:
    """What the page is made of: budgets in the order written with how each stands, and what changes hold of them."""

    budgets: Budgets
    measures: Mapping[str, Measure]
    faults: tuple[Fault, ...]
    held: Mapping[tuple[str, str], Decimal]
    invoices: Sequence[Reconciled] = ()
    has_project: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetsPage:
    """All values of the page."""

    headline: str
    lead: str
    rows: Sequence[BudgetRow]
    seals: Sequence[tuple[str, Seal]]
    faults: Sequence[tuple[str, str, str]]
    example: str
    has_project: bool
    evidence: Evidence


def build(facts: BudgetsFacts) -> BudgetsPage:
    """The page of these facts."""
    standings = {name: words.standing_of(measure, facts.faults) for name, measure in facts.measures.items()}
    return BudgetsPage(
        headline=_headline(standings),
        lead=_lead(facts, standings),
        rows=[
            row_of(facts.measures[one.id], standings[one.id], depth=depth, held=facts.held.get((one.id, one.currency), ZERO))
            for one, depth in _walk(facts.budgets, None, 0)
        ],
        seals=_seals(facts),
        faults=[(fault.budget, f"/budgets/{fault.budget}", sentence(fault.message, longest=180)) for fault in facts.faults],
        example=EXAMPLE,
        has_project=facts.has_project,
        evidence=Evidence(
            id="e-budgets", command="bursar budgets status --format json", csv="/budgets?format=csv", json="/budgets?format=json"
        ),
    )


def row_of(measure: Measure, standing: str, *, depth: int = 0, held: Decimal = ZERO) -> BudgetRow:
    """One budget as a line. What was not measured has no amounts, and says why."""
    budget, forecast = measure.budget, measure.forecast
    reason = words.reason_of(measure, standing)
    return BudgetRow(
        id=clean(budget.id, longest=60),
        href=f"/budgets/{budget.id}",
        depth=min(depth, DEEPEST),
        note=_note(measure),
        mark=words.mark_of(standing),
        gauge=None if reason else gauge(measure),
        currency=budget.currency,
        amount=measure.amount,
        actual=None if reason else measure.actual,
        p10=forecast.at(10) if forecast and not reason else None,
        p50=forecast.at(50) if forecast and not reason else None,
        p90=forecast.at(90) if forecast and not reason else None,
        chance=words.chance(None if reason else measure.p_breach),
        is_likely=measure.p_breach is not None and measure.p_breach >= Decimal("0.5"),
        breach="" if reason else _breach(measure),
        reserved=held,
        reason=reason,
    )


def gauge(measure: Measure) -> Gauge | None:
    """The bar of a measured budget."""
    amount, actual = measure.amount, measure.actual
    if amount is None or actual is None:
        return None
    middle = measure.forecast.at(50) if measure.forecast else actual
    most = max(amount, actual, middle, Decimal(1)) * Decimal("1.02")
    done, days = words.days_of(measure)
    even = pace(amount, days=done, span=measure.span)

    def at(value: Decimal) -> str:
        return f"{max(ZERO, value / most * 100):.2f}%"

    told = f"of {amount:,.0f} {measure.budget.currency}, {actual:,.0f} spent; an even pace would be {even:,.0f} after {done} of {days} days"
    return Gauge(
        spent=at(actual),
        ahead=at(max(actual, ZERO)),
        ahead_width=at(max(ZERO, middle - max(actual, ZERO))),
        pace=at(even),
        limit=at(amount),
        is_over=actual > amount,
        will_be_over=middle > amount,
        say=told + (f"; forecast {middle:,.0f}" if measure.forecast else ""),
    )


def _walk(budgets: Budgets, parent: str | None, depth: int) -> Iterator[tuple[Budget, int]]:
    """Parents before their children, siblings in the order written."""
    for one in budgets.children(parent):
        yield one, depth
        yield from _walk(budgets, one.id, depth + 1)


def _note(measure: Measure) -> str:
    """Period and owner."""
    owner = measure.budget.owner
    period = month_short(measure.span.start) if measure.budget.period == "monthly" else words.period_of(measure)
    return f"{period}{', ' + clean(owner, longest=40) if owner else ''}"


def _breach(measure: Measure) -> str:
    """The day the forecast's middle passes the amount; what is passed already needs no day to come."""
    on, span = measure.breach_on, measure.span
    if on is None or measure.amount is None or measure.actual is None:
        return ""
    if measure.actual > measure.amount:
        return "passed"
    return day_month(on) if on.year == span.start.year else day_month_year(on)


def _headline(standings: Mapping[str, str]) -> str:
    if not standings:
        return "There are no budgets yet"
    number = {key: [name for name, standing in standings.items() if standing == key] for key in words.BAD}
    said = [
        f"{_who(number[key], len(standings))} {verb[len(number[key]) > 1]}"
        for key, verb in (
            ("exceeded", ("is over its amount", "are over their amounts")),
            ("burning", ("burns faster than planned", "burn faster than planned")),
            ("at_risk", ("is likely to go over", "are likely to go over")),
        )
        if number[key]
    ]
    if said:
        return listed(said)
    known = [standing for standing in standings.values() if standing == "ok"]
    if not known:
        return "No budget could be measured"
    return (
        "Every budget holds"
        if len(known) == len(standings)
        else f"Every budget that could be measured holds, {len(known)} of {len(standings)}"
    )


def _who(names: Sequence[str], of: int) -> str:
    """One by its name, several by their number."""
    return clean(names[0], longest=40) if len(names) == 1 else f"{len(names)} of {count(of, 'budget')}"


def _lead(facts: BudgetsFacts, standings: Mapping[str, str]) -> str:
    if not standings:
        return (
            "A budget says what may be spent on what in which period. Every published bill is held against it, with a forecast of its end."
        )
    said = [f"{count(len(standings), 'budget')}, measured on the published bill."]
    unknown = [clean(name, longest=40) for name, standing in standings.items() if standing in words.UNMEASURED]
    if unknown:
        names = listed([*unknown[:3], *(["others"] if len(unknown) > 3 else [])])
        said.append(f"{names} could not be measured: why stands beside {'it' if len(unknown) == 1 else 'each'}.")
    without = [name for name, one in facts.measures.items() if standings[name] not in words.UNMEASURED and one.forecast is None]
    if without:
        said.append(
            f"{'No' if len(without) == len(standings) else 'Not every'} budget has a forecast yet: bursar run makes one with each bill."
        )
    return " ".join(said)


def _seals(facts: BudgetsFacts) -> list[tuple[str, Seal]]:
    """How the months of these budgets stand to their invoices, by currency."""
    codes = sorted({one.budget.currency for one in facts.measures.values() if one.actual is not None})
    return [(code, seal(scope(facts.invoices, periods=_months(facts, code), currency=code))) for code in codes]


def _months(facts: BudgetsFacts, currency: str) -> list[str]:
    spans = [one.span for one in facts.measures.values() if one.budget.currency == currency]
    return sorted(
        {row.billing_period for row in facts.invoices if any(_within(row.billing_period, span.start, span.end) for span in spans)}
    )


def _within(period: str, start: date, end: date) -> bool:
    return f"{start:%Y-%m}" <= period < f"{end:%Y-%m}"
