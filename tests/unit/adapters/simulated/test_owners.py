"""The default owner rules, as the truth restates them."""

import pytest

from bursar.adapters.clouds.simulated.owners import TEAM_KEYS, owner


@pytest.mark.parametrize(
    ("scopes", "team"),
    [
        ([{"team": "Payments "}], "payments"),
        ([{"Cost_Center": "data"}], "data"),
        ([{"owner": "ana", "team": "search"}], "search"),
        ([{"team": "web", "Team": "search"}], "search"),
        ([{"team": "  "}, {"Team": "data"}], "data"),
        ([{"squad": "search"}, {"team": "data"}], "search"),
        ([{"taem": "payments"}], "unallocated"),
        ([{"team": "paymets"}], "paymets"),
        ([{"goog-team": "x", "hidden-team": "y", "aws:team": "z", "MS-Resource-team": "w"}], "unallocated"),
        ([{}, {}], "unallocated"),
    ],
)
def test_owner_by_the_default_rules(scopes: list[dict[str, str]], team: str) -> None:
    """Keys in order, folded; values trimmed and lowered; a scope beats a key; provider keys and typos name nobody."""
    assert owner(scopes, TEAM_KEYS) == team
