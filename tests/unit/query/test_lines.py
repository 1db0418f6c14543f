"""The bill's lines page by page, and the values of a dimension."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import duckdb
import pytest

from bursar.lake.generations import Generation
from bursar.ports import Warehouse
from bursar.query.errors import QuestionError
from bursar.query.lines import generation_of, lines
from bursar.query.question import read_query
from bursar.query.values import dimension_values

QUESTION = read_query({"window": "2026-06-20..2026-07-10", "filter": "provider = 'aws'"})


def test_pages_tell_every_line_once(generation: Generation, warehouse: Warehouse, bill: duckdb.DuckDBPyConnection) -> None:
    """Walking the pages meets each line once, dearest first, and their sum is the bill's."""
    found: list[Decimal] = []
    cursor: str | None = None
    for _ in range(30):
        page = lines(QUESTION, generation=generation, warehouse=warehouse, limit=7, after=cursor)
        found.extend(line["effective_cost"] for line in page.lines)  # type: ignore[misc]
        cursor = page.next
        if cursor is None:
            break
    days = "x_Provider = 'aws' AND ChargePeriodStart >= DATE '2026-06-20' AND ChargePeriodStart < DATE '2026-07-10'"
    assert bill.execute(f"SELECT count(*), sum(EffectiveCost) FROM bill WHERE {days}").fetchone() == (len(found), sum(found))
    assert found == sorted(found, reverse=True)


def test_a_line_tells_where_it_comes_from(generation: Generation, warehouse: Warehouse) -> None:
    """Each line names its source, snapshot and delivered file, and holds every FOCUS column."""
    line = lines(QUESTION, generation=generation, warehouse=warehouse, limit=1).lines[0]
    assert (line["source"], line["x_snapshot_id"], line["x_source_file"]) == ("src", "focus-2026-06", "drop/aws.csv")
    assert line["service_name"] is not None


def test_a_cursor_stays_with_its_question_and_generation(generation: Generation, warehouse: Warehouse) -> None:
    """A cursor taken to another question, another generation or bent out of shape is refused; it names its generation."""
    cursor = lines(QUESTION, generation=generation, warehouse=warehouse, limit=1).next
    assert cursor is not None
    assert generation_of(cursor) == 3
    for question, book, after in (
        (read_query({"window": "30d"}), generation, cursor),
        (QUESTION, replace(generation, n=4), cursor),
        (QUESTION, generation, cursor[:-4]),
        (QUESTION, generation, "e30"),
        (QUESTION, generation, "é"),
    ):
        with pytest.raises(QuestionError) as refused:
            lines(question, generation=book, warehouse=warehouse, after=after)
        assert refused.value.pointer == "cursor"


@pytest.mark.parametrize("limit", [0, 1001])
def test_a_page_has_bounds(generation: Generation, warehouse: Warehouse, limit: int) -> None:
    """A page holds between one and a thousand lines."""
    with pytest.raises(QuestionError):
        lines(QUESTION, generation=generation, warehouse=warehouse, limit=limit)


def test_owners_are_not_on_the_bills_lines(generation: Generation, warehouse: Warehouse) -> None:
    """Filtering lines by a dimension of ours is refused by name."""
    with pytest.raises(QuestionError, match="'team' is decided by rules"):
        lines(read_query({"filter": "team = 'core'"}), generation=generation, warehouse=warehouse)


def test_values_come_with_their_cost(generation: Generation, warehouse: Warehouse) -> None:
    """Type-ahead finds letters anywhere and whatever their case, dearest first; a percent sign is only itself."""
    found = dimension_values("team", "O'b", generation=generation, warehouse=warehouse)
    assert {value.value for value in found} == {"O'Brien"}
    assert dimension_values("service_name", "%", generation=generation, warehouse=warehouse) == ()
    every = dimension_values('tag:"Cost Center"', generation=generation, warehouse=warehouse)
    assert [value.effective_cost for value in every] == sorted((value.effective_cost for value in every), reverse=True)
    assert dimension_values("team", generation=None, warehouse=warehouse) == ()


@pytest.mark.parametrize("letters", ["", "o", "zzz"])
def test_the_mart_and_the_charges_offer_the_same(generation: Generation, warehouse: Warehouse, letters: str) -> None:
    """Values come from the narrow mart where it lists the dimension, and are what the charges themselves say."""
    without = replace(generation, files=tuple(file for file in generation.files if file.table != "dimension_values"))
    for dimension in ("team", "region_id", "sub_account_name"):
        here, there = (
            dimension_values(dimension, letters, generation=book, warehouse=warehouse, limit=100) for book in (generation, without)
        )
        assert sorted(here, key=str) == sorted(there, key=str)
