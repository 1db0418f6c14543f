from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.surfaces.web.charting import Chart, Series
from bursar.surfaces.web.rendering import island

DAYS = [date(2026, 11, 1), date(2026, 11, 2)]


def chart(name: str, values: list[Decimal | None]) -> Chart:
    """A chart of one series."""
    return Chart(id="c", say=name, unit="day", currency="USD", buckets=DAYS, series=[Series(name=name, colour=1, values=values)])


@given(st.text())
def test_no_name_can_end_the_script_it_stands_in(name: str) -> None:
    """Whatever a tag is called, the JSON of a chart holds no angle bracket and is still JSON."""
    data = chart(name, [Decimal(1), None]).data
    assert not set("<>&\u2028\u2029") & set(data)
    assert json.loads(data)["series"][0]["data"] == ["1.00", None]
    assert island(data) == data


def test_the_door_for_json_refuses_markup() -> None:
    """JSON that could end its element does not get onto a page."""
    with pytest.raises(ValueError, match="escaped"):
        island('"</script>"')


def test_amounts_stay_decimal_text() -> None:
    """An amount travels to the chart as text: no float rounds it on the way."""
    data = chart("a", [Decimal("12345678901234567.125"), Decimal("0.1")]).data
    assert json.loads(data)["series"][0]["data"] == ["12345678901234567.13", "0.10"]


def test_totals_of_the_twin_are_the_sums_of_its_rows() -> None:
    """The table beside a chart adds up, days to come counting as nothing."""
    made = Chart(
        id="c", say="", unit="day", currency="USD", buckets=DAYS,
        series=[Series(name="a", colour=1, values=[Decimal(1), None]), Series(name="b", colour=2, values=[Decimal("0.5"), None])],
    )  # fmt: skip
    assert made.totals == [Decimal("1.5"), 0]
