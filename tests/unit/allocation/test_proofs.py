import pytest

from bursar.allocation.proofs import holds, implies
from bursar.allocation.rules import parse_rules, read_rules
from bursar.domain.errors import ConfigError
from bursar.query.filters import parse

POOL = '{{name: {name}, pool: "{pool}", to: team, mode: even}}'


def refused(text: str) -> str:
    """What the operator is told about these rules."""
    with pytest.raises(ConfigError) as told:
        parse_rules(text, default=read_rules())
    return f"{told.value} | {told.value.cure}"


@pytest.mark.parametrize(
    "rules",
    [
        "[{default: a}, {tags: [team]}]",
        "[{tags: [team, owner]}, {tags: [Owner]}]",
        "[{accounts: {'1': a, '2': b}}, {accounts: {'2': c}}]",
        "[{when: \"provider = 'aws'\", value: a}, {when: \"provider = 'aws' AND region_id = 'x'\", value: b}]",
        "[{when: \"provider IN ('aws','gcp')\", value: a}, {when: \"provider = 'gcp'\", value: b}]",
        "[{when: \"provider = 'aws' OR currency = 'EUR'\", value: a}, {when: \"currency = 'EUR'\", value: b}]",
        "[{tags: [team], valid_from: 2026-01}, {tags: [team], valid_from: 2026-02, valid_to: 2026-03}]",
        "[{default: a}, {default: b}]",
    ],
)
def test_an_unreachable_rule_is_refused(rules: str) -> None:
    """A rule that an earlier one always decides before is an error naming both."""
    told = refused(f"dimensions: {{team: {rules}}}")
    assert "dimensions.team[1] is never reached" in told
    assert "team[0]" in told


@pytest.mark.parametrize(
    "rules",
    [
        "[{tags: [team]}, {tags: [owner]}, {default: a}]",
        "[{tags: [team], valid_to: 2026-03}, {tags: [team]}]",
        "[{when: \"provider = 'aws' AND region_id = 'x'\", value: a}, {when: \"provider = 'aws'\", value: b}]",
        "[{when: \"provider = 'aws'\", value: a}, {when: \"provider = 'gcp' OR provider = 'aws'\", value: b}]",
        "[{accounts: {'1': a}}, {accounts: {'1': b, '2': b}}]",
    ],
)
def test_a_reachable_rule_is_kept(rules: str) -> None:
    """A narrower rule before a wider one, or one limited to some periods, is what order is for."""
    assert parse_rules(f"dimensions: {{team: {rules}}}", default=read_rules())


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("team = 'a'", "team = 'a'"),
        ("charge_category = 'Tax'", "charge_category = 'Tax' AND provider = 'aws'"),
        ("service_name LIKE '%Support%' AND provider = 'aws'", "service_name LIKE '%Support%'"),
        ("team IN ('a', 'b')", "team = 'b'"),
    ],
)
def test_pools_that_must_overlap_are_refused(first: str, second: str) -> None:
    """Two pools of which one holds all charges of the other are an error, with a condition that mends it."""
    told = refused(f"shared: [{POOL.format(name='one', pool=first)}, {POOL.format(name='two', pool=second)}]")
    assert "shared[1] 'two' and shared[0] 'one' claim the same charges" in told
    assert "AND NOT (" in told


def test_pools_of_different_periods_do_not_overlap() -> None:
    """The same condition may be a pool of one name until March and of another from April on."""
    until, since = "valid_to: 2026-03", "valid_from: 2026-04"
    text = "shared: [{{name: one, pool: \"team = 'a'\", to: team, mode: even, {}}}, {{name: two, pool: \"team = 'a'\", to: team, mode: even, {}}}]"
    assert len(parse_rules(text.format(until, since), default=read_rules()).shared) == 2


@pytest.mark.parametrize(
    "pools",
    [
        "{name: one, pool: \"team = 'a'\", to: team, mode: fixed, percent: {a: 40, b: 60}}",
        "{name: one, pool: \"team = 'a'\", to: team, mode: even}, {name: two, pool: \"charge_category = 'Tax'\", to: team, mode: fixed, percent: {a: 100}}",
        "{name: one, pool: \"team LIKE 'pl%'\", to: team, mode: even}, {name: two, pool: \"currency = 'EUR'\", to: team, mode: fixed, percent: {plant: 100}}",
        "{name: one, pool: \"team = 'a'\", to: team, mode: even, among: \"team = 'a'\"}",
    ],
    ids=["itself", "an earlier one", "an earlier one by pattern", "among itself"],
)
def test_a_cycle_is_refused(pools: str) -> None:
    """A pool that gives to owners whose costs it or an earlier pool shares would never come to rest."""
    assert "a cycle" in refused(f"shared: [{pools}]")


def test_a_name_is_given_once() -> None:
    """Two pools of one name could not be told apart in the marts."""
    first, second = (POOL.format(name="one", pool=f"team = '{team}'") for team in "ab")
    assert "the name is taken" in refused(f"shared: [{first}, {second}]")


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("a = 'x' AND b = 'y'", "b = 'y'", True),
        ("b = 'y'", "a = 'x' AND b = 'y'", False),
        ("a = 'x'", "a IN ('x', 'y')", True),
        ("a = 'x' OR a = 'y'", "a IN ('x', 'y')", True),
        ("a = 'x' OR b = 'y'", "a = 'x'", False),
        ("NOT a = 'x'", "a = 'x'", False),
    ],
)
def test_implication_is_never_claimed_wrongly(left: str, right: str, *, expected: bool) -> None:
    """What one condition proves of another holds for every charge."""
    assert implies(parse(left), parse(right)) is expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("team = 'pay'", True),
        ("team IN ('a', 'b')", False),
        ("team LIKE 'p_y'", True),
        ("team LIKE 'p\\_y'", False),
        ("team ILIKE 'P%'", True),
        ("team BETWEEN 'a' AND 'q'", True),
        ("team < 'a' OR NOT team IS NULL", True),
        ("team = 'pay' AND env = 'prod'", None),
    ],
)
def test_a_condition_is_answered_for_one_owner(condition: str, *, expected: bool | None) -> None:
    """Whether an owner falls into a pool is known without a bill, unless the pool looks at more."""
    assert holds(parse(condition), {"team": "pay"}) is expected
