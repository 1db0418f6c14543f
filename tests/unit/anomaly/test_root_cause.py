"""Root causes: a planted combination is named first, whatever its depth, and nothing breaks where nothing was expected."""

from __future__ import annotations

import numpy as np
import pytest

from bursar.anomaly.root_cause import ATTRIBUTES, OTHER_RESOURCES, Leaves, explain, owner_of

SIZES = {
    "resource_id": 60,
    "sku_id": 20,
    "service_name": 6,
    "service": 9,
    "team": 5,
    "sub_account_id": 4,
    "region_id": 3,
    "env": 3,
    "provider": 2,
}


def leaves(planted: dict[str, str], *, factor: float = 1.8, noise: float = 0.05, count: int = 1500, seed: int = 4) -> Leaves:
    """Random leaves in which every one of a combination costs so many times what was expected."""
    rng = np.random.default_rng(seed)
    rows: list[list[object]] = []
    for _ in range(count):
        values = [f"{name}-{rng.integers(SIZES[name])}" for name in ATTRIBUTES]
        if rng.random() < 0.03:
            values = [planted.get(name, value) for name, value in zip(ATTRIBUTES, values, strict=True)]
        named: dict[str, str] = dict(zip(ATTRIBUTES, values, strict=True))
        expected = float(rng.lognormal(3, 0.7))
        hit = all(named[name] == value for name, value in planted.items())
        rows.append([*values, expected * float(np.exp(rng.normal(0, noise))) * (factor if hit else 1.0), expected])
    return Leaves.of(rows)


@pytest.mark.parametrize(
    "planted",
    [
        {"service_name": "service_name-2"},
        {"team": "team-1", "env": "env-0"},
        {"provider": "provider-1", "region_id": "region_id-2", "service_name": "service_name-3"},
    ],
    ids=["one", "two", "three"],
)
def test_a_planted_combination_is_named_first(planted: dict[str, str]) -> None:
    """One, two or three attributes: the exact combination leads, with most of the excess."""
    first = explain(leaves(planted), scope={})[0]
    assert dict(first.scope) == planted
    assert 0.7 < first.share < 1.3


def test_a_fall_is_explained_as_a_rise_is() -> None:
    """What halved is named, and its share of the change is positive."""
    planted = {"team": "team-1", "env": "env-0"}
    first = explain(leaves(planted, factor=0.4), scope={})[0]
    assert dict(first.scope) == planted
    assert first.share > 0.7


def test_causes_lie_within_the_scope() -> None:
    """A scope's own dimensions are not repeated, and charges outside it explain nothing."""
    held = leaves({"team": "team-1", "env": "env-0"})
    assert all("team" not in cause.scope for cause in explain(held, scope={"team": "team-1"}))
    assert explain(held, scope={"team": "nobody"}) == []


def test_what_was_expected_to_be_nothing_is_a_cause_like_any_other() -> None:
    """A resource that did not exist before explains its excess alone."""
    rows: list[list[object]] = [[f"r-{place}", *["same"] * 8, 10.0, 10.0] for place in range(5)]
    rows.append(["r-new", *["same"] * 8, 90.0, 0.0])
    (first, *_) = explain(Leaves.of(rows), scope={})
    assert dict(first.scope) == {"resource_id": "r-new"}
    assert first.share == pytest.approx(1.0)


def test_two_names_of_the_same_charges_are_one_cause() -> None:
    """Where a resource, its SKU and its account are the same charges, the resource is named, once."""
    rows: list[list[object]] = [["r-1", "sku-1", "s", "a", "t", "acc-1", "eu", "prod", "aws", 50.0, 10.0]]
    rows.append(["r-2", "sku-2", "s", "a", "t", "acc-2", "eu", "prod", "aws", 10.0, 10.0])
    assert [dict(cause.scope) for cause in explain(Leaves.of(rows), scope={})] == [{"resource_id": "r-1"}]


def test_the_rest_of_the_resources_is_named_last() -> None:
    """A sum of small resources is no name; its SKU is."""
    rows: list[list[object]] = [[OTHER_RESOURCES, "sku-1", *["same"] * 7, 50.0, 10.0], ["r-2", "sku-2", *["same"] * 7, 10.0, 10.0]]
    assert dict(explain(Leaves.of(rows), scope={})[0].scope) == {"sku_id": "sku-1"}


def test_no_change_has_no_cause() -> None:
    """Nothing moved, nothing is named; nor where the moves cancel."""
    rows: list[list[object]] = [["r-1", *["x"] * 8, 10.0, 10.0], ["r-2", *["x"] * 8, -5.0, -5.0]]
    assert explain(Leaves.of(rows), scope={}) == []
    assert explain(Leaves.of([["r-1", *["x"] * 8, 20.0, 10.0], ["r-2", *["x"] * 8, 0.0, 10.0]]), scope={}) == []


def test_the_team_with_most_of_the_excess_owns_it() -> None:
    """Seven tenths make an owner; less is nobody's."""

    def made(first: float, second: float) -> Leaves:
        rows: list[list[object]] = []
        for team, amount in (("one", first), ("two", second)):
            rows.append(["r", "k", "n", "s", team, "a", "e", "v", "p", 10 + amount, 10.0])
        return Leaves.of(rows)

    assert owner_of(made(8, 2), scope={}) == "one"
    assert owner_of(made(5, 5), scope={}) is None
    assert owner_of(made(0, 0), scope={}) is None
