"""The sums a bill must satisfy, for each format, from its native rows alone.

A bill that breaks one of them is quarantined. Source: design of the billing formats, sections 3 to 5.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from reference import azure as azure_table
from reference import gcp as gcp_table
from reference.aws import (
    NET_TWINS,
    RI_ARN,
    RI_UPFRONT,
    SP_ARN,
    SP_UPFRONT,
    UNBLENDED,
    Basis,
    basis,
    charges_of,
    is_split,
    line_type,
)
from reference.charge import Charge, Identity
from reference.reading import aws_row, azure_row, gcp_row
from reference.values import ZERO, Row, money, text

CENT = Decimal("0.01")
PLAN_USAGE = ("SavingsPlanCoveredUsage", "SavingsPlanNegation")


def aws(native: Iterable[Row]) -> list[Identity]:
    """Plans cancel out, split rows are nothing, Σ billed = Σ U, Σ effective = Σ billed moved in time, net = gross.

    Exact on gross amounts. On a net basis what a plan covers and its negation may be up to a cent apart, so the sum
    of billed costs is taken together with that difference, and effective costs may miss by rounding.
    """
    rows = [aws_row(row) for row in native]
    facts = basis(rows)
    whole = [row for row in rows if not is_split(row)]
    made = [charge for row in rows for charge in charges_of(row, facts)]
    split = [facts.n(row, UNBLENDED) for row in rows if is_split(row)]
    return [
        *_plans(whole, facts),
        Identity(name="split rows", left=sum(split, ZERO), right=ZERO),
        _billed(whole, facts, made),
        _effective(whole, facts, made),
        *_net(rows, facts),
    ]


def _plans(rows: Sequence[Row], facts: Basis) -> Iterator[Identity]:
    gross: dict[str | None, Decimal] = defaultdict(lambda: ZERO)
    net: dict[str | None, Decimal] = defaultdict(lambda: ZERO)
    for row in (row for row in rows if line_type(row) in PLAN_USAGE):
        gross[text(row, SP_ARN)] += money(row, UNBLENDED)
        net[text(row, SP_ARN)] += facts.n(row, UNBLENDED)
    for arn, left in gross.items():
        yield Identity(name=f"covered and negated, {arn}", left=left, right=ZERO)
        yield Identity(name=f"covered and negated net, {arn}", left=net[arn], right=ZERO, tolerance=CENT)


def _billed(rows: Sequence[Row], facts: Basis, made: Sequence[Charge]) -> Identity:
    billed = sum((charge.billed_cost for charge in made), _u(rows, facts, *PLAN_USAGE))
    return Identity(name="billed", left=billed, right=sum((facts.n(row, UNBLENDED) for row in rows), ZERO))


def _effective(rows: Sequence[Row], facts: Basis, made: Sequence[Charge]) -> Identity:
    of_reservations = [row for row in rows if text(row, RI_ARN)]
    of_commitments = [row for row in rows if text(row, SP_ARN, RI_ARN)]
    upfront = _u(rows, facts, "SavingsPlanUpfrontFee") + _u(of_reservations, facts, "Fee")
    refunded = _u(of_commitments, facts, "Refund")
    plans = (facts.n(row, SP_UPFRONT) for row in rows if line_type(row) == "SavingsPlanRecurringFee")
    reservations = (facts.n(row, RI_UPFRONT) for row in rows if line_type(row) == "RIFee")
    moved = sum(plans, ZERO) + sum(reservations, ZERO) - upfront - refunded
    return Identity(
        name="effective",
        left=sum((charge.effective_cost for charge in made), ZERO),
        right=sum((charge.billed_cost for charge in made), moved),
        tolerance=CENT if facts.net else Decimal(0),
    )


def _u(rows: Sequence[Row], facts: Basis, *kinds: str) -> Decimal:
    return sum((facts.n(row, UNBLENDED) for row in rows if line_type(row) in kinds), ZERO)


def _net(rows: Sequence[Row], facts: Basis) -> Iterator[Identity]:
    if NET_TWINS[UNBLENDED] in facts.net:
        gross = sum((money(row, UNBLENDED) for row in rows), ZERO)
        net = sum((facts.n(row, UNBLENDED) for row in rows), ZERO)
        yield Identity(name="gross with discount rows and net", left=gross, right=net, tolerance=CENT)


def gcp(native: Iterable[Row]) -> list[Identity]:
    """Σ billed = Σ (cost + K), and Σ effective the same, for each invoice."""
    rows = list(native)
    whole: dict[str, Decimal] = defaultdict(lambda: ZERO)
    billed: dict[str, Decimal] = defaultdict(lambda: ZERO)
    effective: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for row, charge in zip(rows, gcp_table.charges(rows), strict=True):
        whole[charge.invoice_key] += gcp_table.with_credits(gcp_row(row))
        billed[charge.invoice_key] += charge.billed_cost
        effective[charge.invoice_key] += charge.effective_cost
    return [
        Identity(name=f"{cost} of {key}", left=found[key], right=whole[key])
        for cost, found in (("billed", billed), ("effective", effective))
        for key in sorted(whole)
    ]


def azure(actual: Iterable[Row] | None, amortised: Iterable[Row] | None) -> list[Identity]:
    """Σ billed = Σ cost of the actual rows, Σ effective = Σ cost of the amortised ones (of the actual ones alone)."""
    billed, spread = list(actual or ()), None if amortised is None else list(amortised)
    made = list(azure_table.charges(None if actual is None else billed, spread))
    return [
        Identity(name="billed", left=sum((charge.billed_cost for charge in made), ZERO), right=_cost(billed)),
        Identity(
            name="effective",
            left=sum((charge.effective_cost for charge in made), ZERO),
            right=_cost(billed if spread is None else spread),
        ),
    ]


def _cost(rows: Iterable[Row]) -> Decimal:
    return sum((azure_table.aliased_money(azure_row(row), "cost") for row in rows), ZERO)
