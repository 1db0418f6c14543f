"""The words of an alert, and the picture beside them."""

from __future__ import annotations

import re
import shlex
import struct
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.triage import picture
from tests.unit.triage.conftest import Desk, days


def payload(desk: Desk, **changes: Any) -> Any:  # noqa: ANN401 - JSON
    """The payload of one incident's first message."""
    desk.incident(**changes)
    desk.tell()
    return desk.rows()[0].payload


def test_expected_and_actual_stand_in_one_sentence(desk: Desk) -> None:
    """With how much more, in money and in parts; then the severity with its rule, and where else it shows."""
    told = payload(desk)
    assert told["title"] == "payments / checkout: 412.10 USD more than expected"
    assert told["sentences"] == [
        "From 3 to 9 November 2026 it cost 1,204.50 USD; 792.40 USD was expected: 412.10 USD more, 52 %.",
        "S2: at least $250.",
        "The same charges show in 2 other places.",
    ]


def test_three_causes_with_their_dollars(desk: Desk) -> None:
    """The first three, exact amounts as text."""
    causes = payload(desk)["causes"]
    assert len(causes) == 3
    assert causes[0] == {"scope": {"provider": "aws", "service_name": "EC2 a1"}, "share": "0.62", "excess": "255.5", "currency": "USD"}


def test_what_to_do_and_how_to_see_it_again(desk: Desk) -> None:
    """The command that reproduces the days, and the way to answer."""
    told = payload(desk)
    assert told["command"] == "bursar costs --granularity day --window 2026-10-20..2026-11-10"
    assert told["do"] == ["Say what it was: bursar anomalies feedback a1 expected, planned, false or true"]


@pytest.mark.parametrize(
    ("scope", "name"), [({"team": "unallocated", "env": "unallocated"}, "unallocated"), ({"team": "ml", "service": "ml"}, "ml / ml")]
)
def test_what_nobody_owns_is_said_once(desk: Desk, scope: dict[str, str], name: str) -> None:
    """Three times unallocated is unallocated; two names that are alike are two."""
    assert payload(desk, scope=scope)["title"].startswith(f"{name}: ")


@pytest.mark.parametrize(
    "words", [["team = 'ml'"], ["a 'b' $HOME"], ["a`b`", "c\\d'e'"], ["it's", 'say "x"', "wow!'", "a != 'b'"], ["plain"], [""]]
)
def test_a_command_is_the_same_words_to_a_shell(desk: Desk, words: list[str]) -> None:
    """Quoted as a person would, where that is safe."""
    told = payload(desk, detail={"command": shlex.join(["bursar", "costs", *words])})["command"]
    assert shlex.split(told) == ["bursar", "costs", *words]
    assert words != ["team = 'ml'"] or told == """bursar costs "team = 'ml'\""""


def test_a_drop_is_less(desk: Desk) -> None:
    """A negative excess is told as what it is."""
    told = payload(desk, direction="down", actual="100", excess="-692.4", scope={}, onset="2026-11-09")
    assert told["title"] == "the whole estate: 692.40 USD less than expected"
    assert told["sentences"][0] == "On 9 November 2026 it cost 100.00 USD; 792.40 USD was expected: 692.40 USD less, 87 %."


def test_what_nobody_has_is_none(desk: Desk) -> None:
    """A missing value of a scope has a name; nothing expected has no part."""
    told = payload(desk, scope={"team": None}, expected="0", excess="1204.5", onset="2025-12-30")
    assert told["title"].startswith("none: ")
    assert (
        told["sentences"][0] == "From 30 December 2025 to 9 November 2026 it cost 1,204.50 USD; 0.00 USD was expected: 1,204.50 USD more."
    )


