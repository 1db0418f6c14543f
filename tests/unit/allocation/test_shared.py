from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest
from allocation_models import RENDERING, TESTS, Line, Marts, allocate
from hypothesis import given, settings
from hypothesis import strategies as st

from bursar.allocation.build import variables
from bursar.allocation.rules import parse_rules, read_rules
from bursar.allocation.units import read_units
from bursar.domain.money import exact_split

SUPPORT = "{name: support, pool: \"service_name = 'Support'\", to: team, "
PLATFORM = "{name: platform, pool: \"team = 'platform'\", to: team, "


def line(team: str, cost: str | int, **more: object) -> dict[str, object]:
    """A charge of one team, with one amount for all four costs."""
    amount = Decimal(cost)
    tags = {"team": team} if team else {}
    return {"Tags": tags, "BilledCost": amount, "EffectiveCost": amount, "ContractedCost": amount, "ListCost": amount, **more}


def support(cost: str | int, **more: object) -> dict[str, object]:
    """A charge of the pool `support`, owned by nobody."""
    return line("", cost, ServiceName="Support", ChargeCategory="Purchase", **more)


def borne(marts: Marts, pool: str) -> dict[str, Decimal]:
    """What each team bears of a pool, effective cost."""
    return dict(marts.rows(f"SELECT team, sum(allocated_cost) FROM allocation_daily WHERE pool = '{pool}' GROUP BY team ORDER BY team"))


def test_weighted_shares_go_by_cost() -> None:
    """Support is borne in proportion to what each team spends, to the last digit, and by nobody else."""
    marts = allocate([line("a", 10), line("b", 20), line("", 70), support(1)], f"shared: [{SUPPORT} mode: weighted}}]")
    assert borne(marts, "support") == exact_split(Decimal(1), {"a": Decimal(10), "b": Decimal(20)})
    assert not marts.broken


def test_even_shares_ignore_cost_and_land_on_whole_owners() -> None:
    """Each team bears the same; within a team its services and environments bear by their cost."""
    lines = [
        {**line("a", 30), "Tags": {"team": "a", "service": "x", "env": "prod"}},
        {**line("a", 10), "Tags": {"team": "a", "service": "y", "env": "dev"}},
        line("b", 1),
        support(8),
    ]
    marts = allocate(lines, f"shared: [{SUPPORT} mode: even}}]")
    assert marts.rows("SELECT team, service, env, allocated_cost, weight FROM allocation_daily ORDER BY ALL") == [
        ("a", "x", "prod", Decimal(3), Decimal("0.375")),
        ("a", "y", "dev", Decimal(1), Decimal("0.125")),
        ("b", "unallocated", "unallocated", Decimal(4), Decimal("0.5")),
    ]


def test_fixed_shares_hold_on_days_without_cost() -> None:
    """A team bears its percentage even on a day it spends nothing."""
    marts = allocate([line("a", 5), support(100), support(10, day=1)], f"shared: [{SUPPORT} mode: fixed, percent: {{a: 62.5, B: 37.5}}}}]")
    assert marts.rows("SELECT CAST(day AS VARCHAR), team, allocated_cost FROM allocation_daily ORDER BY ALL") == [
        ("2026-04-01", "a", Decimal("62.5")),
        ("2026-04-01", "b", Decimal("37.5")),
        ("2026-04-02", "a", Decimal("6.25")),
        ("2026-04-02", "b", Decimal("3.75")),
    ]


def test_a_metric_weighs_what_cost_cannot() -> None:
    """By requests: a service's requests weigh for the team that owns it, split by cost where two teams share a service."""
    lines = [
        {**line("a", 1), "Tags": {"team": "a", "service": "web", "env": "prod"}},
        {**line("a", 30), "Tags": {"team": "a", "service": "api"}},
        {**line("b", 10), "Tags": {"team": "b", "service": "api"}},
        {**line("c", 99), "Tags": {"team": "c", "service": "batch"}},
        support(100),
    ]
    metrics = [
        ("requests", "2026-04-01", "Web", None, "t1", 20),
        ("requests", "2026-04-01", "api", None, None, 80),
        ("requests", "2026-04-01", "unknown", None, None, 1000),
        ("other", "2026-04-01", "batch", None, None, 1000),
    ]
    marts = allocate(lines, f"shared: [{SUPPORT} mode: by_metric, by: requests}}]", metrics=metrics)
    assert borne(marts, "support") == {"a": Decimal(80), "b": Decimal(20)}
    assert not marts.broken


