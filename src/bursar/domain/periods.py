"""Billing periods and spans of days. UTC throughout, ends exclusive."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from bursar.domain.errors import ConfigError

GRACE_DAY = 10
"""Day of the following month on which a billing period counts as closed unless its source says otherwise."""


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """One billing period: a calendar month, as invoices name it. `str` gives YYYY-MM."""

    year: int
    month: int

    @classmethod
    def parse(cls, text: str) -> "Period":
        """Read `YYYY-MM`, `YYYYMM` or any date within the month; raises ConfigError for anything else."""
        match = re.fullmatch(r"([12]\d{3})-?(0[1-9]|1[0-2])(-?\d{2}.*)?", text.strip(), re.ASCII)
        if not match:
            raise ConfigError(f"not a billing period: {text!r}", cure="Write it as YYYY-MM, for example 2026-10.")
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def of(cls, day: date) -> "Period":
        """The period that holds a day."""
        return cls(day.year, day.month)

    def __str__(self) -> str:
        """YYYY-MM."""
        return f"{self.year:04d}-{self.month:02d}"

    @property
    def start(self) -> date:
        """First day."""
        return date(self.year, self.month, 1)

    @property
    def end(self) -> date:
        """First day of the next period (exclusive end)."""
        return self.shift(1).start

    def shift(self, months: int) -> "Period":
        """The period so many months later (or earlier)."""
        index = self.year * 12 + self.month - 1 + months
        return Period(index // 12, index % 12 + 1)

    def is_closed(self, now: datetime) -> bool:
        """Whether the grace day after the period's end has passed. Providers still correct an open period."""
        return now.astimezone(UTC).date() >= self.end + timedelta(days=GRACE_DAY - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Days from `start` up to but not including `end`."""

    start: date
    end: date

    @property
    def days(self) -> int:
        """How many days it holds."""
        return (self.end - self.start).days

    def shift(self, days: int) -> "Span":
        """The span so many days later."""
        step = timedelta(days=days)
        return Span(start=self.start + step, end=self.end + step)


def stamp(moment: datetime) -> str:
    """A moment as RFC 3339 in UTC, to the second: what JSON, the journal and file names carry."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
