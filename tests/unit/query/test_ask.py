"""Answers: the right table, rows that sum to the total, comparisons that meet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bursar.lake.generations import Generation
from bursar.ports import Warehouse
from bursar.query.ask import OTHER, Answer, ask, totals
from bursar.query.errors import QuestionError
from bursar.query.filters import negate, parse
from bursar.query.question import Query, command_of, digest_of, parts_of, read_query

Bill = duckdb.DuckDBPyConnection

FOCUS = {"effective_cost": "EffectiveCost", "billed_cost": "BilledCost", "list_cost": "ListCost", "contracted_cost": "ContractedCost"}
OWNED = ["team", "provider", "service_name", "sub_account_id", "region_id", "resource_id", "charge_category", "kind"]
ON_LINES = ["tag:team", 'tag:"Cost Center"', "service_name", "invoice_id", "region_id"]
SPANS = {
    "2026-06": ("window", "ChargePeriodStart >= DATE '2026-06-01' AND ChargePeriodStart < DATE '2026-07-01'"),
    "10d": ("window", "ChargePeriodStart >= DATE '2026-07-11' AND ChargePeriodStart < DATE '2026-07-21'"),
    "2026-06-10..2026-07-05": ("window", "ChargePeriodStart >= DATE '2026-06-10' AND ChargePeriodStart < DATE '2026-07-05'"),
    "2026-07": ("period", "BillingPeriodStart = DATE '2026-07-01'"),
}

questions = st.fixed_dictionaries(
    {
        "metric": st.sampled_from(sorted(FOCUS)),
        "group_by": st.one_of(
            st.lists(st.sampled_from(OWNED), unique=True, max_size=3), st.lists(st.sampled_from(ON_LINES), unique=True, max_size=2)
        ).map(",".join),
        "granularity": st.sampled_from(["day", "week", "month", "total"]),
        "top": st.sampled_from(["", "1", "3"]),
        "order": st.sampled_from(["value", "name"]),
        "span": st.sampled_from(sorted(SPANS)),
        "filter": st.sampled_from(
            ["", "provider = 'aws'", "region_id != 'region-1'", "service_name NOT LIKE 'Amazon%' OR resource_id IS NULL"]
        ),
    }
)
SQL = {
    "": "true",
    "provider = 'aws'": "x_Provider = 'aws'",
    "region_id != 'region-1'": "RegionId IS DISTINCT FROM 'region-1'",
    "service_name NOT LIKE 'Amazon%' OR resource_id IS NULL": "ServiceName NOT LIKE 'Amazon%' OR ResourceId IS NULL",
}


def by_hand(bill: Bill, metric: str, *where: str) -> dict[str, Decimal]:
    """The bill's own sums per currency."""
    conditions = " AND ".join(f"({part})" for part in where)
    return dict(bill.execute(f"SELECT BillingCurrency, sum({FOCUS[metric]}) FROM bill WHERE {conditions} GROUP BY 1").fetchall())


def asked(parts: dict[str, str], generation: Generation, warehouse: Warehouse) -> Answer:
    """The answer to a question in writing."""
    return ask(read_query(parts), generation=generation, warehouse=warehouse)


@settings(max_examples=200, deadline=None)
@given(parts=questions)
def test_every_answer_sums_to_the_bill(generation: Generation, warehouse: Warehouse, bill: Bill, parts: dict[str, str]) -> None:
    """However it is grouped, bucketed, cut to a top and routed, an answer sums to the bill's own lines in every digit."""
    span = parts.pop("span")
    name, condition = SPANS[span]
    answer = asked({**parts, name: span}, generation, warehouse)
    assert totals(answer) == by_hand(bill, parts["metric"], condition, SQL[parts["filter"]])
    assert len({(row.start, row.keys, row.currency) for row in answer.rows}) == len(answer.rows)
    assert all(row.start < row.end for row in answer.rows)


