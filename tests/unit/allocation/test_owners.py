from decimal import Decimal

import duckdb
from allocation_models import PROJECT, RENDERING, Line, Marts, allocate
from hypothesis import given, settings
from hypothesis import strategies as st
from reference.owners import owner

from bursar.allocation.columns import CHARGE_COLUMNS, charge_registry, extra_columns
from bursar.query.filters import parse

SPELLINGS = "team|Team|TEAM|te-am|owner|squad|Cost Center|cost_center|app|Service|env|Environment|stage|user.team||name"
PROVIDERS = "aws:team|AWS:owner|goog-env|hidden-team|ms-resource-owner"
keys = st.sampled_from(f"{SPELLINGS}|{PROVIDERS}".split("|"))
values = st.sampled_from(["pay", " Pay\t", "PRODUCTION", "live", "stg", "", "  ", "true", "a'b", "{{ 1 }}", "é"])
tag_maps = st.dictionaries(keys, values, max_size=5)


def owners(lines: list[Line], rules: str = "") -> list[tuple[str, str, str]]:
    """The owner of each line, in the order given (each line has its own resource)."""
    marts = allocate([{"ResourceId": f"{index:04d}", **line} for index, line in enumerate(lines)], rules)
    return [tuple(row) for row in marts.rows("SELECT team, service, env FROM charge_daily ORDER BY resource_id")]


def rules_of(marts: Marts) -> list[str]:
    """The ids of the rules that decided the team, by resource."""
    return [row[0] for row in marts.rows("SELECT team_rule FROM charge_daily ORDER BY resource_id")]


@settings(max_examples=6, deadline=None)
@given(st.lists(st.tuples(tag_maps, tag_maps, tag_maps), min_size=1, max_size=30))
def test_default_owners_are_those_of_the_reference(lines: list[tuple[dict[str, str], dict[str, str], dict[str, str]]]) -> None:
    """Whatever tags a charge has, in whatever spelling and scope, its owner is the one read off by hand."""
    found = owners([{"Tags": tags, "x_CostCategories": categories, "x_InheritedTags": inherited} for tags, categories, inherited in lines])
    expected = [owner(tags, categories, inherited=inherited) for tags, categories, inherited in lines]
    assert found == [(each["team"], each["service"], each["env"]) for each in expected]


def test_a_charge_without_tags_is_unallocated_and_stays() -> None:
    """Tax, support and credits without tag, account or resource keep their money under 'unallocated'."""
    marts = allocate([{"ChargeCategory": "Tax", "SubAccountId": None, "BilledCost": Decimal("-3.5"), "Tags": None}])
    assert marts.rows("SELECT team, service, env, billed_cost, team_rule FROM charge_daily") == [
        ("unallocated", "unallocated", "unallocated", Decimal("-3.5"), "team.default")
    ]


def test_each_row_keeps_the_rule_that_decided() -> None:
    """The marts say by which rule, scope and key an owner was found."""
    rules = """
dimensions:
  team:
    - {tags: [team, owner], map: {pay: payments}}
    - {when: "service_name LIKE '%Support%'", value: platform}
    - {accounts: {000123: search}}
    - {default: nobody}
"""
    lines: list[Line] = [
        {"Tags": {"Team": "Pay"}},
        {"Tags": {"owner": "x"}},
        {"x_CostCategories": {"team": "x"}},
        {"x_InheritedTags": {"owner": "x"}},
        {"ServiceName": "AWS Support"},
        {"SubAccountId": "000123"},
        {"SubAccountId": "123"},
    ]
    marts = allocate([{"ResourceId": str(index), **line} for index, line in enumerate(lines)], rules)
    assert rules_of(marts) == [
        "team[0].tags:team",
        "team[0].tags:owner",
        "team[0].cost_categories:team",
        "team[0].inherited_tags:owner",
        "team[1].when",
        "team[2].accounts",
        "team.default",
    ]
    assert [row[0] for row in marts.rows("SELECT team FROM charge_daily ORDER BY resource_id")] == [
        *("payments", "x", "x", "x", "platform", "search", "nobody")
    ]


def test_scope_beats_key() -> None:
    """A lesser key on the resource decides before a better key on its cost category or project."""
    assert owners([{"Tags": {"cost-center": "a"}, "x_CostCategories": {"team": "b"}, "x_InheritedTags": {"team": "c"}}])[0][0] == "a"
    assert owners([{"Tags": {"team": " "}, "x_CostCategories": {"squad": "b"}, "x_InheritedTags": {"team": "c"}}])[0][0] == "b"


def test_a_rule_holds_in_its_periods_only() -> None:
    """A re-organisation in April moves no March charge."""
    rules = """
dimensions:
  team:
    - {when: "provider = 'aws'", value: old, valid_to: 2026-03}
    - {when: "provider = 'aws'", value: new, valid_from: 2026-04, valid_to: 2026-04}
"""
    lines: list[Line] = [{"x_billing_period": f"2026-0{month}-01"} for month in (3, 4, 5)]
    assert [each[0] for each in owners(lines, rules)] == ["old", "new", "unallocated"]


