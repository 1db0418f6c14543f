"""What a change makes of the budgets it may touch: which they are, what it adds to each, and how likely each then breaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from bursar.domain.money import total
from bursar.policies.asked import BudgetView, facts_of
from bursar.policies.budgets import Budget
from bursar.policies.measured import Ledger, Measure, age_hours
from bursar.policies.own_prices import HOURS_A_MONTH
from bursar.policies.planned import Owner, Planned
from bursar.policies.pricing import Estimate
from bursar.query.known import holds


def views(
    planned: Planned, *, owners: Sequence[Mapping[str, Owner]], estimate: Estimate, ledger: Ledger, out_of_tolerance: bool, now: datetime
) -> list[BudgetView]:
    """Every budget a planned resource belongs to or may belong to, with nothing reserved yet. Ancestors come with their children."""
    found: list[BudgetView] = []
    for budget in ledger.budgets:
        added = _added(budget, planned, owners=owners, estimate=estimate, ledger=ledger)
        if not added:
            continue
        known = [delta for delta, _ in added.values() if delta is not None]
        counted = [delta for delta, is_sure in added.values() if delta is not None and (is_sure or delta > 0)]
        view = BudgetView(
            budget=budget,
            measure=ledger.measure(budget, burning=False),
            addresses=tuple(added),
            delta_monthly=total(counted) if known else None,
            reserved=Decimal(0),
            p_breach=None,
            data_age_hours=age_hours(ledger.generation, now),
            out_of_tolerance=out_of_tolerance,
        )
        found.append(view)
    return found


def _added(
    budget: Budget, planned: Planned, *, owners: Sequence[Mapping[str, Owner]], estimate: Estimate, ledger: Ledger
) -> dict[str, tuple[Decimal | None, bool]]:
    """What each resource adds, and whether it surely belongs here. A saving that only may belong here is not counted on."""
    tree = ledger.budgets.whole_scope(budget)
    found: dict[str, tuple[Decimal | None, bool]] = {}
    for resource, said in zip(planned.resources, owners, strict=True):
        if resource.address in estimate.deltas and resource.address not in estimate.usage_based:
            answer = holds(tree, facts_of(resource, said))
            if answer is not False:
                found[resource.address] = (estimate.deltas[resource.address], answer is True)
    return found


def p_breach(measure: Measure, *, delta: Decimal | None, reserved: Decimal, now: datetime) -> Decimal | None:
    """The probability of ending the period above the amount with this change and what others have reserved.

    Without a forecast only what is certain counts: spent, reserved and added. Both run for the hours that are left, a month's 730.
    """
    if measure.amount is None or measure.actual is None:
        return None
    left = Decimal(hours_left(measure, now)) / HOURS_A_MONTH
    added = (reserved + (delta or Decimal(0))) * left
    if measure.actual + added > measure.amount:
        return Decimal(1)
    return measure.forecast.plus(added).p_above(measure.amount) if measure.forecast else None


def hours_left(measure: Measure, now: datetime) -> int:
    """Hours until the period ends."""
    end = datetime(measure.span.end.year, measure.span.end.month, measure.span.end.day, tzinfo=UTC)
    return max(0, int((end - now).total_seconds() // 3600))