@pytest.mark.parametrize(
    "filter_", ["team = 'core'", "region_id LIKE 'region-%'", "tag:team IN ('ml', 'core')", "resource_id IS NULL AND env != 'prod'"]
)
def test_a_filter_and_its_negation_share_the_total(generation: Generation, warehouse: Warehouse, filter_: str) -> None:
    """What a filter keeps and what its NOT keeps are the whole bill."""
    sides = [ask(Query(filter=tree), generation=generation, warehouse=warehouse) for tree in (parse(filter_), negate(parse(filter_)))]
    whole = totals(ask(Query(), generation=generation, warehouse=warehouse))
    assert {currency: sum((totals(side).get(currency, Decimal(0)) for side in sides), Decimal(0)) for currency in whole} == whole


def test_shared_costs_move_between_owners_but_no_total(generation: Generation, warehouse: Warehouse) -> None:
    """Allocated cost by team differs from effective cost by team, and sums to the same."""
    direct = asked({"group_by": "team"}, generation, warehouse)
    allocated = asked({"group_by": "team", "metric": "allocated_cost"}, generation, warehouse)
    assert totals(direct) == totals(allocated)
    assert {row.keys: row.value for row in allocated.rows if row.currency == "USD"}["platform",] == 0


@pytest.mark.parametrize(
    ("parts", "table"),
    [
        ({"group_by": "team"}, "cost_daily_owner"),
        ({"group_by": "team", "filter": "env = 'prod' AND day >= DATE '2026-07-02'"}, "cost_daily_owner"),
        ({"group_by": "sub_account_id"}, "cost_daily_account"),
        ({"group_by": "account", "filter": "service_name = 'x'"}, "charge_daily"),
        ({"group_by": "service_name", "filter": "region = 'r'"}, "cost_daily_cloud_service"),
        ({"group_by": "team,service_name"}, "charge_daily"),
        ({"group_by": "team", "filter": "resource_id = 'x'", "metric": "allocated_cost"}, "charge_daily"),
        ({"group_by": "region_name"}, "cost_and_usage"),
        ({"group_by": "provider", "filter": "tag:team = 'core'"}, "cost_and_usage"),
    ],
)
def test_the_narrowest_table_answers(generation: Generation, warehouse: Warehouse, parts: dict[str, str], table: str) -> None:
    """A question goes to the smallest table that holds its dimensions and filter columns."""
    assert asked(parts, generation, warehouse).table == table


@pytest.mark.parametrize(
    ("parts", "pointer", "says"),
    [
        ({"group_by": "team", "filter": "tag:cost = 'x'"}, "filter", "no table has both"),
        ({"group_by": "team,region_name"}, "group_by", "no table has both"),
        ({"metric": "allocated_cost", "group_by": "tag:x"}, "metric", "do not know allocated_cost"),
        ({"group_by": "temm"}, "group_by", "no column 'temm'"),
        ({"filter": "teem = 'x'"}, "filter", "no column 'teem'"),
        ({"filter": "billed_cost > 1"}, "filter", "is a measure"),
        ({"having": "team = 'x'"}, "having", "no column 'team'"),
        ({"having": "value >"}, "having", "too early"),
        ({"group_by": "a,b,c,d,e"}, "group_by", "4 dimensions"),
        ({"group_by": "day"}, "group_by", "not a dimension"),
        ({"group_by": "team;"}, "group_by", "not a dimension"),
        ({"metric": "cost"}, "metric", "no metric"),
        ({"granularity": "hour"}, "granularity", "no granularity"),
        ({"top": "0"}, "top", "from 1"),
        ({"compare": "last"}, "compare", "nothing to compare"),
        ({"metrik": "x"}, "metrik", "no 'metrik'"),
        ({"period": "2026-07-01"}, "period", "not a month"),
        ({"window": "10d", "period": "2026-07"}, "window", "not both"),
    ],
)
def test_a_wrong_question_is_told_where_it_is_wrong(
    generation: Generation, warehouse: Warehouse, parts: dict[str, str], pointer: str, says: str
) -> None:
    """Each part that cannot be answered is named, with what is wrong about it."""
    with pytest.raises(QuestionError, match=says) as refused:
        asked(parts, generation, warehouse)
    assert refused.value.pointer == pointer


