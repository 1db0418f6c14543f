"""Probabilities from quantiles: monotone, and honest about their ends."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
from hypothesis import given
from hypothesis import strategies as st

from bursar.domain.money import cost
from bursar.domain.periods import Span
from bursar.policies.forecasts import POINTS, Forecast, breach_date, forecast_of, read_forecasts
from bursar.ports import Warehouse

EVEN = Forecast(quantiles=tuple(Decimal(step * 10) for step in range(1, POINTS + 1)))
JULY = Span(start=date(2026, 7, 1), end=date(2026, 8, 1))
QUARTER = Span(start=date(2026, 7, 1), end=date(2026, 10, 1))

amounts = st.decimals(min_value=Decimal(-1000), max_value=Decimal(5000), places=2)
forecasts = st.lists(amounts, min_size=POINTS, max_size=POINTS).map(lambda points: Forecast(quantiles=tuple(sorted(points))))


@given(forecast=forecasts, low=amounts, high=amounts)
def test_more_room_is_never_more_risk(forecast: Forecast, low: Decimal, high: Decimal) -> None:
    """The probability of a breach falls as the amount grows, and is never quite certain."""
    low, high = min(low, high), max(low, high)
    assert 0 < forecast.p_above(high) <= forecast.p_above(low) < 1


@given(forecast=forecasts, added=amounts, amount=amounts)
def test_adding_to_the_total_is_taking_from_the_room(forecast: Forecast, added: Decimal, amount: Decimal) -> None:
    """What is added for certain counts to the last cent."""
    assert forecast.plus(added).p_above(amount) == forecast.p_above(amount - added)


def test_a_probability_is_read_between_the_quantiles() -> None:
    """Half-way between two points is half a percent."""
    assert EVEN.p_above(Decimal(500)) == Decimal("0.5")
    assert EVEN.p_above(Decimal(505)) == Decimal("0.495")


def test_months_add_up_to_a_quarter() -> None:
    """A quarter is what is past and every month that is still to come; without the present month it is unknown."""
    scope = ("ml", "USD")
    months: dict[tuple[str, str, date], Forecast] = {(*scope, date(2026, month, 1)): EVEN for month in (8, 9)}
    found = forecast_of(months, scope, span=QUARTER, watermark=date(2026, 8, 10), before=Decimal(100))
    assert found
    assert found.at(50) == 100 + 500 + 500
    assert forecast_of({}, scope, span=QUARTER, watermark=date(2026, 8, 10), before=Decimal(0)) is None
    del months[*scope, date(2026, 8, 1)]
    assert forecast_of(months, scope, span=QUARTER, watermark=date(2026, 8, 10), before=Decimal(0)) is None
    assert forecast_of(months, ("ml", "EUR"), span=QUARTER, watermark=date(2026, 9, 10), before=Decimal(0)) is None


def test_a_month_beyond_the_forecasts_is_as_the_newest_one() -> None:
    """Day for day the same, and as uncertain as a month of which nothing is known yet."""
    scope, both = ("ml", "USD"), Span(start=date(2026, 7, 1), end=date(2026, 9, 1))
    july: dict[tuple[str, str, date], Forecast] = {(*scope, date(2026, 7, 1)): EVEN}
    spread = EVEN.at(90) - EVEN.at(50)
    found = forecast_of(july, scope, span=both, watermark=date(2026, 7, 21), before=Decimal(0))
    assert found
    assert found.at(50) == 500 + 500
    assert found.at(90) - found.at(50) == spread + cost(spread * 31 / 10)
    quarter = forecast_of(july, scope, span=QUARTER, watermark=date(2026, 7, 21), before=Decimal(0))
    assert quarter
    assert quarter.at(50) == 1000 + cost(Decimal(500) * 30 / 31)


def test_the_breach_is_dated_by_the_median() -> None:
    """The day on which an even rest passes the amount; none where it does not."""
    mark = date(2026, 7, 16)
    assert breach_date(EVEN, amount=Decimal(350), actual=Decimal(200), span=JULY, watermark=mark) == date(2026, 7, 24)
    assert breach_date(EVEN, amount=Decimal(500), actual=Decimal(200), span=JULY, watermark=mark) is None
    assert breach_date(EVEN, amount=Decimal(100), actual=Decimal(200), span=JULY, watermark=mark) == date(2026, 7, 15)
    assert breach_date(EVEN, amount=Decimal(400), actual=Decimal(300), span=JULY, watermark=JULY.end) is None


def _write(folder: Path, *, scope: str, points: int = POINTS) -> None:
    folder.mkdir(parents=True)
    duckdb.sql(f"""COPY (SELECT '{scope}' AS scope_id, 'USD' AS currency, DATE '2026-07-01' AS period,
        [CAST(i AS DECIMAL(38,12)) FOR i IN range(1, {points + 1})] AS quantiles) TO '{folder / "forecast_month.parquet"}' (FORMAT parquet)""")


def test_the_newest_scored_generation_is_read(tmp_path: Path, warehouse: Warehouse) -> None:
    """Forecasts come from the newest generation that has any and is not newer than the one that is read."""
    _write(tmp_path / "g3", scope="old")
    _write(tmp_path / "g5", scope="new")
    _write(tmp_path / "g9", scope="later")
    (tmp_path / "g6").mkdir()
    assert [scope for scope, _, _ in read_forecasts(tmp_path, newest=8, warehouse=warehouse)] == ["new"]
    assert read_forecasts(tmp_path, newest=2, warehouse=warehouse) == {}
    assert read_forecasts(tmp_path / "nothing", newest=8, warehouse=warehouse) == {}


def test_a_forecast_without_all_its_quantiles_is_none(tmp_path: Path, warehouse: Warehouse) -> None:
    """A distribution that is not whole is not known."""
    _write(tmp_path / "g1", scope="short", points=98)
    assert read_forecasts(tmp_path, newest=1, warehouse=warehouse) == {}
