"""The native row of Google Cloud as an event, and what it means in the four FOCUS costs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from bursar.adapters.clouds.simulated.ledger import Costs, Key, Posting


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """What a credit is called; its amount belongs to the row."""

    type: str
    name: str
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Everything the rows of one resource have in common: nested columns, owner, and how quantities are told.

    `is_fee`: a commitment's fee, whose contracted and list cost the covered usage carries. `rate` in whole units.
    """

    key: Key
    columns: Mapping[str, object]
    cost_type: str = "regular"
    credits: Sequence[Credit] = ()
    rate: int = 0
    per: int = 1
    unit: str = ""
    pricing_unit: str = ""
    has_prices: bool = True
    is_fee: bool = False
    waste: str = ""
    resource: str = ""


class Row(NamedTuple):
    """One native row. `credits` are amounts (≤ 0) in the order of the item's credits; prices are costs at them."""

    item: Item
    starts: datetime
    ends: datetime
    exported: datetime
    cost: int
    credits: Sequence[int]
    at_list: int
    at_default: int

    def postings(self) -> Iterator[Posting]:
        """The charge of this row: it is always exactly one."""
        item, billed = self.item, self.cost + sum(self.credits)
        contracted, listed = billed, billed
        if item.key.category == "Usage":
            contracted = self.at_default if item.has_prices else self.cost
            listed = self.at_list if item.has_prices else self.cost
        if item.is_fee:
            contracted = listed = 0
        yield Posting(item.key, Costs(billed, billed, contracted, listed), 1)
