"""One charge as the reference sees it, and how two piles of charges are compared."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from decimal import Decimal

from reference.values import ZERO, WrongBill

__all__ = ["COSTS", "FIELDS", "Charge", "Identity", "WrongBill", "pile", "sums"]

COSTS = ("billed_cost", "effective_cost", "contracted_cost", "list_cost")


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """A row of cost_and_usage, as far as the tables of the billing formats fix it.

    Costs and quantities are Decimals of twelve digits, stamps are naive UTC, ends are exclusive.
    """

    billed_cost: Decimal
    effective_cost: Decimal
    contracted_cost: Decimal
    list_cost: Decimal
    charge_category: str
    invoice_key: str
    billing_account_id: str | None
    billing_currency: str
    billing_period_start: datetime
    billing_period_end: datetime
    charge_period_start: datetime
    charge_period_end: datetime
    charge_class: str | None = None
    charge_frequency: str = "Usage-Based"
    pricing_category: str | None = None
    commitment_discount_status: str | None = None
    commitment_discount_id: str | None = None
    commitment_discount_category: str | None = None
    commitment_discount_type: str | None = None
    invoice_id: str | None = None
    sub_account_id: str | None = None
    service_name: str | None = None
    resource_id: str | None = None
    region_id: str | None = None
    sku_id: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    inherited_tags: Mapping[str, str] = field(default_factory=dict[str, str])
    pricing_quantity: Decimal | None = None
    consumed_quantity: Decimal | None = None
    x_source_charge_type: str | None = None
    amortization_class: str | None = None
    is_unknown: bool = False

    def costs(self) -> tuple[Decimal, Decimal, Decimal, Decimal]:
        """Billed, effective, contracted and list cost."""
        return (self.billed_cost, self.effective_cost, self.contracted_cost, self.list_cost)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Two sums that must agree within the tolerance, or the bill is quarantined."""

    name: str
    left: Decimal
    right: Decimal
    tolerance: Decimal = Decimal(0)

    def holds(self) -> bool:
        """Whether the two sides agree."""
        return abs(self.left - self.right) <= self.tolerance


FIELDS = tuple(f.name for f in fields(Charge))


def _frozen(value: object) -> object:
    return tuple(sorted(value.items())) if isinstance(value, Mapping) else value


def pile(charges: Iterable[Charge], names: Iterable[str] = FIELDS) -> Counter[tuple[object, ...]]:
    """The charges as a multiset of the named fields."""
    wanted = tuple(names)
    return Counter(tuple(_frozen(getattr(charge, name)) for name in wanted) for charge in charges)


def sums(charges: Iterable[Charge], *by: str) -> dict[tuple[object, ...], tuple[Decimal, ...]]:
    """The four costs summed by these fields and the currency."""
    found: dict[tuple[object, ...], list[Decimal]] = defaultdict(lambda: [ZERO] * 4)
    for charge in charges:
        total = found[(*(getattr(charge, name) for name in by), charge.billing_currency)]
        for at, cost in enumerate(charge.costs()):
            total[at] += cost
    return {key: tuple(total) for key, total in found.items()}
