"""The default owner rules."""

from __future__ import annotations

import pytest
from reference.owners import owner

NOBODY = {"team": "unallocated", "service": "unallocated", "env": "unallocated"}


def test_nobody_claims_it() -> None:
    """A charge without tags is unallocated in every dimension."""
    assert owner({}) == NOBODY


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"Team": " Payments "}, {"team": "payments"}),
        ({"cost_center": "4711"}, {"team": "4711"}),
        ({"Cost Center": "4711", "owner": "ann"}, {"team": "ann"}),
        ({"OWNER": "ann", "t-e.a_m": "core"}, {"team": "core"}),
        ({"app": "shop", "component": "cart"}, {"service": "shop"}),
        ({"Environment": "Production"}, {"env": "prod"}),
        ({"env": "PRD"}, {"env": "prod"}),
        ({"stage": "live"}, {"env": "prod"}),
        ({"env": "stage"}, {"env": "staging"}),
        ({"env": "qa"}, {"env": "qa"}),
        ({"team": "", "owner": "ann"}, {"team": "ann"}),
        ({"team": "  "}, {}),
    ],
)
def test_keys_in_order_and_folded(tags: dict[str, str], expected: dict[str, str]) -> None:
    """The first key of a dimension that holds a value claims it, however it is spelt."""
    assert owner(tags) == NOBODY | expected


@pytest.mark.parametrize("key", ["aws:team", "AWS:Team", "goog-team", "hidden-team", "ms-resource-team"])
def test_a_providers_own_key_never_counts(key: str) -> None:
    """A tag the provider made claims nothing, even spelt in capitals."""
    assert owner({key: "x"}) == NOBODY


def test_scope_beats_key() -> None:
    """Any key of the resource beats the best key of what it inherits."""
    assert owner({"cost-center": "4711"}, {"team": "b"}, inherited={"team": "c"})["team"] == "4711"
    assert owner({}, {"owner": "b"}, inherited={"team": "c"})["team"] == "b"
    assert owner({}, inherited={"team": "C"}, account={"team": "d"})["team"] == "c"
    assert owner({}, account={"team": "d"})["team"] == "d"


def test_two_spellings_in_one_scope() -> None:
    """Of several spellings the one that sorts first by bytes claims it, unless it is empty."""
    assert owner({"team": "low", "Team": "high", "TEAM": ""})["team"] == "high"
