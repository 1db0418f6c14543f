from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from bursar.policies.budgets import Budget, Budgets, parse_budgets
from bursar.policies.burn import Burn, burns
from bursar.policies.forecasts import Forecast
from bursar.policies.measured import Fault, Measure
from bursar.surfaces.web import budget_words, budgets
from bursar.surfaces.web.budget_course import course_of
from bursar.surfaces.web.budgets import BudgetsFacts, build, gauge, row_of

MARK = date(2026, 11, 18)


def budget(name: str = "core", **more: object) -> Budget:
    """A monthly budget of 3,000 USD unless told otherwise."""
    told = {"id": name, "scope": "team = 'core'", "currency": "USD", "amounts": {"default": Decimal(3000)}, **more}
    return Budget.model_validate(told)


def forecast(middle: int, step: int = 10) -> Forecast:
    """Quantiles that lie `step` apart round a middle."""
    return Forecast(quantiles=tuple(Decimal(middle + (at - 49) * step) for at in range(99)))


def measure(one: Budget, actual: str | None = "1500", *, ahead: Forecast | None = None, **more: object) -> Measure:
    """A budget after 17 days of November."""
    span = one.span(MARK - timedelta(days=1))
    told = Measure(
        budget=one, span=span, amount=one.amount(span), actual=None if actual is None else Decimal(actual), watermark=MARK, forecast=ahead,
        p_breach=ahead.p_above(one.amount(span) or Decimal(0)) if ahead else None,
    )  # fmt: skip
    return replace(told, **more)


def facts(*measures: Measure, faults: tuple[Fault, ...] = ()) -> BudgetsFacts:
    """A list of them."""
    told = {one.budget.id: one for one in measures}
    return BudgetsFacts(budgets=Budgets(by_id={name: one.budget for name, one in told.items()}), measures=told, faults=faults, held={})


def nothing(name: str) -> tuple[Fault, ...]:
    """The fault of a scope that holds nothing."""
    return (Fault(budget=name, kind="nothing_matched", message="no charge since 2026-11-01 is in its scope"),)


def test_what_nothing_matched_is_not_known_and_never_zero() -> None:
    """A scope without a charge shows no amount spent, no chance and no bar, but its reason; it does not hold."""
    page = build(facts(measure(budget("typo"), "0"), faults=nothing("typo")))
    row = page.rows[0]
    assert (row.actual, row.p50, row.gauge, row.chance) == (None, None, None, "not known")
    assert (row.mark.word, row.reason) == ("nothing matched", "no charge of November 2026 is in its scope")
    assert page.headline == "No budget could be measured"


def test_a_period_without_an_amount_says_so() -> None:
    """Amounts of other months only: neither amount nor cost is shown, and the reason is."""
    row = build(facts(measure(budget(amounts={"2026-01": Decimal(5)}), None))).rows[0]
    assert (row.amount, row.actual, row.mark.word) == (None, None, "no amount")
    assert row.reason == "no amount is given for November 2026, and no default"


def test_children_stand_below_their_parents() -> None:
    """Whatever the order in the file, a child follows its parent, set in by its depth."""
    told = [budget("leaf", parent="mid"), budget("other"), budget("mid", parent="top"), budget("top")]
    page = build(facts(*(measure(one) for one in told)))
    assert [(row.id, row.depth) for row in page.rows] == [("other", 0), ("top", 0), ("mid", 1), ("leaf", 2)]


@pytest.mark.parametrize(
    ("chance", "said"),
    [("0", "none"), ("1", "certain"), ("0.004", "under 1 %"), ("0.995", "over 99 %"), ("0.678", "68 %"), (None, "not known")],
)
def test_a_chance_is_never_surer_than_it_is(chance: str | None, said: str) -> None:
    """Beyond the forecast's quantiles nothing is certain; what is certain says so."""
    assert budget_words.chance(None if chance is None else Decimal(chance)) == said


@pytest.mark.parametrize(
    ("period", "fiscal", "said"),
    [("monthly", 1, "November 2026"), ("quarterly", 1, "Oct to Dec 2026"), ("annual", 4, "Apr 2026 to Mar 2027")],
)
def test_periods_are_named_by_their_months(period: str, fiscal: int, said: str) -> None:
    """A month by its name, a quarter and a year by their first and last."""
    assert budget_words.period_of(measure(budget(period=period, fiscal_start=fiscal))) == said


def test_the_headline_names_what_does_not_hold() -> None:
    """One by its name, several by their number, each by what is wrong; all well is said too."""
    over, risk = measure(budget("over"), "3100"), measure(budget("risk"), ahead=forecast(3100))
    also = measure(budget("also"), ahead=forecast(3100))
    assert build(facts(over, risk, measure(budget("fine")))).headline == "over is over its amount and risk is likely to go over"
    assert build(facts(over, risk, also)).headline == "over is over its amount and 2 of 3 budgets are likely to go over"
    assert build(facts(measure(budget("fine")))).headline == "Every budget holds"


