"""Forecasts that add up: parents are forecast themselves, and children are scaled to them to the last digit."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from bursar.anomaly.panel import LEVELS, PARENTS, Series, key_of
from bursar.domain.money import exact_split, total

BRANCHES = (("provider", "account", "cloud_service"), ("team", "team_service", "team_service_env"))
"""The two ways an estate is cut; each adds up by itself."""


def conserve(series: Sequence[Series], actual: Sequence[Decimal], ahead: Sequence[Decimal]) -> list[Decimal]:
    """The total of every series: what is charged and its share of what its parent will add.

    A parent's total is never below what its children are charged already; those without a parent keep their own.
    """
    totals = [have + more for have, more in zip(actual, ahead, strict=True)]
    for branch in BRANCHES:
        children = _children(series, branch)
        least = list(actual)
        for level in reversed(branch):
            for parent, below in children.get(level, {}).items():
                least[parent] = max(least[parent], total(least[child] for child in below))
        for level in branch:
            for parent, below in children.get(level, {}).items():
                _share(parent, below, totals=totals, least=least)
    return totals


def _share(parent: int, below: Sequence[int], *, totals: list[Decimal], least: Sequence[Decimal]) -> None:
    """Give the children what their parent will add, in proportion to what they would add by themselves."""
    totals[parent] = max(totals[parent], least[parent])
    spare = totals[parent] - total(least[child] for child in below)
    weights = {str(child): max(totals[child] - least[child], Decimal(0)) for child in below}
    for child, share in exact_split(spare, weights).items():
        totals[int(child)] = least[int(child)] + share


def _children(series: Sequence[Series], branch: Sequence[str]) -> dict[str, dict[int, list[int]]]:
    """Rows below every parent, by the children's level."""
    places = {one.key: row for row, one in enumerate(series)}
    found: dict[str, dict[int, list[int]]] = {}
    for row, one in enumerate(series):
        if one.level not in branch:
            continue
        level = PARENTS[one.level]
        parent = places.get(key_of(level, {name: one.scope[name] for name in LEVELS[level]}, one.currency))
        if parent is not None:
            found.setdefault(one.level, {}).setdefault(parent, []).append(row)
    return found
