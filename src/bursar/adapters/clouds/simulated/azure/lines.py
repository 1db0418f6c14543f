"""The native row of Azure as an event, and what it means in the four FOCUS costs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from bursar.adapters.clouds.simulated.ledger import Costs, Key, Posting

PURCHASES = frozenset({"Purchase", "Refund"})
CATEGORIES = {"Purchase": "Purchase", "Refund": "Purchase", "RoundingAdjustment": "Adjustment"}
"""The FOCUS charge category of everything that is no usage."""
UNUSED = frozenset({"UnusedReservation", "UnusedSavingsPlan"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Everything the rows of one resource have in common. Prices in 10^-4 of the pricing currency per unit of measure.

    `price` is what is paid, `unit_price` the contract's, `payg` the public one.
    """

    charge_type: str
    pricing_model: str
    key: Key
    columns: Mapping[str, str]
    rate_milli: int
    price: int = 0
    unit_price: int = 0
    payg: int = 0
    waste: str = ""

    @property
    def is_commitment(self) -> bool:
        """Whether a reservation or a savings plan stands behind the row."""
        return self.pricing_model in {"Reservation", "SavingsPlan"}

    @property
    def is_in_actual(self) -> bool:
        """Unused commitment exists only where purchases are amortised."""
        return self.charge_type not in UNUSED

    @property
    def is_in_amortised(self) -> bool:
        """Commitment purchases and their refunds exist only where they are billed."""
        return not (self.is_commitment and self.charge_type in PURCHASES)

    def amount(self, price: int, quantity: int) -> int:
        """Price × quantity (in 10^-6) in whole units of euros. Exact: quantities suit the exchange rate."""
        return price * quantity * self.rate_milli // 1000


class Row(NamedTuple):
    """One row: the quantity in 10^-6 of its unit of measure, the cost in whole units of euros."""

    item: Item
    day: date
    quantity: int
    cost: int

    @property
    def actual_cost(self) -> int:
        """What the actual-cost export says: usage under a commitment costs nothing there."""
        return 0 if self.item.is_commitment and self.item.charge_type == "Usage" else self.cost

    @property
    def listed(self) -> int:
        """The public price of the quantity, 0 where the export names none."""
        return self.item.amount(self.item.payg, self.quantity)

    def postings(self) -> Iterator[Posting]:
        """The charge of this row: it is always exactly one."""
        yield Posting(self.item.key, self._costs(), 1)

    def actual_postings(self) -> Iterator[Posting]:
        """The charge where only the actual-cost export is known: what was billed is also the effective cost."""
        if not self.item.is_in_actual:
            return
        for key, costs, rows in self.postings():
            yield Posting(key, costs._replace(effective=self.actual_cost), rows)

    def _costs(self) -> Costs:
        kind, cost = self.item.charge_type, self.cost
        if kind in UNUSED:
            return Costs(0, cost, 0, 0)
        if kind in CATEGORIES:
            effective = 0 if self.item.is_commitment else cost
            return Costs(cost, effective, cost, cost)
        contracted, listed = self.item.amount(self.item.unit_price, self.quantity), self.listed
        if self.item.is_commitment:
            return Costs(0, cost, contracted or cost, listed or cost)
        return Costs(cost, cost, contracted, listed)
