"""Where the pages get their facts: questions to the catalogue, reports of the store, all on one generation per request."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

import sqlalchemy as sa

from bursar.lake import reports
from bursar.lake.generations import Generation, Lake
from bursar.lake.reports import Delivery, Freshness, Reconciled, Version
from bursar.ports import Clock, Warehouse
from bursar.query import ask as asking
from bursar.query import lines as charge_lines
from bursar.query import price_volume
from bursar.query.ask import Answer
from bursar.query.lines import LinePage
from bursar.query.price_volume import Effect
from bursar.query.question import Query, read_query
from bursar.query.values import dimension_values
from bursar.query.windows import Slice
from bursar.surfaces.web.entries import Entry


class House(Protocol):
    """What the pages need of the wired house."""

    @property
    def store(self) -> sa.Engine:
        """The operational database."""
        ...

    @property
    def lake(self) -> Lake:
        """Generations and their files."""
        ...

    @property
    def warehouse(self) -> Warehouse:
        """Runs the SELECTs."""
        ...

    @property
    def clock(self) -> Clock:
        """Now, in UTC."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """One generation of the house, open for reading. Every answer of a page comes from the same one."""

    house: House
    generation: Generation | None

    @classmethod
    def open(cls, house: House) -> "Books":
        """The newest generation, or none while nothing was ever published."""
        return cls(house=house, generation=house.lake.head())

    @property
    def now(self) -> datetime:
        """The moment, UTC."""
        return self.house.clock()

    @property
    def periods(self) -> list[str]:
        """Billing periods with charges, oldest first."""
        return self.generation.periods() if self.generation else []

    def ask(self, query: Query) -> Answer:
        """The answer to one question. Raises QuestionError for what cannot be asked."""
        return asking.ask(query, generation=self.generation, warehouse=self.house.warehouse)

    def lines(self, query: Query, *, after: str | None, limit: int) -> LinePage:
        """One page of charge lines; a cursor stays on the generation it began with."""
        generation = self.house.lake.generation(charge_lines.generation_of(after)) if after else self.generation
        return charge_lines.lines(query, generation=generation, warehouse=self.house.warehouse, limit=limit, after=after)

    def values(self, dimension: str, *, limit: int) -> list[tuple[str, str]]:
        """The values of a dimension with their currencies, dearest first."""
        found = dimension_values(dimension, generation=self.generation, warehouse=self.house.warehouse, limit=limit)
        return [(value.value, value.currency) for value in found if value.value]

    def effects(self, now: Slice, before: Slice) -> dict[tuple[str, str, str], Effect] | None:
        """Price and usage effects by (currency, team, service); None where the mart does not cover the days."""
        return price_volume.effects(now, before, generation=self.generation, warehouse=self.house.warehouse)

    def reconciliation(self, period: str | None = None) -> list[Reconciled]:
        """How every invoice of this generation stands, of one period or all."""
        return reports.reconciliation(self.house.store, n=self.generation.n, period=period) if self.generation else []

    def deliveries(self) -> list[Delivery]:
        """The newest deliveries, newest first."""
        return reports.deliveries(self.house.store, limit=50)

    def held(self) -> list[Delivery]:
        """What is held back and not mended yet."""
        return reports.quarantine(self.house.store)

    def freshness(self) -> list[Freshness]:
        """One row per live source."""
        return reports.freshness(self.house.store)

    def restatements(self) -> list[Version]:
        """Months that were delivered again, newest first."""
        return reports.restatements(self.house.store)

    def live(self) -> list[tuple[str, str]]:
        """The (source, billing period) pairs that hold charges."""
        files = self.generation.of("cost_and_usage") if self.generation else ()
        return sorted({(file.source, file.period) for file in files})


def entries(answer: Answer, currency: str) -> list[Entry]:
    """An answer's rows in one currency. A key the bill does not know reads `not known`."""
    return [
        Entry(key=tuple(key or "not known" for key in row.keys), start=row.start, value=row.value)
        for row in answer.rows
        if row.currency == currency
    ]


def sums(answer: Answer) -> dict[str, Decimal]:
    """The answer's total per currency."""
    return asking.totals(answer)


def question(**parts: str) -> Query:
    """A question by its written parts."""
    return read_query(parts)