def test_top_names_the_largest_and_sums_the_rest(generation: Generation, warehouse: Warehouse) -> None:
    """`top` keeps the largest groups of each currency over the whole window and one row `other`, which comes last."""
    every = asked({"group_by": "service_name", "granularity": "total"}, generation, warehouse)
    top = asked({"group_by": "service_name", "granularity": "total", "top": "2"}, generation, warehouse)
    for currency in ("EUR", "USD"):
        large = [row for row in every.rows if row.currency == currency]
        shown = [row for row in top.rows if row.currency == currency]
        assert [row.keys for row in shown] == [large[0].keys, large[1].keys, (OTHER,)]
        assert shown[2].value == sum(row.value for row in large[2:])


def test_a_group_called_other_never_stands_beside_the_rest(generation: Generation, warehouse: Warehouse) -> None:
    """A team that is named `other` joins the rest instead of making two rows of one name."""
    answer = asked({"group_by": "team", "granularity": "total", "top": "4"}, generation, warehouse)
    assert [row.keys for row in answer.rows if row.currency == "USD"].count((OTHER,)) == 1


def test_having_keeps_whole_groups(generation: Generation, warehouse: Warehouse) -> None:
    """`having` looks at a group's sum over the whole window, so a kept group has all its days."""
    every = asked({"group_by": "service_name", "granularity": "day"}, generation, warehouse)
    sums: dict[tuple[str, tuple[str | None, ...]], Decimal] = {}
    for row in every.rows:
        sums[row.currency, row.keys] = sums.get((row.currency, row.keys), Decimal(0)) + row.value
    limit = sorted(sums.values())[len(sums) // 2]
    kept = asked({"group_by": "service_name", "granularity": "day", "having": f"value > {limit}"}, generation, warehouse)
    assert kept.rows == tuple(row for row in every.rows if sums[row.currency, row.keys] > limit)


@pytest.mark.parametrize("granularity", ["day", "week", "month", "total"])
def test_a_comparison_sums_to_the_other_days(generation: Generation, warehouse: Warehouse, bill: Bill, granularity: str) -> None:
    """The compared side of an answer is the bill of the compared days, and the asked side does not change by it."""
    parts = {"group_by": "team", "window": "month", "granularity": granularity}
    plain = asked(parts, generation, warehouse)
    both = asked({**parts, "compare": "previous_period"}, generation, warehouse)
    assert totals(both) == totals(plain)
    days = "ChargePeriodStart >= DATE '2026-06-01' AND ChargePeriodStart < DATE '2026-06-21'"
    assert previous(both.rows) == by_hand(bill, "effective_cost", days)


def previous(rows: Sequence[object]) -> dict[str, Decimal]:
    """The compared sums per currency."""
    found: dict[str, Decimal] = {}
    for row in rows:
        found[row.currency] = found.get(row.currency, Decimal(0)) + (row.previous or Decimal(0))  # type: ignore[attr-defined]
    return found


def test_an_open_bill_is_compared_with_the_same_days_of_the_last(generation: Generation, warehouse: Warehouse, bill: Bill) -> None:
    """The default question compared takes last month's bill up to the day the data ends."""
    answer = asked({"compare": "previous_period"}, generation, warehouse)
    days = "BillingPeriodStart = DATE '2026-06-01' AND ChargePeriodStart < DATE '2026-06-21'"
    assert previous(answer.rows) == by_hand(bill, "effective_cost", days)


def test_what_has_no_data_is_unknown_not_zero(generation: Generation, warehouse: Warehouse) -> None:
    """Compared with days before the first bill, the other side is None; a group new since then has zero there."""
    answer = asked({"group_by": "team", "compare": "previous_year"}, generation, warehouse)
    assert {row.previous for row in answer.rows} == {None}


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ({"window": "2030-01"}, "The data has charges from 2026-05-29 to 2026-07-20"),
        ({"period": "2025-01"}, "No bill of 2025-01 is published; there are 2026-06 to 2026-07"),
        ({"filter": "team = 'nobody'"}, "No charge of these days passes the filter"),
        ({"having": "value > 1000000000"}, "passes the having"),
    ],
)
def test_an_empty_answer_says_why(generation: Generation, warehouse: Warehouse, parts: dict[str, str], says: str) -> None:
    """No rows come with the reason there are none."""
    answer = asked(parts, generation, warehouse)
    assert answer.rows == ()
    assert says in answer.why


