"""What the engine is asked: a slim document. Money in integer micro-units, ratios in millionths, nothing a rule does not read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Decimal

from bursar.exception_registry import Grant
from bursar.policies.budgets import Budget
from bursar.policies.measured import Measure
from bursar.policies.own_prices import service_of
from bursar.policies.planned import Owner, Planned, Resource
from bursar.policies.pricing import Estimate
from bursar.query.filters import parse
from bursar.query.known import UNKNOWN, Fact, holds

MILLION = Decimal(1_000_000)
REQUIRED = ("team", "service", "env")


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetView:
    """A budget a change may touch: how it stands, what others have reserved, what the change adds and what that makes of it."""

    budget: Budget
    measure: Measure
    addresses: tuple[str, ...]
    delta_monthly: Decimal | None
    reserved: Decimal
    p_breach: Decimal | None
    data_age_hours: int | None
    out_of_tolerance: bool


def facts_of(resource: Resource, owners: Mapping[str, Owner]) -> dict[str, Fact]:
    """What is known of a planned resource in the words of filters. An owner without a tag may still come from rules: unknown."""
    facts: dict[str, Fact] = {name: owner.value if owner.state == "present" else UNKNOWN for name, owner in owners.items()}
    facts["provider"] = resource.provider if resource.provider != "kubernetes" else UNKNOWN
    facts["region_id"] = resource.region or UNKNOWN
    facts["service_name"] = service_of(resource.type) or UNKNOWN
    facts |= {f"tag:{key}": value for key, value in resource.tags.known.items()}
    return facts


def environment(owners: Sequence[Mapping[str, Owner]], resources: Sequence[Resource]) -> str:
    """The environment the planned tags agree on; production where one is missing, not known or another."""
    said = [one.get("env") for one, resource in zip(owners, resources, strict=True) if resource.is_judged and resource.taggable == "yes"]
    values = {owner.value if owner and owner.state == "present" else None for owner in said}
    found = values.pop() if len(values) == 1 else None
    return found or "prod"


def document(  # noqa: PLR0913 - the parts of a question
    planned: Planned,
    *,
    owners: Sequence[Mapping[str, Owner]],
    keys: Mapping[str, Sequence[str]],
    allowed: Mapping[str, Sequence[str]],
    estimate: Estimate,
    budgets: Sequence[BudgetView],
    has_budgets: bool,
    reservations: str,
    exceptions: Sequence[Grant],
    env: str,
    now: datetime,
) -> dict[str, object]:
    """The gate's document; `rego/schemas/gate.json` says what may stand in it."""
    touched = _touched(planned, estimate, budgets, has_budgets=has_budgets)
    pairs = list(zip(planned.resources, owners, strict=True))
    return {
        "now_ns": nanoseconds(now),
        "env": env,
        "required": [name for name in REQUIRED if name in keys],
        "allowed": {name: list(values) for name, values in allowed.items()},
        "spellings": {name: list(values) for name, values in keys.items()},
        "resources": [_resource(one, said, estimate, touched=touched.get(one.address)) for one, said in pairs if one.is_judged],
        "workloads": [_workload(one, said) for one, said in pairs if one.is_judged and (one.containers or one.lost_labels)],
        "cost": _cost(estimate),
        "budgets": [_budget(view) for view in budgets if view.budget.gate],
        "budgets_defined": has_budgets,
        "reservations": reservations,
        "exceptions": [_exception(one, pairs) for one in exceptions],
    }


