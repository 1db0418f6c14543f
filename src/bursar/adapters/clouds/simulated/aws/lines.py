"""The native line of AWS as an event, and what it means in the four FOCUS costs.

The meaning is decided here when the event is made, from the published table of line item types; no SQL of the
reader is consulted.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from bursar.adapters.clouds.simulated.ledger import Costs, Key, Posting

SILENT = frozenset({"SavingsPlanNegation"})
BOUGHT = {
    "Fee": "Purchase", "FlatRateSubscription": "Purchase", "SavingsPlanUpfrontFee": "Purchase",
    "Tax": "Tax", "Credit": "Credit", "Refund": "Purchase",
}  # fmt: skip
COVERED = frozenset({"SavingsPlanCoveredUsage", "DiscountedUsage"})
NEGOTIATED = frozenset({"EdpDiscount", "PrivateRateDiscount"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Everything that the lines of one resource (or one fee) have in common.

    `columns` are CUR 2.0 names with their text; `rate` is the unit price in whole units, 0 where there is none;
    `unused` is the unused part of a commitment fee, in the report's basis (net where it has net columns).
    """

    type: str
    key: Key
    columns: Mapping[str, str]
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    categories: Mapping[str, str] = field(default_factory=dict[str, str])
    rate: int = 0
    unused: int = 0
    is_commitment: bool = False
    is_split: bool = False
    waste: str = ""


class Run(NamedTuple):
    """Lines of one item. All amounts in whole units, one per line; a moment is `start hour × 1000 + hours`.

    `cost` unblended, `net` net unblended (equal to cost without negotiated discounts), `public` on-demand cost,
    `effective` of a commitment in the report's basis, `gross` before discounts, `amortised` its upfront part (gross).
    """

    item: Item
    moments: Sequence[int]
    cost: Sequence[int]
    net: Sequence[int]
    public: Sequence[int]
    effective: Sequence[int]
    gross: Sequence[int]
    amortised: Sequence[int]

    @property
    def used(self) -> Sequence[int]:
        """The effective cost of usage, in the report's basis."""
        return self.effective if self.item.type in COVERED else self.net

    def postings(self) -> Iterator[Posting]:
        """The charges this run amounts to. Split lines and negations are none."""
        item = self.item
        if item.is_split or item.type in SILENT:
            return
        rows, net = len(self.cost), sum(self.net)
        if item.type in {"SavingsPlanRecurringFee", "RIFee"}:
            yield Posting(replace(item.key, category="Purchase"), Costs(net, 0, net, net), rows)
            yield Posting(replace(item.key, category="Usage"), Costs(0, item.unused, 0, 0), rows)
            return
        category, costs = self._bought(net) if item.type in BOUGHT else ("Usage", self._used(net))
        yield Posting(replace(item.key, category=category), costs, rows)

    def _bought(self, net: int) -> tuple[str, Costs]:
        """Fees, taxes, credits and refunds; those of commitments have no effective cost."""
        kind, effective = self.item.type, 0 if self.item.is_commitment else net
        if kind == "Refund":
            return "Purchase" if self.item.is_commitment else "Usage", Costs(net, effective, effective, effective)
        return BOUGHT[kind], Costs(net, effective, net, net)

    def _used(self, net: int) -> Costs:
        """Usage of every kind, discounts included; a type nobody knows is usage."""
        kind = self.item.type
        if kind == "SavingsPlanCoveredUsage":
            return Costs(0, sum(self.effective), net, self._public())
        if kind == "DiscountedUsage":
            return Costs(net, sum(self.effective), self._public(), self._public())
        if kind.endswith("Discount"):
            return Costs(net, net, net if kind in NEGOTIATED else 0, 0)
        return Costs(net, net, net, self._public())

    def _public(self) -> int:
        return sum(public or cost for public, cost in zip(self.public, self.cost, strict=True))


def single(item: Item, moment: int, cost: int, *, net: int | None = None, public: int = 0) -> Run:
    """One line that is not usage of a meter."""
    return Run(item, [moment], [cost], [cost if net is None else net], [public], [0], [0], [0])