def test_without_anybody_to_bear_it_a_pool_is_unallocated() -> None:
    """A pool on a day nobody else has cost is a line of its own, not lost and not still a pool."""
    marts = allocate([support(3), line("a", 1, day=1)], f"shared: [{SUPPORT} mode: weighted}}]")
    assert marts.rows("SELECT team, kind, effective_cost, allocated_cost FROM charge_daily WHERE pool = 'support' ORDER BY kind") == [
        ("unallocated", "pool", Decimal(3), Decimal(0)),
        ("unallocated", "shared", Decimal(0), Decimal(3)),
    ]
    assert marts.value("SELECT method FROM allocation_daily") == "no_bearer"
    assert borne(marts, "support") == {"unallocated": Decimal(3)}


def test_currencies_are_never_mixed() -> None:
    """A pool in euros is borne by those who spend euros that day, in euros."""
    lines = [line("a", 10), line("b", 1, BillingCurrency="EUR"), support(4, BillingCurrency="EUR")]
    marts = allocate(lines, f"shared: [{SUPPORT} mode: weighted}}]")
    assert marts.rows("SELECT currency, team, allocated_cost FROM allocation_daily") == [("EUR", "b", Decimal(4))]


def test_a_credit_larger_than_its_pool_is_split_too() -> None:
    """A negative pool gives negative shares; an owner with more credits than cost weighs nothing."""
    marts = allocate([line("a", 10), line("b", 30), line("c", -5), support(-8)], f"shared: [{SUPPORT} mode: weighted}}]")
    assert borne(marts, "support") == {"a": Decimal(-2), "b": Decimal(-6)}
    assert not marts.broken


def test_each_cost_is_split_with_the_same_weights() -> None:
    """Billed, effective, contracted and list cost of a pool go to the same owners in the same proportion."""
    pool = {**support(0), "BilledCost": 10, "EffectiveCost": 20, "ContractedCost": 40, "ListCost": 80}
    marts = allocate([line("a", 1), line("b", 3), pool], f"shared: [{SUPPORT} mode: weighted}}]")
    four = "allocated_billed_cost, allocated_cost, allocated_contracted_cost, allocated_list_cost"
    (shares,) = marts.rows(f"SELECT {four} FROM allocation_daily WHERE team = 'b'")
    assert shares == (Decimal("7.5"), Decimal(15), Decimal(30), Decimal(60))


def test_a_pool_feeds_a_later_one() -> None:
    """A share that lands on a team whose costs are shared in turn is passed on, and appears with that pool only."""
    lines = [line("a", 30), line("b", 10), line("platform", 40), support(8)]
    marts = allocate(lines, f"shared: [{SUPPORT} mode: weighted}}, {PLATFORM} mode: even}}]")
    assert borne(marts, "support") == {"a": Decimal(3), "b": Decimal(1)}
    assert borne(marts, "platform") == {"a": Decimal(22), "b": Decimal(22)}
    assert marts.rows("SELECT team, sum(allocated_cost) FROM cost_daily_owner GROUP BY team ORDER BY team") == [
        ("a", Decimal(55)),
        ("b", Decimal(33)),
        ("platform", Decimal(0)),
        ("unallocated", Decimal(0)),
    ]
    assert not marts.broken