def test_a_settled_or_retracted_incident_says_both_numbers(desk: Desk) -> None:
    """The new level a month; or what was said before the bill was corrected."""
    desk.incident()
    desk.tell()
    detail = {"run_rate_monthly": "5236.5", "retracted": {"said": {"expected": "792.4", "actual": "1204.5"}}}
    desk.incident(status="retracted", closed_at="2026-11-10T00:00:00Z", detail=detail)
    desk.tell()
    told = desk.rows()[0].payload["sentences"]
    assert isinstance(told, list)
    assert told[1:] == [
        "Taken back: a corrected bill took its ground away.",
        "At this level it is 5,236.50 USD a month.",
        "Said before: 1204.5 USD, where 792.4 was expected.",
    ]


@pytest.mark.parametrize(
    ("rule", "why", "title", "sentence"),
    [
        (
            "threshold:1:forecast",
            {"forecast": "45000.5", "at": "1"},
            "forecast to reach 100 %",
            "The period is expected to end at 45,000.50 USD.",
        ),
        (
            "burn",
            {"rates": {"1d": "3.1", "6h": None, "3d": "2"}},
            "money burns too fast",
            "It is being spent faster than planned: 3.1 × over 1d, 2 × over 3d.",
        ),
        (
            "breach",
            {"p_breach": "0.834", "breach_date": "2026-11-24"},
            "likely to be broken",
            "It breaks its budget with a probability of 83 %, in the middle of the forecasts on 2026-11-24.",
        ),
        ("custom", {}, "custom", "35,000.00 USD of 42,000.00 USD is spent, 83 %."),
    ],
)
def test_a_budget_says_which_rule_and_why(desk: Desk, rule: str, why: dict[str, Any], title: str, sentence: str) -> None:
    """What is spent of what, and what the rule saw."""
    desk.alert(rule=rule, detail={"owner": None, "amount": "42000", "actual": "35000", "currency": "USD", **why})
    desk.tell()
    told = desk.rows()[0].payload
    assert told["title"] == f"budget payments-prod, November 2026: {title}"
    sentences = told["sentences"]
    assert isinstance(sentences, list)
    assert sentences[-1] == sentence


def test_the_picture_shows_cost_expectation_and_band(desk: Desk) -> None:
    """Well-formed, of known size; an unknown day is a gap, each day outside the band a dot."""
    drawn = picture.svg(payload(desk))
    assert drawn
    assert ET.fromstring(drawn).attrib["width"] == "760"  # noqa: S314 - our own text
    assert drawn.count("<circle") == 7 + 1
    assert len(re.findall(r'stroke-width="2"', drawn)) == 2 + 1
    png = picture.png(payload(desk))
    assert png
    assert struct.unpack(">II", png[16:24]) == (1520, 560)


def test_the_picture_has_its_letters_without_any_font_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The shipped font is drawn: without words the picture is another."""
    told = {"series": days(), "currency": "USD"}
    with_words = picture.png(told)
    monkeypatch.setattr(picture, "_legend", list)
    monkeypatch.setattr(picture, "_axis", lambda *_: [])
    without = picture.png(told)
    assert with_words
    assert without
    assert len(with_words) > len(without) + 2000


@pytest.mark.parametrize("series", [[], days(count=1), [{"day": "x"}] * 5])
def test_nothing_to_draw_is_no_picture(series: list[Any]) -> None:
    """Less than two days of cost is no picture."""
    assert picture.png({"series": series, "currency": "USD"}) is None


amounts = (
    st.none() | st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**9), max_value=10**15).map(str) | st.just("x")
)
rows = st.fixed_dictionaries(
    {"day": st.dates().map(str) | st.text(max_size=9), "actual": amounts, "expected": amounts, "lo": amounts, "hi": amounts}
)


@given(series=st.lists(rows, max_size=40), currency=st.text(max_size=5))
def test_any_series_is_a_wellformed_picture_or_none(series: list[Any], currency: str) -> None:
    """Whatever a payload holds, no word of it becomes markup and no number leaves the canvas."""
    drawn = picture.svg({"series": series, "currency": currency})
    if drawn is None:
        return
    ET.fromstring(drawn)  # noqa: S314 - our own text
    for x, y in re.findall(r'cx="([\d.-]+)" cy="([\d.-]+)"', drawn):
        assert 0 <= float(x) <= picture.WIDTH
        assert 0 <= float(y) <= picture.HEIGHT
