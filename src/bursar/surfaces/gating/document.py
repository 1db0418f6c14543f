"""`gate` as JSON: one document, stable, decimals as texts (`schemas/gate.json`)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import cast

from bursar.domain.money import plain
from bursar.domain.periods import stamp
from bursar.exception_registry import Finding
from bursar.policies.asked import BudgetView
from bursar.policies.decisions import Decision, Used, fingerprint
from bursar.policies.pricing import Estimate

Document = dict[str, object]


def gate_document(decision: Decision) -> Document:
    """The decision with all that speaks for it."""
    change = decision.change
    return {
        "decision": decision.answer,
        "id": decision.id,
        "at": stamp(decision.at),
        "subject": decision.subject,
        "change": {"name": change.name, "head": change.head} if change else None,
        "env": decision.env,
        "reason": decision.reason or None,
        "cure": decision.cure or None,
        "violations": [violation(one) for one in decision.violations],
        "excepted": [{**violation(one), "exceptions": one.get("exceptions", [])} for one in decision.excepted],
        "exceptions_used": [_used(one) for one in decision.exceptions_used],
        "exception_findings": [finding(one) for one in decision.exception_findings],
        "cost": cost_document(decision.estimate) if decision.estimate else None,
        "budgets": [budget_document(view) for view in decision.budgets],
        "notes": list(decision.notes),
        "policy_digest": decision.policy_digest,
        "input_digest": decision.input_digest,
        "generation": decision.generation,
        "engine": dict(decision.engine),
        "duration_ms": decision.duration_ms,
    }


def violation(one: Mapping[str, object]) -> Document:
    """One finding, with what stays the same of it, what would mend it, and what shows it."""
    names = ("id", "rule", "severity", "level", "resource", "key", "message", "fix", "location", "unknown", "evidence")
    return {**{name: one.get(name) for name in names}, "cure": cure(one), "fingerprint": fingerprint(one)}


def finding(one: Finding) -> Document:
    """What is said of an exception, and whether it counts all the same."""
    return {"id": one.id, "exception": one.exception, "message": one.message, "applies": one.applies}


def cure(one: Mapping[str, object]) -> str:
    """What to do about a finding, in a sentence."""
    page = f"See docs/policies.md#{str(one['id']).lower()}."
    fix = cast("Mapping[str, object] | None", one.get("fix"))
    if not isinstance(fix, Mapping):
        return page
    kind, key = str(fix.get("kind")), str(fix.get("key"))
    if (kind, key) == ("budget", "scope"):
        return "Give it tags that a budget's scope holds, or write a budget for it in budgets.yaml."
    value = "" if fix.get("value") is None else str(fix["value"])
    told = {
        "add_tag": f"Add the tag {key}.",
        "set_tag": f"Give the tag {key} the name of an owner in bursar.yaml.",
        "rename_tag": f"Rename the tag {key} to {value}.",
        "remove_tag": f"Take the tag {key} off, if it may be changed.",
        "add_label": f"Add {key}: {value}.",
        "set_request": f"Set {key}.",
        "price": "Give a price: bursar gate PATH --infracost FILE.",
        "budget": f"Make the change smaller, or ask the owner of budget {key}.",
        "ingest": "Bring the newest bill in: bursar ingest PATH.",
        "approve": "Get the approvals that are missing: bursar approve DIGEST.",
    }
    return told.get(kind, page)


def cost_document(estimate: Estimate) -> Document:
    """What a change costs a month."""
    return {
        "currency": estimate.currency,
        "delta_monthly": text(estimate.delta_monthly),
        "low": text(estimate.low),
        "high": text(estimate.high),
        "delta_effective": text(estimate.delta_effective),
        "coverage": plain(estimate.coverage.quantize(Decimal("0.0001"))),
        "planned": estimate.planned,
        "priced": estimate.priced,
        "unpriced": list(estimate.unpriced),
        "usage_based": list(estimate.usage_based),
        "price_source": estimate.price_source,
        "price_period": estimate.price_period,
    }


def budget_document(view: BudgetView) -> Document:
    """How a budget stands to a change."""
    measure = view.measure
    return {
        "id": view.budget.id,
        "period": f"{measure.span.start:%Y-%m}",
        "currency": view.budget.currency,
        "amount": text(measure.amount),
        "actual": text(measure.actual),
        "reserved": plain(view.reserved),
        "delta_monthly": text(view.delta_monthly),
        "p_breach": None if view.p_breach is None else plain(view.p_breach.quantize(Decimal("0.0001"))),
        "gate": view.budget.gate.mode if view.budget.gate else None,
    }


def _used(used: Used) -> Document:
    grant = used.grant
    return {
        "id": grant.id,
        "rule": grant.rule,
        "owner": grant.owner,
        "approver": grant.approver,
        "reason": grant.reason,
        "ticket": grant.ticket,
        "expires": stamp(grant.expires),
        "resources": list(used.resources),
        "cost_to_date": [{"currency": name, "amount": text(value)} for name, value in sorted(used.cost_to_date.items())] or None,
    }


def text(amount: Decimal | None) -> str | None:
    """An amount with six digits after the point at most; None where it is not known."""
    return None if amount is None else plain(amount.quantize(Decimal("0.000001")))
