"""The gate: a planned change → allow, deny or undecided. What is not an answer of the engine is never an allow (ADR 0008).

Rules judge a document; the reservation of a change is written in the transaction that decides, so that two changes cannot take the
same last dollar: where another promise came in between, the question is asked again while nobody else may write.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import cast

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from bursar.domain.canonical import digest
from bursar.domain.errors import BursarError, Unavailable
from bursar.exception_registry import Grant, Registry, cost_of, load, tell_file
from bursar.lake.generations import Generation, Lake
from bursar.lake.reports import reconciliation
from bursar.policies import headroom, reservations
from bursar.policies.asked import BudgetView, digest_of, document, environment
from bursar.policies.budgets import Budgets
from bursar.policies.decisions import Answer, Decision, Used, identify, record
from bursar.policies.forecasts import read_forecasts
from bursar.policies.iac.recognise import read_change
from bursar.policies.measured import Ledger
from bursar.policies.own_prices import OwnPrices, own_prices
from bursar.policies.planned import Owner, Ownership, Planned
from bursar.policies.pricing import Estimate, estimate
from bursar.policies.reservations import Change
from bursar.ports import Clock, PolicyEngine, Verdict, Warehouse

SECONDS = 10.0
"""The deadline of one decision."""

RECENT = 2
"""Newest billing periods whose invoices must agree."""

Held = Mapping[tuple[str, str], Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """Everything a decision rests on but the reservations of others."""

    planned: Planned
    owners: Sequence[Mapping[str, Owner]]
    estimate: Estimate
    views: Sequence[BudgetView]
    exceptions: Sequence[Grant]
    env: str
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """The gate over a project: its owners' tags, budgets and exceptions, and the engine that judges."""

    engine: PolicyEngine
    store: sa.Engine
    lake: Lake
    warehouse: Warehouse
    clock: Clock
    ownership: Ownership
    owners: Sequence[str] = ()
    budgets: Budgets
    exceptions: Path | None = None

    def decide(
        self, path: Path, *, env: str | None = None, infracost: Path | None = None, change: Change | None = None, actor: str = "gate"
    ) -> Decision:
        """Judge the change at a path, journal the decision, and reserve what it adds. Raises only where nothing can be journalled."""
        started, now, subject = time.monotonic(), self.clock(), path.name
        try:
            planned = read_change(path)
            generation = self.lake.head()
            prices, notes = self._prices(generation, now=now)
            priced = estimate(planned, infracost=infracost, own=prices)
            registry = self._registry(generation, now=now, actor=actor)
            case = self._case(planned, priced, registry, generation=generation, env=env, now=now)
        except BursarError as error:
            at = f"{now:%Y%m%d%H%M%S}"
            broken = Decision(
                id=f"dec_{digest([subject, at, str(error)])[:24]}", at=now, subject=subject, answer="undecided", env=env or "prod",
                reason=str(error), cure=error.cure, change=change,
            )  # fmt: skip
            self._record(broken)
            return broken
        draft = Decision(
            id="", at=now, subject=subject, answer="undecided", env=case.env, planned=planned, estimate=priced, change=change,
            exception_findings=registry.findings, exceptions_digest=registry.digest, notes=(*planned.notes, *notes),
            generation=generation.n if generation else None,
        )  # fmt: skip
        return self._decided(case, draft, generation=generation, started=started)

    def _decided(self, case: _Case, draft: Decision, *, generation: Generation | None, started: float) -> Decision:
        """Ask, then write; and ask again under the lock where somebody else reserved meanwhile."""
        held = self._held(draft.change, now=case.now)
        decision = self._asked(case, draft, held, generation=generation)
        try:
            with self.store.begin() as connection:
                current = _reserved(connection, draft.change, now=case.now)
                if held is not None and current != held:
                    decision = self._asked(case, draft, current, generation=generation)
                decision = replace(decision, duration_ms=int((time.monotonic() - started) * 1000))
                if decision.change:
                    promised = _promised(decision.budgets) if decision.answer == "allow" else {}
                    reservations.replace(connection, decision.change, promised, now=case.now)
                record(connection, decision)
        except SQLAlchemyError as error:
            raise _unwritten() from error
        return decision

    def _asked(self, case: _Case, draft: Decision, held: Held | None, *, generation: Generation | None) -> Decision:
        """The draft with the engine's answer, and what the exceptions it used have cost."""
        views, input_digest, verdict = self._ask(case, held)
        decision = _spoken(draft, verdict, views=views, input_digest=input_digest)
        return replace(decision, exceptions_used=self._used(verdict, case.exceptions, generation=generation))

    def _used(self, verdict: Verdict, exceptions: Sequence[Grant], *, generation: Generation | None) -> tuple[Used, ...]:
        """The exceptions that covered a finding, with what they covered."""
        covered: dict[str, set[str]] = {}
        for finding in verdict.excepted:
            for one in cast("Sequence[str]", finding.get("exceptions") or ()):
                covered.setdefault(one, set()).add(str(finding["resource"]))
        return tuple(
            Used(grant=one, resources=tuple(sorted(covered[one.id])), cost_to_date=self._cost(one, generation))
            for one in exceptions
            if one.id in covered
        )

    def _ask(self, case: _Case, held: Held | None) -> tuple[list[BudgetView], str, Verdict]:
        """The engine's verdict with what others have reserved; `held` is None where that could not be read."""
        views = [_with(view, (held or {}).get((view.budget.id, view.budget.currency), Decimal(0)), now=case.now) for view in case.views]
        asked = document(
            case.planned,
            owners=case.owners,
            keys=self.ownership.keys,
            allowed={"team": sorted(self.owners)} if self.owners else {},
            estimate=case.estimate,
            budgets=views,
            has_budgets=len(self.budgets) > 0,
            reservations="unreachable" if held is None else "read",
            exceptions=case.exceptions,
            env=case.env,
            now=case.now,
        )
        return views, digest_of(asked), self.engine.evaluate("gate", asked, seconds=SECONDS)

    def _case(
        self, planned: Planned, priced: Estimate, registry: Registry, *, generation: Generation | None, env: str | None, now: datetime
    ) -> _Case:
        owners = [self.ownership.of(resource.tags) for resource in planned.resources]
        return _Case(
            planned=planned,
            owners=owners,
            estimate=priced,
            views=self._views(planned, owners, priced, generation=generation, now=now) if len(self.budgets) else (),
            exceptions=registry.applying(),
            env=env or environment(owners, planned.resources),
            now=now,
        )

    def _views(
        self, planned: Planned, owners: Sequence[Mapping[str, Owner]], priced: Estimate, *, generation: Generation | None, now: datetime
    ) -> list[BudgetView]:
        ledger = self.ledger(generation, now=now)
        wrong = _out_of_tolerance(self.store, generation)
        return headroom.views(planned, owners=owners, estimate=priced, ledger=ledger, out_of_tolerance=wrong, now=now)

    def ledger(self, generation: Generation | None, *, now: datetime) -> Ledger:
        """What budgets are measured by."""
        newest = generation.n if generation else 0
        forecasts = read_forecasts(self.lake.root / "scores", newest=newest, warehouse=self.warehouse)
        return Ledger(budgets=self.budgets, generation=generation, warehouse=self.warehouse, forecasts=forecasts, today=now.date())

    def _prices(self, generation: Generation | None, *, now: datetime) -> tuple[OwnPrices | None, tuple[str, ...]]:
        """Prices of the own bill; a bill that cannot be read is a note and no price."""
        try:
            return own_prices(generation, warehouse=self.warehouse, now=now), ()
        except BursarError as error:
            return None, (f"The bill's own prices could not be read: {error}",)

    def _registry(self, generation: Generation | None, *, now: datetime, actor: str) -> Registry:
        """The exceptions, those of the file told in the journal; what capped ones cost this month comes from the bill."""
        try:
            with self.store.begin() as connection:
                registry = load(connection, now=now, file=self.exceptions, owners=self.owners)
                tell_file(connection, registry, now=now, actor=actor)
            capped = [one for one in registry.grants if one.max_monthly_cost is not None]
            if not capped:
                return registry
            month = f"{now:%Y-%m}-01"
            costs = {one.id: cost_of(one, since=month, generation=generation, warehouse=self.warehouse) for one in capped}
            with self.store.connect().execution_options(read_only=True) as connection:
                return load(connection, now=now, file=self.exceptions, owners=self.owners, monthly=costs)
        except SQLAlchemyError as error:
            raise _unwritten() from error

    def _held(self, change: Change | None, *, now: datetime) -> Held | None:
        try:
            with self.store.connect().execution_options(read_only=True) as connection:
                return _reserved(connection, change, now=now)
        except SQLAlchemyError:
            return None

    def _cost(self, one: Grant, generation: Generation | None) -> dict[str, Decimal]:
        return cost_of(one, since=one.created.date().isoformat(), generation=generation, warehouse=self.warehouse)

    def _record(self, decision: Decision) -> None:
        try:
            with self.store.begin() as connection:
                record(connection, decision)
        except SQLAlchemyError as error:
            raise _unwritten() from error


