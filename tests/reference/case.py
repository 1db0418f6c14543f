"""Hand-written bills: a few native rows and the charges they must become, worked out by hand from the tables.

Each case is for one format (`aws-cur`, `aws-cur2`, `gcp-detailed`, `azure-cost`, `focus`). `expected` holds every charge the
rows become, in no order. `CASES` of every format stand in `reference.cases.every`; `write_native` in
`reference.native` writes a case as a delivery of its format.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from reference.values import DIGITS, Row

Costs: TypeAlias = tuple[Decimal, Decimal, Decimal, Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """One charge: its four costs, its category, what else the case claims of it, and why.

    `costs` are billed, effective, contracted and list, written with spaces between. `also` claims fields of Charge;
    a field that is not claimed is not tested.
    """

    costs: str
    category: str
    because: str
    also: Mapping[str, object] = field(default_factory=dict[str, object])

    def amounts(self) -> Costs:
        """The four costs at twelve digits."""
        billed, effective, contracted, listed = (Decimal(part).quantize(DIGITS) for part in self.costs.split())
        return (billed, effective, contracted, listed)

    def claims(self) -> Mapping[str, object]:
        """Every claimed field that is not a cost."""
        return {"charge_category": self.category, **self.also}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Native rows of one delivery and the charges they become.

    Azure's `rows` are the actual ones and `amortised` the run beside them (None: there is none; `rows` None: only the
    amortised run came). `is_quarantined` says that the bill is wrong and must be refused.
    """

    name: str
    format: str
    rows: tuple[Row, ...] | None
    expected: tuple[Expected, ...] = ()
    amortised: tuple[Row, ...] | None = None
    is_quarantined: bool = False


def charge(costs: str, category: str, because: str, **also: object) -> Expected:
    """An expected charge, shortly written."""
    return Expected(costs=costs, category=category, because=because, also=also)


def utc(written: str) -> datetime:
    """A stamp as FOCUS tables hold it: without a zone, meaning UTC."""
    return datetime.fromisoformat(written)
