"""The filter language: what it means, what it refuses, and how it is written."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bursar.query.filters import (
    And,
    Between,
    ColumnSql,
    Compare,
    Field,
    Filter,
    In,
    Like,
    Missing,
    QuestionError,
    all_of,
    any_of,
    compile_literal,
    compile_sql,
    fields_of,
    negate,
    parse,
    to_text,
)

COLUMNS = {
    "provider": ColumnSql(sql="provider"),
    "team": ColumnSql(sql="team"),
    "amount": ColumnSql(sql="amount", kind="number"),
    "day": ColumnSql(sql="day", kind="date"),
    "tag": ColumnSql(sql="Tags[{key}]", kind="map"),
}

texts = st.text(st.characters(min_codepoint=32, exclude_characters="\x7f", exclude_categories=["Cs"]), max_size=8)
words = st.sampled_from(["aws", "gcp", "core", "ml", "O'Brien", "50%", "a_b", "", "{{ x }}", "É"])
fields = st.sampled_from([Field(name="provider"), Field(name="team"), Field(name="tag", key="env"), Field(name="tag", key='Cost "C"')])
numbers = st.decimals(-1000, 1000, places=2)
days = st.dates(date(2026, 1, 1), date(2026, 12, 31))


def comparisons(values: st.SearchStrategy[str]) -> st.SearchStrategy[Filter]:
    """One comparison of any shape."""
    return st.one_of(
        st.builds(Compare, field=fields, op=st.sampled_from(["=", "<", "<=", ">", ">="]), value=values),
        st.builds(In, field=fields, values=st.lists(values, min_size=1, max_size=4).map(tuple)),
        st.builds(Like, field=fields, pattern=values.map(lambda text: text.replace("\\", "")), fold=st.booleans()),
        st.builds(Missing, field=fields),
        st.builds(Compare, field=st.just(Field(name="amount")), op=st.sampled_from(["=", "<", ">="]), value=numbers),
        st.builds(Between, field=st.just(Field(name="day")), low=days, high=days),
    )


def trees(values: st.SearchStrategy[str]) -> st.SearchStrategy[Filter]:
    """Filters of any shape, in canonical form."""
    return st.recursive(
        comparisons(values),
        lambda inner: st.one_of(
            st.lists(inner, min_size=2, max_size=3).map(lambda terms: all_of(*terms)),
            st.lists(inner, min_size=2, max_size=3).map(lambda terms: any_of(*terms)),
            inner.map(negate),
        ),
        max_leaves=6,
    )


@given(trees(texts))
def test_parse_reads_back_what_is_printed(tree: Filter) -> None:
    """Every filter has one printing, and reading that printing gives the filter back."""
    assert parse(to_text(tree)) == tree
    assert to_text(parse(to_text(tree))) == to_text(tree)


@pytest.fixture(scope="module")
def charges() -> duckdb.DuckDBPyConnection:
    """Charges with gaps everywhere: no provider, no team, no tags, no day, no amount."""
    connection = duckdb.connect()
    connection.execute("""
        CREATE TABLE charges AS
        SELECT row_number() OVER ()::DECIMAL(38,12) AS cost, provider, team, env, amount, day,
            CASE WHEN env = 'no map' THEN NULL WHEN env IS NULL THEN MAP {} ELSE MAP {'env': env, 'Cost "C"': 'É'} END AS Tags
        FROM (VALUES ('aws'), ('gcp'), (NULL)) p(provider), (VALUES ('core'), ('O''Brien'), ('50%'), (NULL)) t(team),
            (VALUES ('ml'), ('a_b'), ('no map'), (NULL)) e(env),
            (VALUES (-5.00, DATE '2026-03-01'), (0, NULL), (NULL, DATE '2026-08-09')) a(amount, day)""")
    return connection


@given(tree=trees(words))
def test_a_filter_and_its_negation_partition_the_total(charges: duckdb.DuckDBPyConnection, tree: Filter) -> None:
    """The sum under a filter plus the sum under its NOT is the total, whatever is missing."""
    total = Decimal(0)
    for side in (tree, negate(tree)):
        where, parameters = compile_sql(side, COLUMNS)
        found = charges.execute(f"SELECT coalesce(sum(cost), 0), count(*) FROM charges WHERE {where}", parameters).fetchall()
        literal = charges.execute(f"SELECT coalesce(sum(cost), 0), count(*) FROM charges WHERE {compile_literal(side, COLUMNS)}").fetchall()
        assert found == literal
        total += found[0][0]
    assert [(total,)] == charges.execute("SELECT sum(cost) FROM charges").fetchall()


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("Provider='aws' and NOT team <> 'core'", "provider = 'aws' AND team = 'core'"),
        ("not (team in ('a','b'))", "team NOT IN ('a', 'b')"),
        ("(team = 'a' OR team = 'b') AND amount >= -1.50", "(team = 'a' OR team = 'b') AND amount >= -1.5"),
        ("NOT NOT team IS NULL", "team IS NULL"),
        ("TAG:a-b = 'x' OR tag:\"a-b\" = 'y'", "tag:a-b = 'x' OR tag:a-b = 'y'"),
        ("(team='a' AND (team='b' AND team='c'))", "team = 'a' AND team = 'b' AND team = 'c'"),
    ],
)
def test_equal_filters_are_printed_alike(text: str, printed: str) -> None:
    """Case of names, spare parentheses, double NOT and number spelling leave no trace in the printed form."""
    assert to_text(parse(text)) == printed


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("", 1),
        ("true", 5),
        ("1 = 1", 1),
        ("team", 5),
        ("team = ", 8),
        ("team = core", 8),
        ('team = "core"', 8),
        ("team = 'a' OR", 14),
        ("team = 'a'; DROP TABLE x", 11),
        ("team = 'a' -- comment", 12),
        ("team = 'a' /* c */", 12),
        ("EXISTS (SELECT 1)", 8),
        ("team = read_csv('/etc/passwd')", 8),
        ("team IN (SELECT 1)", 10),
        ("team IN ()", 10),
        ("team = $1", 8),
        ("@team = 'a'", 1),
        ("team = 'a' UNION SELECT 1", 12),
        ("amount = 1e3", 10),
        ("day = DATE '2026-02-30'", 7),
        ("team LIKE 'a\\'", 11),
        ("team = 'a\x00'", 10),
        ("(" * 21 + "team = 'a'" + ")" * 21, 21),
        ("NOT " * 21 + "team = 'a'", 81),
    ],
)
def test_what_the_grammar_does_not_name_is_refused_at_its_place(text: str, column: int) -> None:
    """Nothing but comparisons of columns with literals can be written, and the error names the character."""
    with pytest.raises(QuestionError) as refused:
        parse(text)
    assert refused.value.column == column


@pytest.mark.parametrize("value", ["a\x1b[2J", "\x07", "\u202eevil", "a\r\nb"])
def test_whatever_stands_in_a_tag_can_be_asked_for(value: str) -> None:
    """A value with control or direction characters is a text like any, and is written as it was read."""
    tree = Compare(field=Field(name="team"), op="=", value=value)
    assert parse(to_text(tree)) == tree
    with pytest.raises(QuestionError):
        parse("team\x1b = 'a'")


@pytest.mark.parametrize(
    "text",
    [
        "team = '" + "a" * 8192 + "'",
        " AND ".join(["amount = 1"] * 201),
        "amount IN (" + ",".join("0" * 1 for _ in range(4000)) + ") OR amount IN (" + ",".join("1" for _ in range(90)) + ",",
        "(" * 4000,
    ],
)
def test_oversized_filters_are_refused(text: str) -> None:
    """Bytes, comparisons and nesting are bounded before anything expensive happens."""
    with pytest.raises(QuestionError):
        parse(text)


def test_an_unknown_column_names_its_nearest() -> None:
    """A misspelt column is an error with the name probably meant and where it stands."""
    with pytest.raises(QuestionError) as refused:
        compile_sql(parse("team = 'a' AND providr = 'aws'"), COLUMNS)
    assert (refused.value.column, refused.value.cure) == (16, "did you mean 'provider'?")


@pytest.mark.parametrize("text", ["effective_cost > 10", "EffectiveCost > 10", "ConsumedQuantity = 1"])
def test_measures_are_sent_to_having(text: str) -> None:
    """A measure cannot be filtered by, as that would depend on the grain of the table."""
    with pytest.raises(QuestionError) as refused:
        compile_sql(parse(text), COLUMNS)
    assert "having" in refused.value.cure


@pytest.mark.parametrize("text", ["team = 5", "amount = 'x'", "day > '2026-01-01'", "tag:env = true", "amount LIKE 'x'", "tag = 'x'"])
def test_a_value_of_another_kind_is_refused(text: str) -> None:
    """Text, numbers and days are never compared with one another by guess."""
    with pytest.raises(QuestionError):
        compile_sql(parse(text), COLUMNS)


def test_no_literal_opens_a_template_tag() -> None:
    """A value written into a template's SQL stays text there."""
    sql = compile_literal(parse("team IN ('{{ env }}', '{% x', '{# y') AND tag:\"{{k}}\" = 'x'"), COLUMNS)
    assert not any(tag in sql for tag in ("{{", "{%", "{#"))


