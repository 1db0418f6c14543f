"""What a row scope decides without a bill: which filters lie within it, and what a role may."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bursar.domain.errors import ConfigError
from bursar.query.filters import And, ColumnSql, Compare, Field, Filter, In, Like, Missing, Not, Or, compile_sql, parse
from bursar.store.keys import ROLES
from bursar.surfaces.principal import Principal, implies, read_scope

NAMES = ("team", "env")
WORDS = ("core", "ml", "prod")

fields = st.sampled_from([Field(name=name) for name in NAMES])
words = st.sampled_from(WORDS)
tests = st.one_of(
    st.builds(Compare, field=fields, op=st.sampled_from(["=", "=", "=", "<", ">="]), value=words),
    st.builds(In, field=fields, values=st.lists(words, min_size=1, max_size=2).map(tuple)),
    st.builds(Like, field=fields, pattern=st.sampled_from(["%o%", "m%"]), fold=st.booleans()),
    st.builds(Missing, field=fields),
)


def _joined(trees: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
    several = st.lists(trees, min_size=2, max_size=3).map(tuple)
    return st.one_of(st.builds(And, terms=several), st.builds(Or, terms=several), st.builds(Not, term=trees))


filters: st.SearchStrategy[Filter] = st.recursive(tests, _joined, max_leaves=4)
ROWS = [(team, env) for team in (*WORDS, None) for env in (*WORDS, None)]


@given(wanted=filters, scope=filters)
@settings(max_examples=120, deadline=None)
def test_what_is_said_to_lie_within_a_scope_does(wanted: Filter, scope: Filter) -> None:
    """A filter that is shown to a principal chooses no row their scope would not, by the engine's own word."""
    if implies(wanted, scope):
        (inside, first), (outside, more) = (compile_sql(tree, {name: ColumnSql(sql=name) for name in NAMES}) for tree in (wanted, scope))
        values = ", ".join(f"({_text(team)}, {_text(env)})" for team, env in ROWS)
        sql = f"SELECT * FROM (VALUES {values}) t(team, env) WHERE {inside} AND NOT coalesce({outside}, false)"
        assert duckdb.execute(sql, [*first, *more]).fetchall() == []


def _text(word: str | None) -> str:
    return "NULL::VARCHAR" if word is None else f"'{word}'"


@pytest.mark.parametrize(
    ("wanted", "scope", "expected"),
    [
        ("team = 'a'", "team = 'a'", True),
        ("team = 'a' AND env = 'b'", "team = 'a'", True),
        ("team IN ('a', 'b')", "team IN ('b', 'a', 'c')", True),
        ("team = 'a'", "team != 'b'", True),
        ("team LIKE 'a%'", "team LIKE 'a%'", True),
        ("team = 'a' OR team = 'b'", "team IN ('a', 'b')", True),
        ("team = 'a' OR env = 'b'", "team = 'a'", False),
        ("team = 'a'", "team = 'a' AND env = 'b'", False),
        ("account = 'a'", "sub_account_id = 'a'", True),
        ("tag:x = 'a'", "tag:x = 'a'", True),
        ("tag:x = 'a'", "tag:y = 'a'", False),
        ("NOT team = 'b'", "team = 'a'", False),
        ("team LIKE 'a'", "team = 'a'", False),
    ],
)
def test_a_filter_within_a_scope(wanted: str, scope: str, expected: bool) -> None:
    """Equal values, lists and the same terms are seen through; whatever takes more thought is not within."""
    assert implies(parse(wanted), parse(scope)) is expected


def test_what_cannot_be_decided_is_hidden() -> None:
    """A fact that is not known is neither inside nor outside, so it is not shown; without a scope everything is."""
    mine = Principal(name="ana", role="viewer", scope=parse("team = 'core'"))
    assert mine.sees({"team": "core"})
    assert not mine.sees({"team": "ml"})
    assert not mine.sees({"provider": "aws"})
    assert not mine.covers(None)
    everything = Principal(name="ana", role="viewer")
    assert everything.sees({})
    assert everything.covers(None)


def test_each_role_may_what_those_before_may() -> None:
    """Viewer, analyst, approver, operator, admin."""
    for place, role in enumerate(ROLES):
        assert [Principal(name="x", role=role).may(other) for other in ROLES] == [True] * (place + 1) + [False] * (4 - place)


@pytest.mark.parametrize("text", ["teem = 'a'", "cost > 10", "team = 'a' AND tag:x = 'b'", "team = 1", "team = "])
def test_a_scope_that_no_table_can_be_asked_is_no_scope(text: str) -> None:
    """Said when the key is made, not with its every question."""
    with pytest.raises(ConfigError):
        read_scope(text)
    assert read_scope("Team  =  'a'") == "team = 'a'"
    assert read_scope("tag:x = 'b' AND ServiceName LIKE 'A%'") == "tag:x = 'b' AND service_name LIKE 'A%'"
