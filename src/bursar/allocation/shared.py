"""Shared costs as variables of the dbt project's int_share: which charges a pool claims, and who bears them by what weight."""

from __future__ import annotations

from bursar.allocation.columns import charge_registry, owner_registry
from bursar.allocation.owners import in_periods
from bursar.allocation.rules import DIMENSIONS, Pool, Rules
from bursar.query.filters import Filter, compile_literal, fields_of, parse

UNITS = 10**12
SHORT = 12
"""Characters of the rules' digest in a method id."""


def conditions(rules: Rules) -> list[Filter]:
    """What the pools look at on a charge."""
    return [parse(pool.pool) for pool in rules.shared]


def pools(rules: Rules) -> list[dict[str, object]]:
    """Each pool in order, as the macro `shared_pool` takes it."""
    return [_pool(pool, digest=rules.digest[:SHORT]) for pool in rules.shared]


def _pool(pool: Pool, *, digest: str) -> dict[str, object]:
    tree = parse(pool.pool)
    return {
        "name": pool.name,
        "condition": f"({compile_literal(tree, charge_registry(DIMENSIONS))}{in_periods(pool)})",
        "landing": _landing(tree, pool),
        "to": pool.to,
        "mode": pool.mode,
        "basis": pool.basis,
        "by": pool.weight,
        "metric": pool.by if pool.mode == "by_metric" else None,
        "among": f"({compile_literal(parse(pool.among), owner_registry(DIMENSIONS))})" if pool.among else None,
        "fixed": [[owner, int(percent * UNITS)] for owner, percent in pool.percent.items()],
        "method_id": f"bursar:{pool.name}:{pool.mode}@{digest}",
    }


def _landing(tree: Filter, pool: Pool) -> str | None:
    """The owners whose costs the pool shares, where it is defined by owner alone: shares that land there feed it."""
    if any(field.name not in DIMENSIONS or field.key is not None for field in fields_of(tree)):
        return None
    return f"({compile_literal(tree, owner_registry(DIMENSIONS))}{in_periods(pool)})"