def test_values_and_keys_never_reach_the_sql_text() -> None:
    """Values and tag keys travel as bound parameters, in the order of their marks."""
    sql, parameters = compile_sql(parse("tag:\"k'\" = 'v' AND amount > 1"), COLUMNS)
    assert "'" not in sql
    assert parameters == ("k'", "v", Decimal(1))


def test_fields_are_listed_once_in_order() -> None:
    """Who routes a question can ask which columns its filter needs."""
    assert fields_of(parse("team = 'a' OR tag:x = 'b' OR team = 'c'")) == (Field(name="team"), Field(name="tag", key="x"))


def test_a_scope_is_added_on_the_tree() -> None:
    """A filter with OR cannot escape the scope it is joined to."""
    scoped = all_of(parse("team = 'mine'"), parse("team = 'a' OR amount = 1"))
    assert isinstance(scoped, And)
    assert to_text(scoped) == "team = 'mine' AND (team = 'a' OR amount = 1)"


WORDS = st.sampled_from([
    "AND", "OR", "NOT", "IN", "LIKE", "BETWEEN", "IS", "NULL", "(", ")", ",", "=", "!=", "<>", "<=", "'", "''", "'a'", "1", "-1.5", "1e9",
    "DATE '2026-07-01'", "DATE ''", "true", "provider", "tag:", "tag:x", 'tag:"a b"', '"', ";", "--", "/*", "$1", "?", "@x", "{{", "\\", "%",
    "SELECT 1", "read_csv('x')", "x::INT", "[1]", "\u202e", "\x00", "é",
])  # fmt: skip


@settings(max_examples=500)
@given(st.one_of(st.text(max_size=60), st.lists(WORDS, max_size=14).map(" ".join), st.lists(WORDS, max_size=14).map("".join)))
def test_hostile_text_is_read_or_refused_and_nothing_else(text: str) -> None:
    """Any text is either a filter, which prints and reads back, or an error with its place inside the text."""
    column: int | None = 1
    try:
        tree = parse(text)
        assert parse(to_text(tree)) == tree
    except QuestionError as error:
        column = error.column
    assert column is None or 1 <= column <= len(text) + 1
