"""A filter over what is only planned: it agrees with SQL where all is known, and says perhaps where it is not."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bursar.query.filters import And, Between, ColumnSql, Compare, Field, Filter, In, Like, Missing, Not, Or, compile_sql, parse
from bursar.query.known import UNKNOWN, Fact, holds

NAMES = ("team", "env", "region_id")
WORDS = ("core", "ml", "prod", "pro", "Prod", "", "a%b", "ü")

fields = st.sampled_from([Field(name=name) for name in NAMES])
words = st.sampled_from(WORDS)
tests = st.one_of(
    st.builds(Compare, field=fields, op=st.sampled_from(["=", "<", "<=", ">", ">="]), value=words),
    st.builds(In, field=fields, values=st.lists(words, min_size=1, max_size=3).map(tuple)),
    st.builds(Like, field=fields, pattern=st.sampled_from(["%", "pro_", "c%", "a\\%b", "%o%"]), fold=st.booleans()),
    st.builds(Between, field=fields, low=words, high=words),
    st.builds(Missing, field=fields),
)


def _joined(trees: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
    several = st.lists(trees, min_size=2, max_size=3).map(tuple)
    return st.one_of(st.builds(And, terms=several), st.builds(Or, terms=several), st.builds(Not, term=trees))


filters: st.SearchStrategy[Filter] = st.recursive(tests, _joined, max_leaves=6)


@given(tree=filters, facts=st.fixed_dictionaries({name: st.one_of(st.none(), words) for name in NAMES}))
@settings(max_examples=150, deadline=None)
def test_where_all_is_known_it_says_what_sql_says(tree: Filter, facts: dict[str, Fact]) -> None:
    """A budget's scope means the same for a planned resource as for a charge."""
    condition, values = compile_sql(tree, {name: ColumnSql(sql=name) for name in NAMES})
    columns = ", ".join(f"CAST(? AS VARCHAR) AS {name}" for name in NAMES)
    row = duckdb.execute(f"SELECT coalesce({condition}, false) FROM (SELECT {columns})", [*values, *(facts[name] for name in NAMES)])
    found = row.fetchone()
    assert found is not None
    assert holds(tree, facts) == found[0]


@given(tree=filters, facts=st.fixed_dictionaries({name: st.sampled_from([*WORDS, None, UNKNOWN]) for name in NAMES}), data=st.data())
@settings(max_examples=150, deadline=None)
def test_what_is_said_of_the_unknown_stays_true_once_it_is_known(tree: Filter, facts: dict[str, Fact], data: st.DataObject) -> None:
    """Yes and no never change when a value becomes known; only perhaps does."""
    said = holds(tree, facts)
    known = {name: data.draw(st.one_of(st.none(), words)) if fact is UNKNOWN else fact for name, fact in facts.items()}
    assert said is None or holds(tree, known) == said


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("team = 'core'", None),
        ("team = 'core' AND env = 'dev'", False),
        ("team = 'core' OR env = 'prod'", True),
        ("tag:cost = 'x'", None),
        ("environment = 'prod'", True),
        ("day >= DATE '2026-01-01'", None),
    ],
)
def test_what_is_not_known_is_perhaps(text: str, expected: bool | None) -> None:
    """A field nobody can tell yet makes an answer perhaps, unless another field decides it."""
    assert holds(parse(text), {"team": UNKNOWN, "env": "prod"}) is expected
