"""budgets.yaml: read exactly, refused by name, measured by the bill."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from bursar.domain.errors import ConfigError
from bursar.lake.generations import Generation
from bursar.operations.project import FILES
from bursar.policies.budget_alerts import check
from bursar.policies.budgets import parse_budgets, read_budgets
from bursar.policies.forecasts import POINTS, Forecast
from bursar.policies.measured import watermark
from bursar.store import journal
from bursar.store.schema import budget_alert
from tests.unit.policies.conftest import NOW, MakeLedger, reckoned

ROOT = Path(__file__).parents[3]
BUDGET = "- {id: core, scope: \"team = 'core'\", currency: USD, amounts: {default: 1000}}"


def changed(old: str, new: str) -> str:
    """The budget with a part replaced."""
    assert old in BUDGET
    return BUDGET.replace(old, new)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (changed("id: core", "id: Core"), "id"),
        (changed("currency: USD", "currency: dollar"), "currency"),
        (changed("amounts: {default: 1000}", "amounts: {}"), "amounts"),
        (changed("amounts: {default: 1000}", "amounts: {default: -1}"), "amounts"),
        (changed("amounts: {default: 1000}", "amounts: {default: many}"), "amounts"),
        (changed("amounts: {default: 1000}", "amounts: {default: NaN}"), "amounts"),
        (changed("amounts: {default: 1000}", "amounts: {'2026-13': 1}"), "2026-13"),
        (changed("team = 'core'", "team = "), "core"),
        (changed("team = 'core'", "nobody = 'core'"), "nobody"),
        (changed("team = 'core'", "tag:x = 'core'"), "tag:x"),
        (changed("currency: USD", "currency: USD, cost: usage"), "cost"),
        (changed("currency: USD", "currency: USD, period: weekly"), "period"),
        (changed("currency: USD", "currency: USD, budget: 1"), "budget"),
        (changed("currency: USD", "currency: USD, parent: nobody"), "nobody"),
        (changed("currency: USD", "currency: USD, parent: core"), "ancestor"),
        (changed("currency: USD", "currency: USD, gate: {mode: off}"), "gate"),
        (changed("currency: USD", "currency: USD, gate: {p_breach: 2}"), "p_breach"),
        (changed("currency: USD", "currency: USD, thresholds: [{at: 0, of: actual, severity: low}]"), "thresholds"),
        (BUDGET + "\n" + BUDGET, "twice"),
        ("budgets: 5", "list"),
        ("- 5", "budget 1"),
        ("- [", "line"),
    ],
)
def test_a_mistake_is_named(text: str, told: str) -> None:
    """What is wrong with a budget is a ConfigError that names it and has a cure."""
    with pytest.raises(ConfigError) as caught:
        parse_budgets(text)
    assert told in str(caught.value)
    assert caught.value.cure


def test_amounts_are_exact() -> None:
    """What is written is what is counted, without a float on the way."""
    (budget,) = parse_budgets(changed("default: 1000", "default: 1000.10, '2026-12': 0.1"))
    assert budget.amount(budget.span(date(2026, 11, 5))) == Decimal("1000.10")
    assert budget.amount(budget.span(date(2026, 12, 5))) == Decimal("0.1")


@given(
    day=st.dates(min_value=date(2000, 1, 1), max_value=date(2100, 1, 1)),
    first=st.integers(1, 12),
    period=st.sampled_from(["monthly", "quarterly", "annual"]),
)
def test_every_day_is_in_one_period(day: date, first: int, period: str) -> None:
    """Periods hold their day, follow one another without a gap, and a year's begins with its first month."""
    (budget,) = parse_budgets(changed("currency: USD", f"currency: USD, period: {period}, fiscal_start: {first}"))
    span = budget.span(day)
    assert span.start <= day < span.end
    assert budget.span(span.end).start == span.end
    assert budget.span(span.start - timedelta(days=1)).end == span.start
    if period == "annual":
        assert span.start.month == first


def test_the_files_that_ship_are_budgets() -> None:
    """The example and what `bursar init` writes are valid; the commented example is one too."""
    assert len(read_budgets(ROOT / "examples" / "acme" / "budgets.yaml")) == 4
    package = ROOT / "src" / "bursar" / "policies" / "budgets.yaml"
    assert len(read_budgets(package)) == 0
    shown = [line.removeprefix("# ") for line in package.read_text().splitlines() if line.startswith(("# - ", "#   "))]
    assert len(parse_budgets("\n".join(shown))) == 2
    assert FILES["budgets.yaml"] == ("bursar.policies", "budgets.yaml")
    assert len(read_budgets(None)) == 0


TREE = """
- {id: usd, scope: "currency = 'USD'", currency: USD, amounts: {default: 300}}
- {id: core, parent: usd, scope: "team = 'core'", currency: USD, amounts: {default: 200}}
- {id: both, parent: usd, scope: "team IN ('core', 'ml')", currency: USD, amounts: {default: 200}}
- {id: nobody, scope: "team = 'nobody'", currency: USD, amounts: {"2026-01": 5}}
- {id: euro, scope: "team = 'ml'", currency: EUR, amounts: {default: 5}}
"""


