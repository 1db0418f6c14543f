from pathlib import Path

import pytest

from bursar.allocation.rules import DIMENSIONS, AccountRule, TagRule, WhenRule, parse_rules, read_rules
from bursar.domain.errors import ConfigError


def refused(text: str) -> str:
    """What the operator is told about these rules: cause and cure."""
    with pytest.raises(ConfigError) as told:
        parse_rules(text, default=read_rules())
    return f"{told.value} | {told.value.cure}"


def test_without_a_file_the_defaults_count() -> None:
    """A project without rules.yaml owns by the four usual tag keys of each dimension."""
    rules = read_rules()
    first = {name: rules.dimensions[name][0] for name in DIMENSIONS}
    assert isinstance(first["team"], TagRule)
    assert first["team"].tags == ("team", "owner", "squad", "cost-center")
    assert not rules.shared


def test_a_dimension_the_file_leaves_out_keeps_its_defaults() -> None:
    """Rules for teams alone change nothing about services and environments."""
    rules = parse_rules("dimensions: {team: [{tags: [crew]}]}", default=read_rules())
    assert rules.dimensions["env"] == read_rules().dimensions["env"]
    assert rules.dimensions["team"] != read_rules().dimensions["team"]


def test_values_are_what_is_written() -> None:
    """NO, on, 1e3 and account ids with leading zeros stay text, quoted or not."""
    rules = parse_rules("dimensions: {team: [{tags: [team], map: {NO: norway, on: 1e3}}, {accounts: {000123: pay}}]}", default=read_rules())
    tags, accounts = rules.dimensions["team"]
    assert isinstance(tags, TagRule)
    assert tags.map == {"no": "norway", "on": "1e3"}
    assert isinstance(accounts, AccountRule)
    assert accounts.accounts == {"000123": "pay"}


def test_owners_are_named_in_lower_case() -> None:
    """Values given by rules are trimmed and lower-cased like values of tags, so that they are one owner."""
    rules = parse_rules("dimensions: {team: [{when: \"currency = 'USD'\", value: ' Payments '}]}", default=read_rules())
    (rule,) = rules.dimensions["team"]
    assert isinstance(rule, WhenRule)
    assert rule.value == "payments"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("dimension: {}", ["rules.yaml", "unknown key 'dimension'", "'dimensions'"]),
        ("dimensions: {teams: []}", ["dimensions", "team"]),
        ("dimensions: {team: [{tagz: [a]}]}", ["dimensions.team[0]", "tags, when, accounts or default"]),
        ("dimensions: {team: [{tags: [a], mapp: {}}]}", ["dimensions.team[0].mapp", "Did you mean 'map'?"]),
        ("dimensions: {team: [{when: \"currency = 'USD'\", valeu: a}]}", ["dimensions.team[0]", "value"]),
        ("dimensions: {team: [{when: \"service_nam = 'a'\", value: b}]}", ["team[0].when", "service_nam", "did you mean 'service_name'?"]),
        ('dimensions: {team: [{when: "currency = ", value: b}]}', ["team[0].when", "ends too early"]),
        ("dimensions: {team: [{when: \"team = 'a'\", value: b}]}", ["team[0].when", "'team'"]),
        ("dimensions: {team: [{when: 'billed_cost > 10', value: b}]}", ["team[0].when", "measure"]),
        ("dimensions: {team: [{tags: []}]}", ["team[0].tags"]),
        ("dimensions: {team: [{tags: [a], map: {x: ' '}}]}", ["team[0]", "may not be empty"]),
        ("dimensions: {team: [{tags: [a], map: {Pay: x, 'pay ': y}}]}", ["team[0].map", "one value"]),
        ("dimensions: {team: [{tags: [cost-center, CostCenter]}]}", ["team[0].tags", "'CostCenter' is 'cost-center' again"]),
        ("dimensions: {team: [{tags: [a], tags: [b]}]}", ["line 1", "'tags' is given twice"]),
        ("dimensions: {team: [{tags: [a], valid_from: 2026-13}]}", ["team[0].valid_from", "YYYY-MM"]),
        ("dimensions: {team: [{tags: [a], valid_from: 2026-05, valid_to: 2026-04}]}", ["team[0]", "never applies"]),
        ("dimensions: [", ["line 1", "rules.yaml"]),
        ("[1, 2]", ["rules.yaml"]),
    ],
)
def test_a_mistake_is_named_with_its_place(text: str, words: list[str]) -> None:
    """Each mistake in rules.yaml is a ConfigError that names the file, the rule, and what to do."""
    told = refused(text)
    assert "rules.yaml" in told
    for word in words:
        assert word in told


@pytest.mark.parametrize(
    ("pool", "words"),
    [
        ("mode: fixed, percent: {a: 50, b: 49.99}", ["sum to 99.99, not to 100"]),
        ("mode: fixed, percent: {a: 50, b: 50.01}", ["sum to 100.01"]),
        ("mode: fixed, percent: {a: 150, b: -50}", ["above 0"]),
        ("mode: fixed, percent: {a: half, b: half}", ["shared[0].percent"]),
        ("mode: fixed, percent: {A: 50, 'a ': 50}", ["two of its owners are one"]),
        ("mode: fixed, percent: {a: 50, unallocated: 50}", ["bears no share"]),
        ("mode: fixed", ["'percent' lists the owners"]),
        ("mode: even, percent: {a: 100}", ["'percent' lists the owners"]),
        ("mode: even, by: effective_cost", ["goes by nothing"]),
        ("mode: weighted, by: efective_cost", ["effective_cost"]),
        ("mode: by_metric", ["name of a unit metric"]),
        ("mode: evenly", ["shared[0].mode", "'even'"]),
        ("mode: even, amongst: \"env = 'prod'\"", ["unknown key 'amongst'", "Did you mean 'among'?"]),
        ("mode: even, among: \"service_name = 'x'\"", ["shared[0] 'support'.among", "service_name"]),
    ],
)
def test_a_wrong_pool_is_named_with_its_place(pool: str, words: list[str]) -> None:
    """Percentages that are not exactly 100, and settings that do not belong together, never reach a bill."""
    told = refused(f"shared: [{{name: support, pool: \"charge_category = 'Tax'\", to: team, {pool}}}]")
    assert "rules.yaml: shared" in told
    for word in words:
        assert word in told


def test_percentages_are_exact() -> None:
    """Thirds written out to ten digits that sum to exactly 100 are accepted."""
    percent = "{a: 33.3333333333, b: 33.3333333333, c: 33.3333333334}"
    rules = parse_rules(
        f"shared: [{{name: p, pool: \"currency = 'USD'\", to: team, mode: fixed, percent: {percent}}}]", default=read_rules()
    )
    assert sum(rules.shared[0].percent.values()) == 100


def test_the_digest_is_of_the_rules_not_of_their_spelling() -> None:
    """Comments, quotes and order of keys leave the digest alone; a changed value does not."""
    text = "dimensions: {team: [{tags: [team], map: {a: b}}]}"
    digest = parse_rules(text, default=read_rules()).digest
    assert parse_rules("# ours\ndimensions:\n  team:\n  - map: {'a': \"b\"}\n    tags: ['team']\n", default=read_rules()).digest == digest
    assert parse_rules(text.replace("b}", "c}"), default=read_rules()).digest != digest


def test_a_file_that_is_not_text_is_refused_by_name(tmp_path: Path) -> None:
    """A rules.yaml in another encoding is a ConfigError, not a traceback."""
    file = tmp_path / "rules.yaml"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"rules\.yaml"):
        read_rules(file)