def _unwritten() -> Unavailable:
    return Unavailable("the journal cannot be written, so nothing is decided", cure="bursar doctor says what is wrong.")


def _reserved(connection: sa.Connection, change: Change | None, *, now: datetime) -> Held:
    return reservations.reserved(connection, now=now, without=change.name if change else None)


def _with(view: BudgetView, held: Decimal, *, now: datetime) -> BudgetView:
    """A budget as it stands with what others have reserved."""
    chance = headroom.p_breach(view.measure, delta=view.delta_monthly, reserved=held, now=now)
    return replace(view, reserved=held, p_breach=chance)


def _spoken(draft: Decision, verdict: Verdict, *, views: Sequence[BudgetView], input_digest: str) -> Decision:
    """The draft with what the engine said of it; without an answer it stays undecided."""
    answer: Answer = "undecided" if verdict.reason else "allow" if verdict.allow else "deny"
    ordered = sorted(verdict.violations, key=lambda one: (one["level"] != "deny", str(one["resource"]), str(one["id"]), str(one["key"])))
    return replace(
        draft,
        id=identify(subject=draft.subject, at=draft.at, input_digest=input_digest, policy_digest=verdict.policy_digest),
        answer=answer,
        reason=f"{verdict.reason}: {verdict.detail}" if verdict.reason else "",
        cure=_CURES.get(verdict.reason, "bursar policy test says which rule is broken.") if verdict.reason else "",
        violations=tuple(ordered),
        excepted=verdict.excepted,
        budgets=tuple(views),
        policy_digest=verdict.policy_digest,
        input_digest=input_digest,
        engine=verdict.engine,
    )


_CURES = {
    "engine.missing": "Install OPA (make opa, or openpolicyagent.org), or name it in bursar.yaml: opa: {binary: /path/to/opa}",
    "engine.unavailable": "Run it again; if it stays away, name another binary in bursar.yaml: opa: {binary: /path/to/opa}",
}


def _promised(views: Sequence[BudgetView]) -> dict[str, tuple[Decimal, str]]:
    """What an allowed change holds of each budget."""
    return {view.budget.id: (view.delta_monthly, view.budget.currency) for view in views if view.delta_monthly is not None}


def _out_of_tolerance(store: sa.Engine, generation: Generation | None) -> bool:
    """Whether a bill of the newest periods contradicts its invoice."""
    if generation is None:
        return False
    newest = set(sorted(generation.periods())[-RECENT:])
    rows = reconciliation(store, n=generation.n)
    return any(row.status == "out_of_tolerance" and row.billing_period in newest for row in rows)
