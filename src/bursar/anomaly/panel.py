"""The panel: every watched series of one generation, day by day. Exact decimals from SQL beside the floats a detector reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from importlib.resources import files
from typing import cast
from urllib.parse import quote

import numpy as np

from bursar.anomaly.calendars import quiet_days
from bursar.anomaly.coverage import Coverage
from bursar.anomaly.detectors.contract import Acceptance, Codes, Flags, Floats, Observed
from bursar.anomaly.fx import Fx
from bursar.anomaly.thresholds import Thresholds
from bursar.lake.generations import Generation
from bursar.ports import Warehouse
from bursar.query.router import relation_of

MART = "charge_daily"
DIMENSIONS = ("provider", "sub_account_id", "service_name", "team", "service", "env")
LEVELS: Mapping[str, tuple[str, ...]] = {
    "estate": (),
    "provider": ("provider",),
    "account": ("provider", "sub_account_id"),
    "cloud_service": ("provider", "sub_account_id", "service_name"),
    "team": ("team",),
    "team_service": ("team", "service"),
    "team_service_env": ("team", "service", "env"),
}
"""Every level with the dimensions that name a series of it."""
PARENTS: Mapping[str, str] = {
    "provider": "estate", "account": "provider", "cloud_service": "account",
    "team": "estate", "team_service": "team", "team_service_env": "team_service",
}  # fmt: skip
UNUSED = "unused"
"""Level of commitments that were paid and not used: a series for each provider, part of no other."""
OTHER = "(other)"
"""Names the sibling that sums what is too small to be watched, so that children sum to their parent."""

Scope = Mapping[str, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One series: its level, the dimensions that name it (a value may be missing), and its currency."""

    key: str
    level: str
    scope: Scope = field(hash=False)
    currency: str
    is_other: bool = False

    def holds(self, other: Series) -> bool:
        """Whether every charge of another is one of this."""
        same = self.currency == other.currency and (self.level == UNUSED) == (other.level == UNUSED)
        return same and all(name in other.scope and other.scope[name] == value for name, value in self.scope.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """All series of a generation. `exact[i]` has the sums of series i by column; `cost` the same as floats, negatives as 0."""

    generation: int
    first: date
    series: tuple[Series, ...]
    exact: tuple[Mapping[int, Decimal], ...]
    cost: Floats
    status: Codes
    quiet: Flags
    unit: Floats

    @property
    def days(self) -> int:
        """How many days there are."""
        return int(self.cost.shape[1])

    def day(self, column: int) -> date:
        """The day of a column."""
        return self.first + timedelta(days=column)

    def column(self, day: date) -> int:
        """The column of a day; outside the panel below 0 or beyond `days`."""
        return (day - self.first).days

    def amount(self, series: int, column: int) -> Decimal:
        """The exact sum of a series on a day."""
        return self.exact[series].get(column, Decimal(0))

    def places(self) -> dict[str, int]:
        """The row of every series by its key."""
        return {one.key: row for row, one in enumerate(self.series)}

    def observed(self, *, masked: Flags | None = None, patience: Floats | None = None, accepted: Sequence[Acceptance] = ()) -> Observed:
        """What a detector is given."""
        shape = self.cost.shape
        return Observed(
            first=self.first,
            cost=self.cost,
            status=self.status,
            quiet=self.quiet,
            masked=np.zeros(shape, dtype=np.bool_) if masked is None else masked,
            unit=self.unit,
            patience=np.ones(shape) if patience is None else patience,
            accepted=tuple(accepted),
        )


def read_panel(generation: Generation, warehouse: Warehouse, *, covered: Coverage, thresholds: Thresholds, fx: Fx) -> Panel:
    """The panel over the covered days."""
    last = covered.first + timedelta(days=covered.days - 1)
    sizes = thresholds.series
    found = warehouse.rows(
        _sql(generation, first=covered.first, last=last, fx=fx),
        (covered.first, last, Decimal(str(sizes.dollars_a_day)), Decimal(str(sizes.dollars_once)), sizes.most),
        reads=[file.path for file in generation.files],
    ).rows
    series = tuple(_series(row) for row in found)
    exact = tuple(_amounts(row, covered.first) for row in found)
    status = [covered.of(cast("list[str]", row[12])) for row in found]
    shape = (len(series), covered.days)
    return Panel(
        generation=generation.n,
        first=covered.first,
        series=series,
        exact=exact,
        cost=_floats(exact, covered.days),
        status=np.stack(status) if status else np.zeros(shape, dtype=np.int8),
        quiet=_quiet(series, covered, thresholds=thresholds),
        unit=np.array([float(fx.unit(one.currency)) for one in series]),
    )


def key_of(level: str, scope: Scope, currency: str) -> str:
    """A series' name: the level, its values percent-quoted, the currency."""
    return "/".join([level, *("-" if value is None else quote(value, safe="") or "%" for value in scope.values()), currency])


def _sql(generation: Generation, *, first: date, last: date, fx: Fx) -> str:
    """The panel's query over the generation's files, with the grouping number of every level."""
    text = files("bursar.anomaly").joinpath("panel.sql").read_text("utf-8")
    numbers = {level: number for number, level in _NUMBERED.items()}
    units = " ".join(f"WHEN '{currency}' THEN {units}" for currency, units in sorted(fx.per_dollar.items()) if currency.isalpha())
    return text.format(
        relation=relation_of(generation.of(MART, start=first, end=last + timedelta(days=1))),
        provider_level=numbers["provider"],
        cloud_levels=f"{numbers['account']}, {numbers['cloud_service']}",
        cloud_service_level=numbers["cloud_service"],
        service_levels=f"{numbers['team_service']}, {numbers['team_service_env']}",
        env_level=numbers["team_service_env"],
        estate_level=numbers["estate"],
        unit=f"(CASE currency {units} ELSE 1 END)" if units else "1",
    )


def _number(level: str) -> int:
    """GROUPING_ID of a level: a bit for every dimension that is summed over."""
    return sum(1 << (len(DIMENSIONS) - 1 - place) for place, name in enumerate(DIMENSIONS) if name not in LEVELS[level])


_NUMBERED: Mapping[int, str] = {_number(level): level for level in LEVELS}


def _series(row: Sequence[object]) -> Series:
    level, is_other, unused, currency = _NUMBERED[cast("int", row[0])], bool(row[1]), row[2] == UNUSED, str(row[3])
    values: dict[str, str | None] = dict(zip(DIMENSIONS, cast("tuple[str | None, ...]", row[4:10]), strict=True))
    scope: dict[str, str | None] = {name: values[name] for name in LEVELS[level]}
    if is_other:
        scope[LEVELS[level][-1]] = OTHER
    if unused:
        level = UNUSED
    return Series(key=key_of(level, scope, currency), level=level, scope=scope, currency=currency, is_other=is_other)


def _amounts(row: Sequence[object], first: date) -> dict[int, Decimal]:
    days, amounts = cast("list[date]", row[10]), cast("list[Decimal]", row[11])
    return {(day - first).days: amount for day, amount in zip(days, amounts, strict=True)}


def _floats(exact: Sequence[Mapping[int, Decimal]], days: int) -> Floats:
    """The sums as a detector reads them; a negative day counts as nothing."""
    cost = np.zeros((len(exact), days))
    for row, amounts in enumerate(exact):
        cost[row, list(amounts)] = [max(float(amount), 0.0) for amount in amounts.values()]
    return cost


def _quiet(series: Sequence[Series], covered: Coverage, *, thresholds: Thresholds) -> Flags:
    """The quiet days of each series' account, or of the configured country."""
    days = [covered.first + timedelta(days=index) for index in range(covered.days)]
    calendar = thresholds.calendar
    countries = [calendar.accounts.get(str(one.scope.get("sub_account_id")), calendar.country) for one in series]
    known = {country: quiet_days(days, country=country, calendar=calendar) for country in set(countries)}
    flags = np.zeros((len(series), len(days)), dtype=np.bool_)
    for row, country in enumerate(countries):
        flags[row] = known[country]
    return flags
