from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from bursar.domain.periods import Period
from bursar.surfaces.web import sentences
from bursar.surfaces.web.entries import Group
from bursar.surfaces.web.month import MonthSpan
from bursar.surfaces.web.movers import PriceUsage

OPEN = MonthSpan(month=Period(2026, 11), latest=date(2026, 11, 17))
WHOLE = MonthSpan(month=Period(2026, 11), latest=date(2026, 11, 30))


def group(name: str, now: int, then: int | None) -> Group:
    """A row."""
    return Group(name=name, colour=1, now=Decimal(now), then=None if then is None else Decimal(then), members=frozenset({name}))


@pytest.mark.parametrize(
    ("span", "now", "then", "said"),
    [
        (OPEN, 104, 100, "November stands at USD 104 after 17 days, 4.0 % above the same days of October"),
        (OPEN, 100, 100, "November stands at USD 100 after 17 days, level with the same days of October"),
        (OPEN, 100, None, "November stands at USD 100 after 17 days"),
        (WHOLE, 90, 100, "November cost USD 90, 10.0 % below October"),
        (OPEN, 50, 0, "November stands at USD 50 after 17 days"),
    ],
)
def test_the_headline_says_how_the_month_stands(span: MonthSpan, now: int, then: int | None, said: str) -> None:
    """An open month stands, a whole one cost; nothing is compared with nothing."""
    assert sentences.month_headline(span, currency="USD", now=Decimal(now), then=None if then is None else Decimal(then)) == said


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([group("ml", 300, 100), group("web", 105, 100)], "ml rose by 200 against October; all else stayed level"),
        ([group("ml", 300, 100), group("web", 20, 100)], "ml rose by 200 against October; all else fell by 80"),
        ([group("unallocated", 10, 100), group("web", 100, 100)], "What has no owner fell by 90 against October; all else stayed level"),
        ([group("ml", 100, 100)], "Nothing moved against October"),
        ([group("ml", 300, None), group("web", 100, None)], "ml is 75.0 % of it"),
        ([], "Nothing was charged"),
    ],
)
def test_the_chart_names_who_carried_the_change(rows: list[Group], said: str) -> None:
    """The sentence over a chart is computed from its own rows."""
    assert sentences.driver(rows, before="October") == said


@pytest.mark.parametrize(
    ("split", "said"),
    [
        (None, "x moved the month most"),
        (PriceUsage(usage=Decimal(90), price=Decimal(2)), "x moved the month most, and it was usage, not price"),
        (PriceUsage(usage=Decimal(2), price=Decimal(-90)), "x moved the month most, and it was price, not usage"),
        (PriceUsage(usage=Decimal(50), price=Decimal(50)), "x moved the month most"),
        (PriceUsage(new_or_gone=Decimal(-9)), "x moved the month most, as it stopped"),
        (PriceUsage(rest=Decimal(9)), "x moved the month most, by charges that have no quantity"),
    ],
)
def test_a_reason_is_named_only_where_it_dwarfs_the_others(split: PriceUsage | None, said: str) -> None:
    """Usage or price is blamed only when it is three times all else."""
    assert sentences.moved("x", split, same_way=True) == said


def test_an_answer_names_the_row_that_carries_it() -> None:
    """Most of it is said of more than half, and of nothing that moved the other way."""
    rows = [("EC2", Decimal(30)), ("RDS", Decimal(-5))]
    assert sentences.answer("AWS", Decimal(125), Decimal(100), rows=rows) == "AWS is 25.0 % up, and EC2 is most of it"
    against = [("EC2", Decimal(-30)), ("RDS", Decimal(20)), ("S3", Decimal(20))]
    assert sentences.answer("AWS", Decimal(110), Decimal(100), rows=against) == "AWS is 10.0 % up; EC2 moved most, down by 30"
    assert sentences.answer("AWS", Decimal(10), None, rows=rows) == "AWS comes to 10"


def test_the_open_month_is_not_judged() -> None:
    """By month, the sentence speaks of whole months only."""
    buckets = [date(2026, 9, 1), date(2026, 10, 1), date(2026, 11, 1)]
    said = sentences.months(buckets, [Decimal(100), Decimal(110), Decimal(40)], open_month=date(2026, 11, 1))
    assert said == "October was 10.0 % above September; it is the highest so far"


def test_the_books_say_what_is_not_right() -> None:
    """Held, late and restated are told in the headline; without an invoice nothing is called right."""
    assert sentences.books([], held=1, late=2, restated=0) == (
        "Nothing is reconciled yet: no invoice was given; one delivery is held back and two sources are late"
    )
