"""A decision of the gate and its record: what was asked, by which rules, what was said, and what it rested on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal

import sqlalchemy as sa

from bursar.domain.canonical import digest
from bursar.domain.money import plain
from bursar.domain.periods import stamp
from bursar.exception_registry import Finding, Grant, record_use
from bursar.policies.asked import BudgetView
from bursar.policies.planned import Planned
from bursar.policies.pricing import Estimate
from bursar.policies.reservations import Change
from bursar.store import journal

Answer = Literal["allow", "deny", "undecided"]

KEPT = 200
"""Violations written into the journal; the count is of all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """An exception that covered a finding, what of the bill it has let through so far by currency (empty: the bill knows none)."""

    grant: Grant
    resources: tuple[str, ...]
    cost_to_date: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the gate decided. `reason` says why it could not, when it is undecided; violations have a level, deny or warn."""

    id: str
    at: datetime
    subject: str
    answer: Answer
    env: str
    reason: str = ""
    cure: str = ""
    violations: tuple[Mapping[str, object], ...] = ()
    excepted: tuple[Mapping[str, object], ...] = ()
    exceptions_used: tuple[Used, ...] = ()
    exception_findings: tuple[Finding, ...] = ()
    planned: Planned | None = None
    estimate: Estimate | None = None
    budgets: tuple[BudgetView, ...] = ()
    notes: tuple[str, ...] = ()
    policy_digest: str = ""
    input_digest: str = ""
    exceptions_digest: str = ""
    generation: int | None = None
    engine: Mapping[str, str] = field(default_factory=dict[str, str])
    duration_ms: int = 0
    change: Change | None = None

    @property
    def denying(self) -> tuple[Mapping[str, object], ...]:
        """The violations that deny."""
        return tuple(one for one in self.violations if one["level"] == "deny")


def identify(*, subject: str, at: datetime, input_digest: str, policy_digest: str) -> str:
    """A decision's name: the same question at the same moment under the same rules is the same decision."""
    return "dec_" + digest({"subject": subject, "at": stamp(at), "input": input_digest, "policy": policy_digest})[:24]


def fingerprint(finding: Mapping[str, object]) -> str:
    """What stays the same of a finding while its message changes."""
    return digest([finding["id"], finding["resource"], finding["key"]])


def record(connection: sa.Connection, decision: Decision) -> None:
    """Journal a decision and the exceptions it used, in the transaction that reserves."""
    journal.append(connection, at=stamp(decision.at), kind="decision", actor="gate", payload=_payload(decision))
    ids = [used.grant.id for used in decision.exceptions_used]
    record_use(connection, ids, by="gate", subject=decision.subject, now=decision.at)


def _payload(decision: Decision) -> dict[str, object]:
    change = decision.change
    return {
        "id": decision.id,
        "entrypoint": "gate",
        "subject": decision.subject,
        "change": {"name": change.name, "head": change.head} if change else None,
        "env": decision.env,
        "decision": decision.answer,
        "error": decision.reason or None,
        "input_digest": decision.input_digest,
        "bundle_digest": decision.policy_digest,
        "exceptions_digest": decision.exceptions_digest,
        "generation": decision.generation,
        "engine": dict(decision.engine),
        "violations": _brief(decision.violations),
        "violation_count": len(decision.violations),
        "exceptions_used": sorted(used.grant.id for used in decision.exceptions_used),
        "cost": _cost(decision.estimate),
        "budgets": [_budget(view) for view in decision.budgets],
        "duration_ms": decision.duration_ms,
    }


def _brief(violations: Sequence[Mapping[str, object]]) -> list[dict[str, object]]:
    return [{name: one[name] for name in ("id", "resource", "key", "level")} for one in violations[:KEPT]]


def _cost(estimate: Estimate | None) -> dict[str, object] | None:
    if estimate is None:
        return None
    return {
        "currency": estimate.currency,
        "delta_monthly": estimate.delta_monthly,
        "coverage": plain(estimate.coverage.quantize(Decimal("0.0001"))),
        "price_source": estimate.price_source,
    }


def _budget(view: BudgetView) -> dict[str, object]:
    return {
        "id": view.budget.id,
        "delta_monthly": view.delta_monthly,
        "reserved": view.reserved,
        "p_breach": None if view.p_breach is None else plain(view.p_breach.quantize(Decimal("0.0001"))),
    }