def test_running_weighs_by_cost_after_earlier_pools() -> None:
    """`basis: running` counts what earlier pools gave, `basis: direct` does not."""
    lines = [line("a", 10), line("b", 10), support(20), line("platform", 30)]
    pools = f"shared: [{SUPPORT} mode: fixed, percent: {{a: 50, b: 50}}}}, {PLATFORM} mode: weighted, basis: {{}}}}]"
    skewed = pools.replace("{a: 50, b: 50}", "{a: 100}")
    assert borne(allocate(lines, skewed.replace("{}", "direct")), "platform") == {"a": Decimal(15), "b": Decimal(15)}
    assert borne(allocate(lines, skewed.replace("{}", "running")), "platform") == {"a": Decimal("22.5"), "b": Decimal("7.5")}


def test_among_limits_who_bears() -> None:
    """Only owners `among` names bear a share."""
    lines = [{**line("a", 1), "Tags": {"team": "a", "env": "prod"}}, {**line("b", 1), "Tags": {"team": "b", "env": "dev"}}, support(4)]
    marts = allocate(lines, f"shared: [{SUPPORT} mode: even, among: \"env = 'prod'\"}}]")
    assert borne(marts, "support") == {"a": Decimal(4)}


def test_a_pool_holds_in_its_periods_only() -> None:
    """Before it is valid a pool's charges stay with their direct owner."""
    marts = allocate([line("a", 1), support(4)], f"shared: [{SUPPORT} mode: even, valid_from: 2026-05}}]")
    assert marts.rows("SELECT DISTINCT kind FROM charge_daily") == [("direct",)]


def test_a_share_keeps_its_invoice_account_and_service() -> None:
    """An invoice and an account sum to the same before and after sharing."""
    marts = allocate(
        [line("a", 10, x_InvoiceKey="INV-2", SubAccountId="1"), support(5, x_InvoiceKey="INV-9", SubAccountId="2", day=0)],
        f"shared: [{SUPPORT} mode: even}}]",
    )
    asked = "SELECT invoice_key, sub_account_id, sum(effective_cost), sum(allocated_cost) FROM cost_daily_account GROUP BY ALL ORDER BY ALL"
    assert marts.rows(asked) == [("INV-2", "1", Decimal(10), Decimal(10)), ("INV-9", "2", Decimal(5), Decimal(5))]


@pytest.mark.parametrize("broken", ["pools_do_not_overlap", "pools_do_not_feed_back"])
def test_what_no_proof_could_see_the_build_finds(broken: str) -> None:
    """Pools that overlap in the bill, and shares that land where they cannot rest, are found by the project's own tests."""
    if broken == "pools_do_not_overlap":
        rules = f"shared: [{SUPPORT} mode: even}}, {PLATFORM} mode: even}}]"
        marts = allocate([line("a", 1), line("platform", 2, ServiceName="Support")], rules)
        assert (
            marts.broken[broken][0][0] == "shared pools support, platform claim the same charges, for example Usage, Support, team platform"
        )
        return
    hidden = "{name: platform, pool: \"team = 'platform' AND env = 'unallocated'\", to: team, mode: even}"
    rules = f"shared: [{hidden}, {SUPPORT} mode: fixed, percent: {{platform: 100}}}}]"
    marts = allocate([line("a", 1), support(2)], rules)
    assert "support gives to platform/unallocated/unallocated, whose costs platform shares" in marts.broken[broken][0][0]


def test_a_lost_line_is_noticed() -> None:
    """A mart that misses one line is not the bill: the test names mart, place, measure and both sums."""
    marts = allocate([line("a", 1), line("b", 2)])
    marts.connection.execute("DELETE FROM cost_daily_owner WHERE team = 'b'")
    found = marts.rows(RENDERING.sql(TESTS["marts_are_the_bill"].read_text()))
    assert found == [("cost_daily_owner", "2026-04-01 USD 2026-04-01 aws", "lines", "2", "1")]


