"""One budget: the burn-down of its period with the fan of its forecast, burn rates, alerts, and what changes hold. `build` is pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from bursar.domain.periods import Span
from bursar.domain.wording import count
from bursar.lake.reports import Reconciled
from bursar.policies.budgets import Budget, Budgets
from bursar.policies.burn import RULES, pace
from bursar.policies.measured import Fault, Measure
from bursar.query.ask import Answer
from bursar.query.catalogue import METRICS
from bursar.query.question import command_of, parts_of
from bursar.surfaces.web import budget_rules as rules
from bursar.surfaces.web import budget_words as words
from bursar.surfaces.web.asked import Asked, lines_href
from bursar.surfaces.web.budget_books import Alerted, Reserved
from bursar.surfaces.web.budget_course import course_of, daily_of
from bursar.surfaces.web.budgets import BudgetRow, row_of
from bursar.surfaces.web.course import Course
from bursar.surfaces.web.display import clean, day_month, day_month_year, money, percent, sentence, whole
from bursar.surfaces.web.frame import Evidence, address
from bursar.surfaces.web.seals import Seal, scope, seal

MOST_ALERTS = 20
CURES = {
    "no_amount": "Give it an amount for this period, or a default, in budgets.yaml.",
    "no_data": "Ingest the first bill: bursar ingest PATH",
    words.NOTHING: "Compare its scope with the names there are, and mend it in budgets.yaml.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetFacts:
    """What the page is made of. `answer` is the period's cost by day, None where nothing could be asked."""

    budgets: Budgets
    measure: Measure
    children: Sequence[Measure] = ()
    answer: Answer | None = None
    faults: tuple[Fault, ...] = ()
    alerts: Sequence[Alerted] = ()
    reservations: Sequence[Reserved] = ()
    held: Mapping[tuple[str, str], Decimal] = field(default_factory=dict[tuple[str, str], Decimal])
    invoices: Sequence[Reconciled] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetPage:
    """All values of the page."""

    headline: str
    lead: str
    row: BudgetRow
    period: str
    days: str
    metric: str
    left: Decimal | None
    seal: Seal
    chart: Course | None
    chart_title: str
    chart_sub: str
    windows: Sequence[rules.Window]
    windows_title: str
    steps: Sequence[rules.Step]
    alerts: Sequence[rules.AlertRow]
    alerts_title: str
    holds: Sequence[rules.HeldRow]
    faults: Sequence[str]
    parents: Sequence[tuple[str, str]]
    children: Sequence[BudgetRow]
    facts: Sequence[tuple[str, str]]
    cure: str
    spend_href: str
    evidence: Evidence


def build(facts: BudgetFacts) -> BudgetPage:
    """The page of these facts."""
    measure = facts.measure
    budget = measure.budget
    standing = words.standing_of(measure, facts.faults)
    reason = words.reason_of(measure, standing)
    row = row_of(measure, standing, held=facts.held.get((budget.id, budget.currency), Decimal(0)))
    daily = daily_of(facts.answer) if facts.answer and not reason else {}
    done, days = words.days_of(measure)
    return BudgetPage(
        headline=_headline(measure, standing, reason),
        lead=_lead(measure, reason),
        row=row,
        period=words.period_of(measure),
        days=f"day {done} of {days}",
        metric=METRICS[budget.cost].title,
        left=None if reason or measure.amount is None or measure.actual is None else measure.amount - measure.actual,
        seal=seal(scope(facts.invoices, periods=_months(measure.span), currency=budget.currency)),
        chart=None if reason else course_of(measure, daily),
        chart_title=_chart_title(measure, daily),
        chart_sub=_chart_sub(measure),
        windows=[] if reason else [rules.window_of(one, rule) for one, rule in zip(measure.burn, RULES, strict=True)],
        windows_title=rules.windows_title_of(measure),
        steps=[rules.step_of(one, measure, facts.alerts, is_known=not reason) for one in budget.thresholds],
        alerts=[rules.alert_of(one) for one in facts.alerts[:MOST_ALERTS]],
        alerts_title=rules.alerts_title_of(facts.alerts),
        holds=[rules.hold_of(one) for one in sorted(facts.reservations, key=lambda one: not one.counts)],
        faults=[
            sentence(fault.message, longest=180)
            for fault in facts.faults
            if fault.budget == budget.id and fault.kind not in words.UNMEASURED
        ],
        parents=[(clean(one.id, longest=40), f"/budgets/{one.id}") for one in reversed(facts.budgets.ancestors(budget))],
        children=[row_of(one, words.standing_of(one, facts.faults)) for one in facts.children],
        facts=_facts(budget),
        cure=CURES.get(standing, ""),
        spend_href=_spend_href(facts),
        evidence=_evidence(facts),
    )


def _headline(measure: Measure, standing: str, reason: str) -> str:
    name, period = clean(measure.budget.id, longest=60), words.period_of(measure)
    amount, actual, code = measure.amount, measure.actual, measure.budget.currency
    if reason or amount is None or actual is None:
        return f"{name}: {reason}"
    if standing == "exceeded":
        return f"{name} is {whole(actual - amount)} {code} over its {whole(amount)} for {period}"
    if standing == "burning":
        return f"{name} burns faster than planned: {_spent(measure)} of {period}’s {whole(amount)} {code} is spent"
    if standing == "at_risk" and measure.forecast:
        return f"{name} is heading for {whole(measure.forecast.at(50))} {code} of {whole(amount)} in {period}"
    return f"{name} holds: {_spent(measure)} of {period}’s {whole(amount)} {code} is spent"


