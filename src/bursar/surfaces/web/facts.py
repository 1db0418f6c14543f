"""What the Overview is made of, and the rows its tables and its chart share."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from bursar.lake.reports import Reconciled
from bursar.surfaces.web.display import clean, provider_name
from bursar.surfaces.web.drawn import Bar
from bursar.surfaces.web.entries import Entry, Group
from bursar.surfaces.web.month import MonthSpan
from bursar.surfaces.web.movers import PriceUsage

BY = {"team": "team", "service": "service", "env": "environment", "provider": "provider"}
OVER = {"days": "By day", "months": "By month"}
OWNERS = ("team", "service", "env")


@dataclass(frozen=True, slots=True, kw_only=True)
class OverviewFacts:
    """What the page is made of, all in `currency`; `others` are the month's totals in the other currencies.

    `owners` has keys (team, service, env) and `providers` (provider,), both by day over this month and the one before;
    `months` has keys of the grouping `by`, by month. `splits` is None where changes cannot be split into price and usage.
    """

    span: MonthSpan
    metric: str
    metric_title: str
    currency: str
    others: Mapping[str, Decimal]
    owners: Sequence[Entry]
    providers: Sequence[Entry]
    months: Sequence[Entry] = ()
    splits: Mapping[tuple[str, str], PriceUsage] | None = None
    invoices: Sequence[Reconciled] = ()
    periods: Sequence[str] = ()
    by: str = "team"
    over: str = "days"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerRow:
    """A row of 'whose is it': the group, its share drawn, and where it opens."""

    group: Group
    label: str
    href: str
    bar: Bar
    is_hot: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Owners:
    """A table by one grouping whose rows sum to the month."""

    by: str
    heading: str
    rows: Sequence[OwnerRow]


def entries_of(facts: OverviewFacts, by: str) -> tuple[Sequence[Entry], int]:
    """Which entries hold a grouping, and at which place of their key."""
    return (facts.providers, 0) if by == "provider" else (facts.owners, OWNERS.index(by))


def label_of(by: str) -> Callable[[str], str]:
    """How names of a grouping are written."""
    return provider_name if by == "provider" else clean
