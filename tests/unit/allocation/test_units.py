from decimal import Decimal

import pytest
from allocation_models import Line, allocate

from bursar.allocation.units import parse_units, read_units
from bursar.domain.errors import ConfigError
from bursar.domain.money import exact_split

WEB: Line = {"Tags": {"team": "pay", "service": "checkout", "env": "prod"}, "EffectiveCost": Decimal(10)}
COLUMNS = "CAST(day AS VARCHAR), tenant, quantity, cost_direct, unit_cost_direct, quality"


def requests(
    day: int, quantity: object, *, tenant: str | None = None, env: str | None = None, service: str = "checkout"
) -> tuple[object, ...]:
    """A row of unit_metric_daily."""
    return ("requests", f"2026-04-{day:02d}", service, env, tenant, quantity)


def test_cost_per_request_of_a_service() -> None:
    """Cost and loaded cost of a service's day are divided by its requests, half-up at the twelfth digit."""
    support: Line = {"ServiceName": "Support", "EffectiveCost": Decimal(2)}
    rules = "shared: [{name: support, pool: \"service_name = 'Support'\", to: team, mode: even}]"
    marts = allocate([WEB, support], rules, metrics=[requests(1, 3)])
    assert marts.rows(
        "SELECT service, env, tenant, quantity, cost_direct, cost_loaded, unit_cost_direct, unit_cost_loaded FROM unit_cost_daily"
    ) == [("checkout", "all", "all", Decimal(3), Decimal(10), Decimal(12), Decimal("3.333333333333"), Decimal(4))]


def test_a_day_without_a_value_is_missing_not_zero() -> None:
    """Cost without requests has no unit cost; it stays in the mart, so that coverage can be told."""
    marts = allocate([WEB, {**WEB, "day": 1}], metrics=[requests(1, 4)])
    assert marts.rows(f"SELECT {COLUMNS} FROM unit_cost_daily ORDER BY day") == [
        ("2026-04-01", "all", Decimal(4), Decimal(10), Decimal("2.5"), "measured"),
        ("2026-04-02", "all", None, Decimal(10), None, "missing"),
    ]
    assert marts.value("SELECT sum(cost_direct) FILTER (quality <> 'missing') * 2 = sum(cost_direct) FROM unit_cost_daily")


def test_no_volume_has_no_unit_cost() -> None:
    """A day of zero requests is measured, costs what it costs, and has no price per request."""
    marts = allocate([WEB], metrics=[requests(1, 0)])
    assert marts.rows(f"SELECT {COLUMNS} FROM unit_cost_daily") == [("2026-04-01", "all", Decimal(0), Decimal(10), None, "measured")]


def test_tenants_bear_the_service_exactly() -> None:
    """Tenants share a service's cost by their requests, and together bear all of it."""
    marts = allocate([WEB], metrics=[requests(1, count, tenant=name) for name, count in (("a", 1), ("b", 1), ("c", 1))])
    found = dict(marts.rows("SELECT tenant, cost_direct FROM unit_cost_daily"))
    assert found == exact_split(Decimal(10), {"a": Decimal(1), "b": Decimal(1), "c": Decimal(1)})
    assert not marts.broken


def test_environments_are_told_apart_where_the_metric_does() -> None:
    """Requests of prod bear the cost of prod; a metric without environments bears that of all."""
    dev: Line = {**WEB, "Tags": {"service": "checkout", "env": "dev"}, "EffectiveCost": Decimal(90)}
    apart = allocate([WEB, dev], metrics=[requests(1, 5, env="prod")])
    assert apart.rows("SELECT env, cost_direct FROM unit_cost_daily") == [("prod", Decimal(10))]
    together = allocate([WEB, dev], metrics=[requests(1, 5)])
    assert together.rows("SELECT env, cost_direct FROM unit_cost_daily") == [("all", Decimal(100))]


def test_usage_without_cost_is_shown() -> None:
    """Requests of a service the bill does not know keep their quantity, with unknown cost and no currency."""
    marts = allocate([WEB], metrics=[requests(1, 7, service="ghost")])
    assert marts.rows("SELECT service, currency, quantity, cost_direct FROM unit_cost_daily") == [("ghost", "XXX", Decimal(7), None)]


def test_late_charges_do_not_count_requests_twice() -> None:
    """A charge of March on April's bill is missing its driver there: March's requests are priced with March."""
    late: Line = {**WEB, "day": -5}
    marts = allocate([WEB, late], metrics=[requests(1, 5), ("requests", "2026-03-27", "checkout", None, None, 9)])
    assert marts.rows("SELECT sum(quantity), sum(cost_direct) FROM unit_cost_daily") == [(Decimal(5), Decimal(20))]


def test_listed_services_are_missing_from_the_first_day() -> None:
    """A service units.yaml lists shows as missing even when no value ever came; others do not show at all."""
    units = "metrics: {requests: {services: [Checkout]}, orders: {services: [other]}}"
    marts = allocate([WEB], metrics=[requests(1, 7, service="ghost")], units=units)
    assert marts.rows("SELECT metric, service, quality FROM unit_cost_daily") == [("requests", "checkout", "missing")]


def test_tenants_can_be_left_together() -> None:
    """With `by_tenant: false` the tenants of a metric are one row."""
    metrics = [requests(1, 2, tenant="a"), requests(1, 3, tenant="b")]
    marts = allocate([WEB], metrics=metrics, units="metrics: {requests: {by_tenant: false}}")
    assert marts.rows("SELECT tenant, quantity FROM unit_cost_daily") == [("all", Decimal(5))]


def test_currencies_are_priced_apart() -> None:
    """A service billed in two currencies has a unit cost in each, never in both together."""
    marts = allocate([WEB, {**WEB, "BillingCurrency": "EUR", "EffectiveCost": Decimal(4)}], metrics=[requests(1, 4)])
    assert marts.rows("SELECT currency, unit_cost_direct FROM unit_cost_daily ORDER BY currency") == [
        ("EUR", Decimal(1)),
        ("USD", Decimal("2.5")),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("metric: {}", ["unknown key 'metric'", "'metrics'"]),
        ("metrics: {requests: {service: [a]}}", ["metrics.requests.service", "Did you mean 'services'?"]),
        ("metrics: {'req uests': {}}", ["units.yaml", "metrics"]),
        ("metrics: {requests: {by_tenant: perhaps}}", ["metrics.requests.by_tenant"]),
    ],
)
def test_a_mistake_in_units_is_named(text: str, words: list[str]) -> None:
    """Each mistake in units.yaml is a ConfigError with its place."""
    with pytest.raises(ConfigError) as told:
        parse_units(text)
    for word in words:
        assert word in f"{told.value} | {told.value.cure}"


def test_units_have_a_digest() -> None:
    """The digest changes with a metric, not with its spelling."""
    assert parse_units("metrics: {requests: {unit: request}}").digest == read_units().digest
    assert parse_units("metrics: {}").digest != read_units().digest