def _spent(measure: Measure) -> str:
    return f"{percent(measure.actual or Decimal(0), measure.amount or Decimal(0), digits_=0)} %"


def _lead(measure: Measure, reason: str) -> str:
    if reason:
        return "Nothing is known of it in this period, so nothing is shown. Its scope and amounts stand in budgets.yaml."
    done, days = words.days_of(measure)
    if done == days:
        return "The period is over. Only a restated bill can change it now."
    said = f"{percent(Decimal(done), Decimal(days), digits_=0)} % of the period is over."
    if measure.forecast is None:
        return f"{said} There is no forecast of it yet: bursar run makes one with each bill."
    low, high = (whole(measure.forecast.at(percent_)) for percent_ in (10, 90))
    said += f" Four times in five it ends between {low} and {high} {measure.budget.currency}"
    said += "." if measure.p_breach == 1 else f"; the chance that it is passed: {words.chance(measure.p_breach)}."
    is_ahead = measure.breach_on is not None and measure.breach_on >= measure.watermark
    return f"{said} Its middle passes the amount on {day_month_year(measure.breach_on)}." if measure.breach_on and is_ahead else said


def _chart_title(measure: Measure, daily: Mapping[date, Decimal]) -> str:
    amount, actual = measure.amount, measure.actual
    if amount is None or actual is None:
        return "Nothing to draw"
    if actual > amount:
        passed = _passed(daily, amount)
        return f"The amount was passed on {day_month(passed)}" if passed else "The amount is passed"
    if measure.breach_on:
        return f"Heading past the amount on {day_month(measure.breach_on)}"
    done, _ = words.days_of(measure)
    even = pace(amount, days=done, span=measure.span)
    where = "ahead of" if actual > even else "behind"
    return f"{whole(abs(actual - even))} {measure.budget.currency} {where} an even pace" if actual != even else "Exactly at an even pace"


def _passed(daily: Mapping[date, Decimal], amount: Decimal) -> date | None:
    """The first day the sum is above the amount."""
    so_far = Decimal(0)
    for day in sorted(daily):
        so_far += daily[day]
        if so_far > amount:
            return day
    return None


def _chart_sub(measure: Measure) -> str:
    metric, since = METRICS[measure.budget.cost].title, day_month(measure.span.start)
    told = f"{metric} since {since}, {measure.budget.currency}. Solid: spent. Short dashes: an even pace. Level: the amount"
    if measure.forecast is None:
        return told
    further = "" if measure.budget.period == "monthly" else ", months not forecast yet as the newest one"
    return f"{told}. Long dashes: forecast, if the rest comes evenly{further}; grey: four times in five it ends within"


def _facts(budget: Budget) -> list[tuple[str, str]]:
    """How it is written."""
    told = [
        ("Scope", clean(budget.scope, longest=400)),
        ("Counts", METRICS[budget.cost].title),
        ("Period", budget.period if budget.fiscal_start == 1 else f"{budget.period}, the year begins in month {budget.fiscal_start}"),
        ("Owner", clean(budget.owner) if budget.owner else "nobody named"),
    ]
    told += [
        ("Amount" if key == "default" else f"Amount {clean(key, longest=7)}", f"{money(amount, budget.currency)} {budget.currency}")
        for key, amount in sorted(budget.amounts.items(), key=lambda pair: pair[0] != "default")
    ][:13]
    if budget.gate:
        verb, at = "denies" if budget.gate.mode == "hard" else "warns of", percent(budget.gate.p_breach, Decimal(1), digits_=0)
        told.append(("Gate", f"{verb} a change from a chance of {at} %"))
    return told


def _months(span: Span) -> list[str]:
    """The billing periods of a span."""
    day, found = span.start, list[str]()
    while day < span.end:
        found.append(f"{day:%Y-%m}")
        day = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
    return found


def _spend_href(facts: BudgetFacts) -> str:
    """Explore on exactly its charges."""
    if facts.answer is None:
        return ""
    parts, budget = parts_of(facts.answer.query), facts.measure.budget
    told = {"window": parts.get("window"), "filter": parts.get("filter"), "currency": budget.currency}
    metric = None if budget.cost == "effective_cost" else budget.cost
    return address("/explore", {"group_by": "service_name", "compare": "none", "metric": metric, **told})


def _evidence(facts: BudgetFacts) -> Evidence:
    here, answer = f"/budgets/{facts.measure.budget.id}", facts.answer
    told = {"id": "e-budget", "command": "bursar budgets status --format json", "csv": f"{here}?format=csv", "json": f"{here}?format=json"}
    if answer is None:
        return Evidence(**told)
    parts = parts_of(answer.query)
    return Evidence(
        **told,
        costs=command_of(answer.query),
        sql=answer.sql,
        rows=f"{count(answer.rows_read, 'row')} of {answer.table}",
        lines_href=lines_href(Asked(window=parts.get("window", ""), period="", filter=parts.get("filter", ""))),
    )
