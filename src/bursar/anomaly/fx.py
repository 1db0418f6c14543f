"""`fx.csv`: what a dollar is in other currencies, for the gates that are stated in dollars. Sums never cross currencies."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path

from bursar.domain.errors import ConfigError
from bursar.domain.money import NO_SUBUNITS

FILE = "fx.csv"
DOLLAR = "USD"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fx:
    """Units of a currency for one dollar. A currency's earliest rate counts for good: a later row never changes an old score."""

    per_dollar: Mapping[str, Decimal] = field(default_factory=dict[str, Decimal])

    def unit(self, currency: str) -> Decimal:
        """What one dollar of a threshold is in this currency; 1 where no rate is known."""
        return Decimal(1) if currency == DOLLAR else self.per_dollar.get(currency, Decimal(1))

    def note(self, currency: str) -> str:
        """Why thresholds in this currency may be off by far; the empty text where they are not."""
        if currency in NO_SUBUNITS and currency not in self.per_dollar:
            return f"{currency} has no rate in {FILE}: thresholds of 5 dollars count as 5 {currency}"
        return ""


def read_fx(path: Path | None) -> Fx:
    """The rates of a file with the columns day, from, to, rate: one unit of `from` is `rate` units of `to`. Raises ConfigError."""
    if path is None:
        return Fx()
    found: dict[str, tuple[str, Decimal]] = {}
    with path.open(newline="", encoding="utf-8") as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            day, currency, units = _line(row, number)
            if currency and (currency not in found or day < found[currency][0]):
                found[currency] = (day, units)
    return Fx(per_dollar={currency: units for currency, (_, units) in found.items()})


def _line(row: Mapping[str, str | None], number: int) -> tuple[str, str, Decimal]:
    """Day, currency and its units for a dollar; no currency where the line does not speak of dollars."""
    try:
        day, source, target, rate = (str(row[name] or "").strip() for name in ("day", "from", "to", "rate"))
        value = Decimal(rate)
    except (KeyError, InvalidOperation) as error:
        raise ConfigError(
            f"{FILE}, line {number}: not a rate", cure="Columns: day,from,to,rate, such as 2026-10-01,EUR,USD,1.09"
        ) from error
    if not value.is_finite() or value <= 0:
        raise ConfigError(f"{FILE}, line {number}: a rate is above zero", cure="Write how many units of `to` one of `from` is.")
    if target == DOLLAR:
        return day, source, 1 / value
    return (day, target, value) if source == DOLLAR else (day, "", value)