def digest_of(asked: Mapping[str, object]) -> str:
    """SHA-256 of a document as the engine is given it: keys in order, no white space."""
    return hashlib.sha256(json.dumps(asked, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def nanoseconds(moment: datetime) -> int:
    """A moment as the rules compare it."""
    return int(moment.astimezone(UTC).timestamp()) * 1_000_000_000


def micros(amount: Decimal | None) -> int | None:
    """An amount in whole micro-units, rounded up: what is compared with a limit never looks smaller than it is."""
    return None if amount is None else int((amount * MILLION).to_integral_value(ROUND_CEILING))


def _millionths(ratio: Decimal | None) -> int | None:
    return None if ratio is None else int((ratio * MILLION).to_integral_value(ROUND_HALF_EVEN))


def _touched(planned: Planned, estimate: Estimate, budgets: Sequence[BudgetView], *, has_budgets: bool) -> dict[str, list[str]]:
    """The budgets each resource that costs something may belong to."""
    if not has_budgets:
        return {}
    costing = set(estimate.deltas) - set(estimate.usage_based)
    found: dict[str, list[str]] = {resource.address: [] for resource in planned.resources if resource.address in costing}
    for view in budgets:
        for address in view.addresses:
            found.setdefault(address, []).append(view.budget.id)
    return found


def _resource(one: Resource, owners: Mapping[str, Owner], estimate: Estimate, *, touched: list[str] | None) -> dict[str, object]:
    """What every resource has; what is not known of it is left out, so that large plans stay small."""
    told: dict[str, object] = {
        "address": one.address,
        "type": one.type,
        "provider": one.provider,
        "action": one.action,
        "taggable": one.taggable,
        "owners": _owners(owners),
        "tags": dict(one.tags.known),
        "unknown": sorted(one.tags.unknown),
        "open": one.tags.open,
        "budgets": touched,
    }
    if one.region:
        told["region"] = one.region
    if (delta := estimate.deltas.get(one.address)) is not None:
        told["delta_micros"] = micros(delta)
    if one.file:
        told["location"] = _location(one)
    return told


def _workload(one: Resource, owners: Mapping[str, Owner]) -> dict[str, object]:
    """What runs containers."""
    return {
        "address": one.address,
        "type": one.type,
        "owners": _owners(owners),
        "containers": [{"name": container.name, "requests": list(container.requests)} for container in one.containers],
        "lost_labels": list(one.lost_labels),
        "location": _location(one),
    }


def _owners(owners: Mapping[str, Owner]) -> dict[str, object]:
    return {name: {"state": owner.state, "key": owner.key, "value": owner.value} for name, owner in owners.items()}


def _location(one: Resource) -> dict[str, object] | None:
    return {"file": one.file, "line": one.line} if one.file else None


def _cost(estimate: Estimate) -> dict[str, object]:
    return {
        "currency": estimate.currency,
        "delta_micros": micros(estimate.delta_monthly),
        "planned": estimate.planned,
        "priced": estimate.priced,
        "coverage_millionths": _millionths(estimate.coverage),
        "unpriced": list(estimate.unpriced[:50]),
        "price_source": estimate.price_source,
    }


def _budget(view: BudgetView) -> dict[str, object]:
    gate = view.budget.gate
    return {
        "id": view.budget.id,
        "period": f"{view.measure.span.start:%Y-%m}",
        "mode": gate.mode if gate else "soft",
        "currency": view.budget.currency,
        "amount_micros": micros(view.measure.amount or Decimal(0)),
        "actual_micros": micros(view.measure.actual),
        "reserved_micros": micros(view.reserved),
        "delta_micros": micros(view.delta_monthly),
        "max_delta_micros": micros(gate.max_delta_monthly) if gate else None,
        "p_breach_millionths": _millionths(view.p_breach),
        "p_limit_millionths": _millionths(gate.p_breach if gate else Decimal(1)),
        "coverage_min_millionths": _millionths(gate.coverage_min if gate else Decimal(0)),
        "data_age_hours": view.data_age_hours,
        "out_of_tolerance": view.out_of_tolerance,
    }


def _exception(one: Grant, pairs: Sequence[tuple[Resource, Mapping[str, Owner]]]) -> dict[str, object]:
    """An exception with a scope holds for the resources its scope certainly holds for."""
    tree = parse(one.scope) if one.scope else None
    only = [resource.address for resource, owners in pairs if holds(tree, facts_of(resource, owners)) is True] if tree else None
    return {
        "id": one.id,
        "rule": one.rule,
        "pattern": one.pattern,
        "created_ns": nanoseconds(one.created),
        "expires_ns": nanoseconds(one.expires),
        "only": only,
    }