teams = st.sampled_from(["a", "b", "c", "platform", ""])
costs = st.decimals(min_value=-1000, max_value=10**6, places=12)
charges = st.builds(
    lambda team, four, service, day, currency, env: {
        "Tags": {"team": team, "env": env} if team else {},
        **dict(zip(("BilledCost", "EffectiveCost", "ContractedCost", "ListCost"), four, strict=True)),
        "ServiceName": service,
        "day": day,
        "BillingCurrency": currency,
        "x_InvoiceKey": f"INV-{day}",
    },
    teams,
    st.tuples(costs, costs, costs, costs),
    st.sampled_from(["EC2", "Support", "S3"]),
    st.integers(0, 1),
    st.sampled_from(["USD", "EUR"]),
    st.sampled_from(["prod", "dev"]),
)
modes = st.one_of(
    st.sampled_from(["mode: even", "mode: weighted", "mode: weighted, by: list_cost, basis: running", "mode: by_metric, by: requests"]),
    st.integers(1, 99).map(lambda percent: f"mode: fixed, percent: {{a: {percent}, z: {100 - percent}}}"),
)
METRICS = [("requests", f"2026-04-0{day}", "unallocated", env, None, 7 * day) for day in (1, 2) for env in ("prod", None)]


POOLS = (
    "{{name: support, pool: \"service_name = 'Support' AND NOT team IN ('platform', 'c')\", to: team, {}}}",
    "{{name: platform, pool: \"team = 'platform'\", to: env, {}}}",
    "{{name: storage, pool: \"team = 'c'\", to: team, among: \"env = 'prod'\", {}}}",
)
many = given(st.lists(charges, min_size=1, max_size=12), st.lists(modes, min_size=3, max_size=3), st.permutations(range(3)))


@settings(max_examples=6, deadline=None)
@many
def test_direct_and_allocated_are_the_bill(lines: list[Line], chosen: list[str], order: Sequence[int]) -> None:
    """Whatever the charges, the modes and the order of pools: each of the four costs, direct and allocated, is the bill, every day."""
    check_conservation(lines, chosen, order)


@pytest.mark.deep
@settings(max_examples=500, deadline=None)
@many
def test_direct_and_allocated_are_the_bill_five_hundred_times(lines: list[Line], chosen: list[str], order: Sequence[int]) -> None:
    """The same, for as long as a deep run may take."""
    check_conservation(lines, chosen, order)


def check_conservation(lines: list[Line], chosen: list[str], order: Sequence[int]) -> None:
    """One bill under three pools of these modes, in this order."""
    modes = [chosen[0], chosen[1].replace("a:", "prod:").replace("z:", "dev:"), chosen[2]]
    pools = [text.format(mode) for text, mode in zip(POOLS, modes, strict=True)]
    marts = allocate(lines, f"shared: [{', '.join(pools[index] for index in order)}]", metrics=METRICS)
    assert not marts.broken
    assert sums(marts, "direct") == sums(marts, "allocated") == bill(lines)


def sums(marts: Marts, kind: str) -> dict[tuple[Any, ...], tuple[Decimal, ...]]:
    """The four costs by invoice and currency, as charge_daily has them."""
    names = ("billed_cost", "effective_cost", "contracted_cost", "list_cost")
    if kind == "allocated":
        names = ("allocated_billed_cost", "allocated_cost", "allocated_contracted_cost", "allocated_list_cost")
    asked = ", ".join(f"sum({name})" for name in names)
    return {row[:2]: row[2:] for row in marts.rows(f"SELECT invoice_key, currency, {asked} FROM charge_daily GROUP BY ALL")}


def bill(lines: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], tuple[Decimal, ...]]:
    """The same sums, added up here."""
    result: dict[tuple[str, str], tuple[Decimal, ...]] = {}
    for each in lines:
        key = (each["x_InvoiceKey"], each["BillingCurrency"])
        four = [Decimal(each[name]) for name in ("BilledCost", "EffectiveCost", "ContractedCost", "ListCost")]
        before = result.get(key, (Decimal(0),) * 4)
        result[key] = tuple(old + new for old, new in zip(before, four, strict=True))
    return result


def test_a_share_says_by_which_method() -> None:
    """The method id names pool, mode and the digest of the rules, as FOCUS asks of an allocation method."""
    rules = parse_rules(f"shared: [{SUPPORT} mode: even}}]", default=read_rules())
    (pool,) = variables(rules, read_units())["pools"]  # type: ignore[misc, attr-defined]
    assert pool["method_id"] == f"bursar:support:even@{rules.digest[:12]}"