def test_a_later_dimension_may_look_at_an_earlier_one() -> None:
    """Services can be told by the team found just before."""
    rules = "dimensions: {service: [{when: \"team = 'pay' AND tag:kind = 'db'\", value: ledger}]}"
    assert owners([{"Tags": {"team": "pay", "kind": "db"}}, {"Tags": {"team": "pay"}}], rules) == [
        ("pay", "ledger", "unallocated"),
        ("pay", "unallocated", "unallocated"),
    ]


def test_a_condition_may_look_at_any_text_column() -> None:
    """Columns no mart carries decide all the same, and charges they tell apart are counted once each."""
    rules = "dimensions: {team: [{when: \"charge_description LIKE 'NAT%' AND x_operation != 'x'\", value: network}]}"
    lines: list[Line] = [
        {"ChargeDescription": "NAT gateway"},
        {"ChargeDescription": "other"},
        {"ChargeDescription": "NAT", "x_Operation": "x"},
    ]
    marts = allocate(lines, rules)
    assert marts.rows("SELECT team, sum(lines) FROM charge_daily GROUP BY team ORDER BY team") == [("network", 1), ("unallocated", 2)]
    assert not marts.broken


def test_an_edited_rule_moves_cost_but_no_total() -> None:
    """Two sets of rules over one bill give other owners and the same sums."""
    lines: list[Line] = [{"Tags": {"team": name}, "EffectiveCost": Decimal(index + 1)} for index, name in enumerate("abcd")]
    before = allocate(lines)
    after = allocate(lines, "dimensions: {team: [{tags: [team], map: {a: b, c: d}}]}")
    total = "SELECT sum(effective_cost), sum(allocated_cost) FROM cost_daily_owner"
    assert before.rows(total) == after.rows(total)
    assert before.value("SELECT count(DISTINCT team) FROM cost_daily_owner") == 4
    assert after.value("SELECT count(DISTINCT team) FROM cost_daily_owner") == 2


def test_text_of_a_rule_is_never_sql_nor_jinja() -> None:
    """Quotes and braces in values, keys and conditions stay text."""
    rules = """
dimensions:
  team:
    - {tags: ["te'am{{ 1 }}"], map: {"{{ 7 }}": "o'neil {% raw %}"}}
    - {when: "tag:\\"a'b\\" = '{{ x }}'' OR true'", value: "x'; DROP TABLE y"}
"""
    assert owners([{"Tags": {"te'am{{ 1 }}": "{{ 7 }}"}}, {"Tags": {"a'b": "{{ x }}' OR true"}}, {"Tags": {}}], rules) == [
        ("o'neil {% raw %}", "unallocated", "unallocated"),
        ("x'; drop table y", "unallocated", "unallocated"),
        ("unallocated", "unallocated", "unallocated"),
    ]


def test_a_name_change_within_a_month_loses_no_line() -> None:
    """The same account under two names is two rows, with all its lines."""
    marts = allocate([{"SubAccountId": "1", "SubAccountName": "old"}, {"SubAccountId": "1", "SubAccountName": "new", "day": 3}])
    assert marts.value("SELECT sum(lines) FROM cost_daily_account") == 2
    assert not marts.broken


def test_the_columns_of_conditions_are_those_of_the_project() -> None:
    """What the rules believe the marts carry is what charge_columns() of the dbt project carries."""
    listed = RENDERING.sql("{% for name, sql in charge_columns() %}{{ name }} {{ sql }}\n{% endfor %}").splitlines()
    carried = {line.split(" ", 1)[0] for line in listed if line}
    expressions = " ".join(listed)
    assert all(column in expressions for column in CHARGE_COLUMNS)
    assert len(carried) == len(CHARGE_COLUMNS) + 2, "billing_period and source are not FOCUS columns"
    assert extra_columns([parse("service_name = 'a' AND x_operation = 'b' AND provider = 'aws'")]) == [("x_operation", "x_Operation")]
    assert charge_registry()["x_provider"].sql in carried


def test_every_model_says_its_grain() -> None:
    """Each model opens with its grain, its unique key and what it drops."""
    for path in sorted((PROJECT / "models").rglob("*.sql")):
        head = path.read_text().split("\nselect")[0].split("\nwith")[0]
        assert path.read_text().startswith("-- Grain:"), path.name
        assert "Unique key:" in head, path.name
        assert "Drops:" in head, path.name


def test_a_shared_hash_is_noticed() -> None:
    """Should two combinations of columns ever share a hash, the project's test says so."""
    marts = allocate([{"ServiceName": "a"}, {"ServiceName": "b"}])
    marts.connection.execute("UPDATE int_charge_key SET charge_key = 1")
    assert marts.rows(RENDERING.sql((PROJECT / "tests" / "charge_key_is_unique.sql").read_text())) == [(1, 2)]
    assert isinstance(marts.connection, duckdb.DuckDBPyConnection)
