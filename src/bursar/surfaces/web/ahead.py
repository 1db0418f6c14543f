"""What Overview says beyond the bill: where the month ends, which budgets do not hold, what was saved.

Read from what was written: the forecast of the newest detection, budgets as they were measured on this generation, the savings
ledger. Nothing is forecast or measured for a page.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from bursar.anomaly.forecast import Forecast
from bursar.anomaly.written import newest, read_forecasts
from bursar.domain.errors import BursarError
from bursar.domain.savings import Saving
from bursar.domain.wording import count
from bursar.policies.measured import Measure
from bursar.surfaces.web import budget_words as words
from bursar.surfaces.web import saving_routes
from bursar.surfaces.web.books import Books
from bursar.surfaces.web.budget_books import BudgetBooks
from bursar.surfaces.web.budgets import BudgetRow, row_of
from bursar.surfaces.web.display import clean, day_month, listed, month_name, sentence
from bursar.surfaces.web.frame import Evidence, address
from bursar.surfaces.web.savings import Sums, sums_of

LEVEL = "estate"
WORST = 5
BUDGETS = Evidence(id="e-ahead", command="bursar budgets status --format json", csv="/budgets?format=csv", json="/budgets?format=json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """A month's end as one bar, in percent of its width: charged, forecast, and its 80 % from and to."""

    spent: str
    ahead: str
    low: str
    high: str


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """The forecast of a month's end in one currency: usage, with the bounds that hold four times in five."""

    month: str
    as_of: str
    currency: str
    p10: Decimal
    p50: Decimal
    p90: Decimal
    reach: Reach
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """The figures. `end` is in the currency of the page, `others` in the others; what is not there has its sentence in `*_words`."""

    end: End | None
    others: Sequence[End]
    end_words: str
    budgets: int
    failing: int
    worst: Sequence[BudgetRow]
    budgets_title: str
    budgets_words: str
    saved: Sums | None
    saved_others: Sequence[Sums]
    saved_words: str
    evidence: Evidence = BUDGETS


@dataclass(frozen=True, slots=True, kw_only=True)
class AheadFacts:
    """What the figures are made of; a `fault` is why budgets or forecasts cannot be read."""

    forecasts: Sequence[Forecast] = ()
    measures: Mapping[str, Measure] | None = None
    lines: Sequence[Saving] = ()
    forecast_fault: str = ""
    budget_fault: str = ""


def read(books: Books, standing: BudgetBooks) -> AheadFacts:
    """The facts of a generation. What cannot be read is said in its place: Overview does not fail for it."""
    forecasts, forecast_fault = _forecasts(books)
    measures, budget_fault = _measures(books, standing)
    return AheadFacts(
        forecasts=forecasts,
        measures=measures,
        lines=saving_routes.kept(books),
        forecast_fault=forecast_fault,
        budget_fault=budget_fault,
    )


def build(facts: AheadFacts, *, currency: str) -> Ahead:
    """The figures of these facts, in a currency first."""
    ends = _ends(facts.forecasts)
    measures = list((facts.measures or {}).values())
    failing = [one for one in measures if words.standing_of(one) in words.BAD]
    sums = sums_of(facts.lines)
    return Ahead(
        end=next((one for one in ends if one.currency == currency), None),
        others=[one for one in ends if one.currency != currency],
        end_words=facts.forecast_fault or ("" if ends else "none is written yet: bursar detect"),
        budgets=len(measures),
        failing=len(failing),
        worst=[row_of(one, words.standing_of(one)) for one in sorted(measures, key=_badness)[:WORST] if one.actual],
        budgets_title=_budgets_title(failing, len(measures)),
        budgets_words=facts.budget_fault or _budgets_words(failing, measures),
        saved=next((one for one in sums if one.currency == currency), None),
        saved_others=[one for one in sums if one.currency != currency],
        saved_words="" if facts.lines else "nothing was proposed yet",
    )


def _forecasts(books: Books) -> tuple[Sequence[Forecast], str]:
    scored = newest(books.house.lake.root, until=books.generation.n if books.generation else None)
    if scored is None:
        return [], ""
    try:
        return [
            one for one in read_forecasts(scored[1], books.house.warehouse, levels=(LEVEL,)) if one.scope_id.startswith(f"{LEVEL}/")
        ], ""
    except BursarError:
        return [], "the written one cannot be read: bursar detect"


def _measures(books: Books, standing: BudgetBooks) -> tuple[Mapping[str, Measure] | None, str]:
    try:
        return standing.measured(books)[1], ""
    except BursarError as error:
        return None, sentence(error.message, longest=160)


def _ends(forecasts: Sequence[Forecast]) -> list[End]:
    """The newest month of each currency."""
    last: dict[str, Forecast] = {}
    for one in forecasts:
        if one.currency not in last or last[one.currency].period < one.period:
            last[one.currency] = one
    return [_end(one) for _, one in sorted(last.items())]


def _end(one: Forecast) -> End:
    most = max(one.p90, one.actual, Decimal(1)) * Decimal("1.02")

    def at(value: Decimal) -> str:
        return f"{max(Decimal(0), value / most * 100):.2f}%"

    return End(
        month=month_name(one.period),
        as_of=day_month(one.as_of),
        currency=one.currency,
        p10=one.p10,
        p50=one.p50,
        p90=one.p90,
        reach=Reach(spent=at(one.actual), ahead=at(one.p50), low=at(one.p10), high=at(one.p90)),
        href=_href(one.period, one),
    )


def _href(period: date, one: Forecast) -> str:
    """Explore on the charges that are forecast."""
    return address("/explore", {"group_by": "service_name", "window": f"{period:%Y-%m}", "filter": one.scope, "currency": one.currency})


def _badness(one: Measure) -> tuple[int, Decimal, Decimal]:
    """The worst standing first, then the likeliest breach, then what is spent of it."""
    standing = words.standing_of(one)
    rank = words.BAD.index(standing) if standing in words.BAD else len(words.BAD)
    part = (one.actual or Decimal(0)) / one.amount if one.amount else Decimal(0)
    return rank, -(one.p_breach or Decimal(0)), -part


def _budgets_title(failing: Sequence[Measure], number: int) -> str:
    if not failing:
        return "No budget is in danger" if number > 1 else "The budget is in no danger"
    name = clean(min(failing, key=_badness).budget.id, longest=40)
    return (
        f"{name} will not hold its budget"
        if len(failing) == 1
        else f"{len(failing)} of {count(number, 'budget')} do not hold, {name} first"
    )


def _budgets_words(failing: Sequence[Measure], measures: Sequence[Measure]) -> str:
    if not measures:
        return "three lines of budgets.yaml make one"
    if not failing:
        unknown = [one for one in measures if one.actual is None]
        return f"{count(len(unknown), 'budget')} not measured" if unknown else "every one holds"
    told = [f"{clean(one.budget.id, longest=24)} {words.mark_of(words.standing_of(one)).word}" for one in sorted(failing, key=_badness)[:2]]
    return listed([*told, *([f"{len(failing) - 2} more"] if len(failing) > 2 else [])])
