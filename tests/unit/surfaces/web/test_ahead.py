from __future__ import annotations

from datetime import date
from decimal import Decimal

from unit.surfaces.web.test_budget_pages import budget, forecast, measure

from bursar.anomaly.forecast import Forecast
from bursar.surfaces.web.ahead import AheadFacts, build


def ends(currency: str, middle: int, *, month: int = 11) -> Forecast:
    """A forecast of the whole estate."""
    return Forecast(
        scope_id=f"estate/{currency}", scope="charge_category = 'Usage'", period=date(2026, month, 1), currency=currency,
        as_of=date(2026, 11, 17), actual=Decimal(middle) / 2, quantiles=forecast(middle).quantiles, method="log model",
    )  # fmt: skip


def test_the_months_end_is_told_by_currency() -> None:
    """The page's own first, others beside it, never together; of two months the later."""
    told = build(AheadFacts(forecasts=[ends("USD", 5000), ends("EUR", 900), ends("USD", 7000, month=12)]), currency="USD")
    assert told.end is not None
    assert (told.end.month, told.end.p10, told.end.p50, told.end.p90) == ("December", 6600, 7000, 7400)
    assert [(one.currency, one.p50) for one in told.others] == [("EUR", 900)]
    assert told.end.href.startswith("/explore?")


def test_the_worst_budgets_come_first() -> None:
    """Exceeded, then likely ones by their chance, then those that spent most; what nothing was spent of is left out."""
    told = {one.budget.id: one for one in (
        measure(budget("calm"), "300"), measure(budget("nearly"), "2900"), measure(budget("likely"), ahead=forecast(3100)),
        measure(budget("surer"), ahead=forecast(3300)), measure(budget("over"), "3001"), measure(budget("nothing"), "0"),
    )}  # fmt: skip
    found = build(AheadFacts(measures=told), currency="USD")
    assert [row.id for row in found.worst] == ["over", "surer", "likely", "nearly", "calm"]
    assert (found.failing, found.budgets) == (3, 6)
    assert found.budgets_title == "3 of 6 budgets do not hold, over first"
    assert found.budgets_words == "over exceeded, surer at risk and 1 more"


def test_what_is_not_there_is_a_sentence_and_no_number() -> None:
    """Without forecast, budget and saving there is nothing but the next step; what cannot be read is said."""
    told = build(AheadFacts(), currency="USD")
    assert (told.end, told.others, told.worst, told.saved) == (None, [], [], None)
    assert (told.end_words, told.budgets_words) == ("none is written yet: bursar detect", "three lines of budgets.yaml make one")
    assert told.saved_words == "nothing was proposed yet"
    broken = build(AheadFacts(budget_fault="Budgets.yaml: budget x: wrong"), currency="USD")
    assert broken.budgets_words == "Budgets.yaml: budget x: wrong"