def test_before_the_first_bill_the_answer_is_empty(warehouse: Warehouse) -> None:
    """Asked of nothing published, every question has an empty answer that says how to begin."""
    for parts in (
        {},
        {"group_by": "team", "metric": "allocated_cost"},
        {"group_by": "tag:x", "window": "30d", "compare": "previous_period"},
    ):
        answer = ask(read_query(parts), generation=None, warehouse=warehouse)
        assert (answer.generation, answer.rows) == (0, ())
        assert "bursar ingest" in answer.why


def test_a_mart_that_lacks_a_period_is_not_used(generation: Generation, warehouse: Warehouse, bill: Bill) -> None:
    """A month without marts is read from its lines rather than left out of a sum; owners of it are refused."""
    files = tuple(file for file in generation.files if file.table == "cost_and_usage" or file.period == "2026-06")
    partly = replace(generation, files=files)
    answer = ask(read_query({"group_by": "provider"}), generation=partly, warehouse=warehouse)
    assert answer.table == "cost_and_usage"
    assert totals(answer) == by_hand(bill, "effective_cost", "BillingPeriodStart = DATE '2026-07-01'")
    with pytest.raises(QuestionError, match="not built"):
        ask(read_query({"group_by": "team"}), generation=partly, warehouse=warehouse)


def test_the_evidence_runs_and_gives_the_same_rows(generation: Generation, warehouse: Warehouse) -> None:
    """The SQL shown with an answer holds its values, names no path, and gives the answer when run."""
    answer = asked({"group_by": "team", "filter": "team = 'O''Brien' OR team = '?'", "top": "3"}, generation, warehouse)
    assert "O''Brien" in answer.sql
    assert "/" not in answer.sql
    connection = duckdb.connect()
    for file in generation.of(answer.table, period="2026-07"):
        connection.execute(f"CREATE VIEW {answer.table} AS SELECT * FROM '{file.path}'")
    assert [row[-2] for row in connection.execute(answer.sql).fetchall()] == [row.value for row in answer.rows]


def test_a_question_has_one_writing() -> None:
    """Equal questions, however written, have one digest, one address and one command line, which asks the same again."""
    one = read_query({"group_by": 'Account, tag:"a-b"', "filter": "NOT (Provider <> 'aws')", "metric": "effective_cost", "top": "05"})
    two = read_query({"group_by": "sub_account_id,tag:a-b,currency", "filter": "provider='aws'", "top": "5"})
    assert one == two
    assert digest_of(one) == digest_of(two)
    assert read_query(parts_of(one)) == one
    assert command_of(one) == """bursar costs --group-by sub_account_id,tag:a-b --filter "provider = 'aws'" --top 5"""


def test_buckets_are_cut_to_the_window(generation: Generation, warehouse: Warehouse) -> None:
    """The first and last week or month of a window hold only its days, and say so."""
    answer = asked({"window": "2026-06-10..2026-07-05", "granularity": "month"}, generation, warehouse)
    assert {(row.start, row.end) for row in answer.rows} == {(date(2026, 6, 10), date(2026, 7, 1)), (date(2026, 7, 1), date(2026, 7, 5))}
