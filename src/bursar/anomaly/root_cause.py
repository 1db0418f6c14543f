"""Root causes: the combination of up to three attributes whose change explains an excess best.

Leaves hold what was charged (A) and what was expected (F). A cuboid c of values is scored by how well one common ratio
ρ = A_c/F_c explains its leaves while the others stand still, times the share of the excess it carries, less a little for every
attribute: simple beats detailed. Source: docs/anomalies.md, "Why".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.resources import files
from itertools import combinations
from typing import cast

import numpy as np
from numpy.typing import NDArray

from bursar.anomaly.detectors.contract import Flags, Floats
from bursar.anomaly.evidence import usage_filter, where_of
from bursar.anomaly.panel import MART, Scope
from bursar.lake.generations import Generation
from bursar.ports import Warehouse
from bursar.query.router import relation_of

ATTRIBUTES = ("resource_id", "sku_id", "service_name", "service", "team", "sub_account_id", "region_id", "env", "provider")
"""What causes are sought by, in the order they are preferred where two name the same charges."""
OTHER_RESOURCES = "(other)"
OWNED = 0.7
"""A team with this share of an excess owns it."""
RESOURCES = 200
MOST_DAYS = 14
"""Longer incidents are explained by their first days."""
DEEPEST = 3
PENALTY = 0.01
TOP = 3

Value = str | None
_Found = tuple[float, int, tuple[str, ...], tuple[int, ...]]
"""Score, number of attributes, their names, and the code of each value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaves:
    """Leaves by attribute: `codes[name]` are places in `values[name]`; `actual` and `expected` in one currency."""

    values: Mapping[str, Sequence[Value]]
    codes: Mapping[str, NDArray[np.int64]]
    actual: Floats
    expected: Floats

    @classmethod
    def of(cls, rows: Sequence[Sequence[object]], *, attributes: Sequence[str] = ATTRIBUTES) -> Leaves:
        """From rows of attributes, actual, expected."""
        values: dict[str, list[Value]] = {}
        codes: dict[str, NDArray[np.int64]] = {}
        for place, name in enumerate(attributes):
            column = [cast("Value", row[place]) for row in rows]
            values[name] = sorted(set(column), key=lambda value: (value is None, value or ""))
            places = {value: code for code, value in enumerate(values[name])}
            codes[name] = np.array([places[value] for value in column], dtype=np.int64)
        sides = np.array([[float(str(row[-2])), float(str(row[-1]))] for row in rows]).reshape(-1, 2)
        return cls(values=values, codes=codes, actual=sides[:, 0], expected=sides[:, 1])

    @property
    def change(self) -> Floats:
        """Actual less expected, by leaf."""
        return self.actual - self.expected

    def within(self, scope: Mapping[str, Value]) -> Flags:
        """Which leaves a scope holds."""
        inside = np.ones(len(self.actual), dtype=np.bool_)
        for name, value in scope.items():
            held = self.values[name]
            inside &= self.codes[name] == held.index(value) if value in held else False
        return inside


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One explanation: the values that name it, its part of the excess (1 is all of it), and its own amounts."""

    scope: Scope
    share: float
    score: float
    actual: float
    expected: float


def read_leaves(generation: Generation, warehouse: Warehouse, *, currency: str, first: date, last: date, unused: bool = False) -> Leaves:
    """The leaves of all usage of a currency over these days (the first two weeks of them)."""
    until = min(last, first + timedelta(days=MOST_DAYS - 1))
    where, values = where_of(usage_filter({}, unused=unused, currency=currency))
    sql = files("bursar.anomaly").joinpath("leaves.sql").read_text("utf-8").format(
        relation=relation_of(generation.of(MART, start=first - timedelta(days=28), end=until + timedelta(days=1))),
        where=where,
        attributes=", ".join(ATTRIBUTES),
        attributes_but_resource=", ".join(ATTRIBUTES[1:]),
        resources=RESOURCES,
        other=OTHER_RESOURCES,
    )  # fmt: skip
    parameters = (*values, first, until, first, until, first, first)
    return Leaves.of(warehouse.rows(sql, parameters, reads=[file.path for file in generation.files]).rows)


def explain(leaves: Leaves, *, scope: Mapping[str, Value], top: int = TOP) -> list[Cause]:
    """The best explanations of a scope's excess, best first; none where nothing changed. Ties go to the simpler, then by name."""
    inside = leaves.within(scope)
    actual, expected = leaves.actual[inside], leaves.expected[inside]
    change, moved = actual - expected, float(np.abs(actual - expected).sum())
    excess = float(change.sum())
    if not moved or not excess:
        return []
    free = [name for name in ATTRIBUTES if name in leaves.codes and name not in scope]
    codes = {name: np.unique(leaves.codes[name][inside], return_inverse=True) for name in free}
    varied = [name for name in free if len(codes[name][0]) > 1 or leaves.values[name][int(codes[name][0][0])] is not None]
    found: list[_Found] = []
    for size in range(1, DEEPEST + 1):
        for names in combinations(varied, size):
            found += _cuboids(names, codes, actual=actual, expected=expected, moved=moved, excess=excess)
    found.sort(key=lambda each: (-round(each[0], 9), each[1], _vague(each, leaves), [ATTRIBUTES.index(name) for name in each[2]], each[3]))
    return _distinct(found, leaves, inside=inside, excess=excess, top=top)


