from __future__ import annotations

import unicodedata
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.domain.wording import count
from bursar.surfaces.web import display

HOSTILE = [
    "\u202egnp.exe",
    "a\u200bb",
    "x\u2066y\u2069",
    "\x1b[31mred",
    "a\nb",
    "\ufeffbom",
    "e" + "\u0301" * 50,
    "\U000e0041tag",
    "x" * 500,
]


@given(st.text())
def test_a_shown_name_is_short_and_holds_nothing_that_hides_or_turns(text: str) -> None:
    """No control, format or private character of a foreign name reaches a page, and it is never longer than 80."""
    shown = display.clean(text)
    assert 0 < len(shown) <= display.LONGEST_NAME
    assert not [char for char in shown if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_hides_in_a_name_is_gone(text: str) -> None:
    """Bidi, zero-width, escape and tag characters, and towers of marks, are dropped."""
    shown = display.clean(text)
    assert shown.isprintable()
    assert shown.count("\u0301") <= 2


def test_a_name_in_a_chart_is_no_rich_text() -> None:
    """Braces and bars, which a chart reads as styling, are shown as dots."""
    assert display.drawn_name("a{b|c}d") == "a·b·c·d"


def test_an_empty_name_says_so() -> None:
    """A name of which nothing can be shown is not an empty link."""
    assert display.clean("\u200b \u202e") == "(blank)"


@given(st.decimals(min_value="-1e12", max_value="1e12", places=12, allow_nan=False))
def test_digits_read_back_as_the_rounded_amount(amount: Decimal) -> None:
    """The parts of an amount, joined, are the amount rounded half up to cents; the exact one stands beside them."""
    parts = display.digits(amount, "USD")
    assert Decimal(parts.exact) == amount
    text = (parts.sign + parts.whole + parts.cents).replace(",", "").replace(display.MINUS, "-")
    if parts.whole == "<0":
        assert Decimal(0) < abs(amount) < Decimal("0.005")
    else:
        assert Decimal(text) == display.rounded(amount, "USD")


@pytest.mark.parametrize(
    ("amount", "currency", "signed", "shown"),
    [
        ("101588.53", "USD", False, "101,588.53"),
        ("-1252.09", "EUR", False, "\u22121,252.09"),
        ("12", "USD", True, "+12.00"),
        ("0", "USD", True, "0.00"),
        ("0.004", "USD", False, "<0.01"),
        ("-0.004", "USD", True, "<0.01"),
        ("1234.5", "JPY", False, "1,235"),
        ("0.4", "JPY", False, "<1"),
        ("1.2345", "KWD", False, "1.235"),
    ],
)
def test_an_amount_is_written_as_its_currency_is(amount: str, currency: str, signed: bool, shown: str) -> None:
    """Thousands apart, a real minus, as many digits as the currency has, and no charge ever reads as none."""
    assert display.money(Decimal(amount), currency, signed=signed) == shown


@pytest.mark.parametrize(("ratio", "shown"), [("0", "0.00"), ("0.00004", "0.004"), ("-0.031", "3.10"), ("0.0000001", "0.00")])
def test_a_small_ratio_keeps_the_digit_that_matters(ratio: str, shown: str) -> None:
    """Two digits of a percent, a third only where it alone says something."""
    assert display.ratio_percent(Decimal(ratio)) == shown


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        (date(2026, 11, 1), date(2026, 11, 18), "1 to 17 Nov 2026"),
        (date(2026, 11, 1), date(2026, 12, 1), "November 2026"),
        (date(2026, 11, 5), date(2026, 11, 6), "5 Nov 2026"),
        (date(2026, 10, 28), date(2026, 11, 4), "28 Oct to 3 Nov 2026"),
        (date(2025, 12, 30), date(2026, 1, 2), "30 Dec 2025 to 1 Jan 2026"),
    ],
)
def test_days_are_told_with_their_last_one(start: date, end: date, words: str) -> None:
    """The exclusive end of a span never shows: people read the last day it holds."""
    assert display.span_words(start, end) == words


@pytest.mark.parametrize(
    ("passed", "words"),
    [(timedelta(minutes=2), "2 min"), (timedelta(hours=31), "31 h"), (timedelta(days=12), "12 d"), (timedelta(seconds=-5), "0 min")],
)
def test_an_age_is_told_in_the_unit_that_says_most(passed: timedelta, words: str) -> None:
    """Minutes, then hours, then days; a clock a little ahead is no negative age."""
    now = datetime(2026, 11, 18, tzinfo=UTC)
    assert display.age(now - passed, now) == words


def test_lists_and_counts_read_as_people_write() -> None:
    """One is one, two are joined by and, none is no."""
    assert display.listed(["a", "b", "c"]) == "a, b and c"
    assert [count(n, "file") for n in (0, 1, 1200)] == ["no files", "1 file", "1,200 files"]