def test_burning_is_told_before_a_forecast() -> None:
    """A burn rate that is told makes a budget burning, whatever its forecast."""
    daily = {MARK - timedelta(days=step): Decimal(400) for step in range(1, 8)}
    one = measure(budget())
    burn = burns(daily, span=one.span, watermark=MARK, amount=Decimal(3000))
    assert row_of(replace(one, burn=tuple(burn)), "burning").mark.word == "burning"
    assert budget_words.standing_of(replace(one, burn=tuple(burn))) == "burning"
    assert budget_words.standing_of(replace(one, burn=(Burn(window="1d", rate=None, severity=None),))) == "ok"


def test_the_line_ends_at_the_actual_and_the_fan_at_the_quantiles() -> None:
    """Solid: the exact sum of the days. The fan opens there and ends on the last day at p10, p50 and p90."""
    daily = {date(2026, 11, day): Decimal("88.235294117647") for day in range(1, 18)}
    one = measure(budget(), str(sum(daily.values())), ahead=forecast(2600))
    course = course_of(one, daily)
    assert course is not None
    lines = {line.name: line.values for line in course.lines}
    assert lines["spent"][16] == one.actual
    assert lines["spent"][17:] == [None] * 13
    assert (course.lo[16], course.hi[16], lines["forecast"][16]) == (one.actual, one.actual, one.actual)
    assert (course.lo[-1], lines["forecast"][-1], course.hi[-1]) == (2200, 2600, 3000)
    assert lines["even pace"][-1] == lines["amount"][0] == 3000
    assert lines["even pace"][14] == 1500


def test_a_quarter_is_drawn_whole() -> None:
    """Three months of days, with what past months cost in the line."""
    one = measure(budget(period="quarterly"), "900")
    course = course_of(one, {date(2026, 10, 1): Decimal(600), date(2026, 11, 2): Decimal(300)})
    assert course is not None
    assert (course.days[0], course.days[-1], len(course.days)) == (date(2026, 10, 1), date(2026, 12, 31), 92)
    assert [course.lines[-1].values[at] for at in (0, 31, 32, 47)] == [600, 600, 900, 900]


def test_a_charge_of_a_day_to_come_is_in_the_line() -> None:
    """A fee dated after the newest whole day belongs to the actual, so the line goes there."""
    one = measure(budget(), "700", ahead=forecast(2600))
    course = course_of(one, {date(2026, 11, 3): Decimal(500), date(2026, 11, 25): Decimal(200)})
    assert course is not None
    spent = next(line.values for line in course.lines if line.name == "spent")
    assert (spent[24], spent[25], course.hi[24]) == (700, None, 700)


def test_what_was_not_measured_is_not_drawn() -> None:
    """No figure of nothing, and no fan without a forecast or once the period is over."""
    assert course_of(measure(budget(), None), {}) is None
    plain = course_of(measure(budget()), {})
    over = course_of(measure(budget(), ahead=forecast(2600), watermark=date(2026, 12, 1)), {date(2026, 11, 30): Decimal(1500)})
    assert plain is not None
    assert over is not None
    assert not plain.lo
    assert not over.lo


def test_the_figure_as_data_cannot_end_its_element() -> None:
    """A name in a figure is escaped JSON, and every amount is text with its currency's digits."""
    course = course_of(measure(budget("a"), "1500.005"), {date(2026, 11, 17): Decimal("1500.005")})
    assert course is not None
    told = json.loads(replace(course, say="</script><script>x").data)
    assert told["say"] == "</script><script>x"
    assert "<" not in replace(course, say="</script>").data
    assert told["lines"][-1]["data"][16] == "1500.01"


def test_the_still_figure_shows_the_same() -> None:
    """Without a script: a path for each line, the fan as one area, zero at the foot."""
    course = course_of(measure(budget(), ahead=forecast(2600)), {date(2026, 11, 17): Decimal(1500)})
    assert course is not None
    still = course.still
    assert [kind for kind, _ in still.lines] == ["lim", "pace", "fc", "act"]
    assert dict(still.lines)["act"].startswith("M0 240L")
    assert still.fan.endswith("Z")
    assert (still.zero, still.high) == (240, 3000)


def test_a_bar_fits_what_is_beyond_the_amount() -> None:
    """Spent, forecast and amount share one width; what is over is marked."""
    told = gauge(measure(budget(), "4000", ahead=forecast(6000)))
    assert told is not None
    assert told.is_over
    assert told.will_be_over
    assert float(told.spent[:-1]) + float(told.ahead_width[:-1]) == pytest.approx(100 / 1.02, abs=0.02)
    assert float(told.limit[:-1]) == pytest.approx(50 / 1.02, abs=0.02)


def test_the_example_of_the_empty_page_is_a_budget() -> None:
    """The three lines a stranger is told to write are read as they stand."""
    assert len(budgets.EXAMPLE.splitlines()) == 3
    told: Mapping[str, Budget] = parse_budgets(budgets.EXAMPLE).by_id
    assert told["payments"].amounts == {"default": Decimal(42000)}
    page = build(facts())
    assert (page.headline, page.rows, page.example) == ("There are no budgets yet", [], budgets.EXAMPLE)