def resources_of(leaves: Leaves, *, scope: Mapping[str, Value], top: int) -> list[tuple[str, float]]:
    """The resources that carry most of a scope's excess, each with its share of it (1 is all), the largest first."""
    inside = leaves.within(scope)
    excess = float(leaves.change[inside].sum())
    if not excess:
        return []
    names = leaves.values["resource_id"]
    shares: list[float] = (np.bincount(leaves.codes["resource_id"][inside], leaves.change[inside], minlength=len(names)) / excess).tolist()
    found = [(name, share) for name, share in zip(names, shares, strict=True) if name and name != OTHER_RESOURCES and share > 0]
    return sorted(found, key=lambda one: (-one[1], one[0]))[:top]


def owner_of(leaves: Leaves, *, scope: Mapping[str, Value]) -> Value:
    """The team that holds most of a scope's excess, or None where no team holds enough."""
    inside = leaves.within(scope)
    excess = float(leaves.change[inside].sum())
    if not excess:
        return None
    shares = np.bincount(leaves.codes["team"][inside], leaves.change[inside], minlength=len(leaves.values["team"])) / excess
    first = int(np.argmax(shares))
    return leaves.values["team"][first] if shares[first] >= OWNED else None


def _vague(found: _Found, leaves: Leaves) -> int:
    """How many of a cuboid's values name nothing: missing ones, and the rest of the resources."""
    values = (leaves.values[name][code] for name, code in zip(found[2], found[3], strict=True))
    return sum(value is None or value == OTHER_RESOURCES for value in values)


def _cuboids(
    names: tuple[str, ...],
    codes: Mapping[str, tuple[NDArray[np.int64], NDArray[np.intp]]],
    *,
    actual: Floats,
    expected: Floats,
    moved: float,
    excess: float,
) -> list[_Found]:
    """Every combination of values of these attributes with its score; only those that carry some of the excess."""
    flat = np.zeros(len(actual), dtype=np.int64)
    for name in names:
        flat = flat * len(codes[name][0]) + codes[name][1]
    groups, member = np.unique(flat, return_inverse=True)
    a, f = np.bincount(member, actual), np.bincount(member, expected)
    ratio = np.divide(a, f, out=np.zeros_like(a), where=np.abs(f) > 1e-12)
    rest = np.where(np.abs(f[member]) > 1e-12, np.abs(actual - ratio[member] * expected), 0.0)
    unexplained = np.bincount(member, rest) + moved - np.bincount(member, np.abs(actual - expected))
    share = np.clip((a - f) / excess, 0.0, 1.0)
    score = (1 - unexplained / moved) * share - PENALTY * len(names)
    best = np.flatnonzero((share > 0) & (score > 0))
    best = best[np.argsort(-score[best], kind="stable")[: 4 * TOP]]
    return [(float(score[place]), len(names), names, _digits(int(groups[place]), names, codes)) for place in best]


def _digits(flat: int, names: tuple[str, ...], codes: Mapping[str, tuple[NDArray[np.int64], NDArray[np.intp]]]) -> tuple[int, ...]:
    """The value of each attribute in a combined code."""
    digits: list[int] = []
    for name in reversed(names):
        flat, place = divmod(flat, len(codes[name][0]))
        digits.append(int(codes[name][0][place]))
    return tuple(reversed(digits))


def _distinct(
    found: Sequence[_Found],
    leaves: Leaves,
    *,
    inside: Flags,
    excess: float,
    top: int,
) -> list[Cause]:
    """The first few that differ in the leaves they name: two names of the same charges are one cause."""
    causes: list[Cause] = []
    seen: set[bytes] = set()
    for score, _, names, digits in found:
        mask = inside.copy()
        for name, code in zip(names, digits, strict=True):
            mask &= leaves.codes[name] == code
        if mask.tobytes() in seen:
            continue
        seen.add(mask.tobytes())
        actual, expected = float(leaves.actual[mask].sum()), float(leaves.expected[mask].sum())
        scope = {name: leaves.values[name][code] for name, code in zip(names, digits, strict=True)}
        causes.append(Cause(scope=scope, share=(actual - expected) / excess, score=score, actual=actual, expected=expected))
        if len(causes) == top:
            break
    return causes