def test_a_child_counts_its_ancestors_scopes_too(ledger: MakeLedger, bill: duckdb.DuckDBPyConnection) -> None:
    """Actual is what the bill says of the charge days of the period, within every scope up to the root."""
    found = ledger(TREE)
    days = "ChargePeriodStart >= '2026-07-01' AND ChargePeriodStart < '2026-08-01'"
    measure = found.measure(found.budgets.by_id["core"])
    direct = f"{days} AND BillingCurrency = 'USD' AND coalesce(Tags['team'], 'unallocated') = 'core'"
    assert measure.actual == reckoned(bill, direct)
    assert (measure.span.start, measure.watermark) == (date(2026, 7, 1), date(2026, 7, 21))
    euro = found.measure(found.budgets.by_id["euro"])
    assert euro.actual == reckoned(bill, f"{days} AND BillingCurrency = 'EUR' AND Tags['team'] = 'ml'")


def test_what_is_wrong_together_is_told(ledger: MakeLedger) -> None:
    """Children above their parent, shared rows, rows in no child, no amount, and an owner nobody knows."""
    found = ledger(TREE.replace("id: core, parent", "id: core, owner: gone, parent"))
    told = {(fault.budget, fault.kind) for fault in found.faults(("core",))}
    assert told == {
        ("core", "owner_unknown"),
        ("usd", "children_above"),
        ("usd", "unassigned"),
        ("core", "siblings_share"),
        ("nobody", "no_amount"),
    }


def test_a_budget_without_a_matching_charge_is_told(ledger: MakeLedger) -> None:
    """A scope nothing is in may be misspelt."""
    found = ledger(BUDGET.replace("'core'", "'coer'"))
    assert [fault.kind for fault in found.faults()] == ["nothing_matched"]
    assert found.measure(found.budgets.by_id["core"]).actual == 0


def test_without_a_bill_nothing_is_known(ledger: MakeLedger) -> None:
    """Nothing published is not nothing spent."""
    found = replace(ledger(TREE), generation=None)
    measure = found.measure(found.budgets.by_id["core"])
    assert (measure.actual, measure.p_breach) == (None, None)
    assert not [fault for fault in found.faults() if fault.kind not in {"children_above", "no_amount"}]


def test_the_watermark_is_the_first_day_that_is_not_whole(generation: Generation) -> None:
    """The day after the newest charge, and never later than the day of the export."""
    assert watermark(generation) == date(2026, 7, 21)
    assert watermark(replace(generation, data_as_of=NOW - timedelta(days=3))) == date(2026, 7, 18)
    assert watermark(None) is None


def test_alerts_open_worsen_and_clear_once(ledger: MakeLedger, store: sa.Engine) -> None:
    """One alert per budget, rule and period; the same state says nothing again; every step is journalled."""
    text = "- {id: all, scope: \"currency = 'USD'\", currency: USD, amounts: {default: 100}, thresholds: [{at: 0.8, of: actual, severity: low}]}"
    spent = ledger(text)
    with store.begin() as connection:
        opened = check(connection, spent, now=NOW)
        assert {(one.rule, one.happened) for one in opened} >= {
            ("threshold:0.8:actual", "opened"),
            ("breach", "opened"),
            ("burn", "opened"),
        }
        assert check(connection, spent, now=NOW) == []
        worse = check(connection, ledger(text.replace("severity: low", "severity: high")), now=NOW)
        assert [(one.rule, one.happened, one.severity) for one in worse] == [("threshold:0.8:actual", "worse", "high")]
        cleared = check(connection, ledger(text.replace("100", "999999999")), now=NOW)
        assert {one.happened for one in cleared} == {"cleared"}
        assert check(connection, ledger(text.replace("100", "999999999")), now=NOW) == []
        rows = connection.execute(sa.select(budget_alert)).mappings().all()
        assert {row["status"] for row in rows} == {"cleared"}
        assert {row["period"] for row in rows} == {"2026-07-01"}
        assert journal.first_broken(connection) is None


def test_a_probable_breach_is_an_alert(ledger: MakeLedger, store: sa.Engine) -> None:
    """Ninety-nine quantiles above the amount are critical, half of them medium, with the median's day."""
    text = BUDGET.replace("default: 1000", "default: 50000000")
    key = ("core", "USD", date(2026, 7, 1))
    half = Forecast(quantiles=tuple(Decimal(50_000_000 + (step - 50) * 1000) for step in range(1, POINTS + 1)))
    with store.begin() as connection:
        (alert,) = check(connection, ledger(text, {key: half}), now=NOW)
        assert (alert.rule, alert.severity, alert.detail["p_breach"]) == ("breach", "medium", "0.5")
        (worse,) = check(connection, ledger(text, {key: half.plus(Decimal(60_000))}), now=NOW)
        assert (worse.happened, worse.severity) == ("worse", "critical")
        assert worse.detail["breach_date"]
