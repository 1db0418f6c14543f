"""Quiet days: on which an office, and what it runs, sleeps. Holidays of a country, bridge days, and configured spans."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache

import holidays

from bursar.anomaly.thresholds import Calendar, quiet_span
from bursar.domain.errors import ConfigError

_DAY = timedelta(days=1)


def quiet_days(days: Sequence[date], *, country: str, calendar: Calendar) -> list[bool]:
    """For each day whether it is quiet in this country. Raises ConfigError for a country the calendar does not know."""
    spans = [quiet_span(text) for text in calendar.quiet_days]
    free = _free(country, days[0].year, days[-1].year) if country and days else frozenset[date]()
    return [day in free or any(_within(day, first, last) for first, last in spans) for day in days]


@cache
def _free(country: str, first: int, last: int) -> frozenset[date]:
    """Holidays with their observed days, and the working day between one and a weekend."""
    try:
        known = set(holidays.country_holidays(country, years=range(first - 1, last + 2)))
    except NotImplementedError as error:
        raise ConfigError(f"thresholds.yaml: no calendar of {country!r}", cure="Name a country by its two letters, such as DE.") from error
    bridges = {day + step for day in known for step in (_DAY, -_DAY) if _is_bridge(day + step, step, known)}
    return frozenset(known | bridges)


def _is_bridge(day: date, step: timedelta, known: set[date]) -> bool:
    """A working day whose other neighbour is a weekend."""
    return day.weekday() < 5 and day not in known and (day + step).weekday() >= 5


def _within(day: date, first: tuple[int, int], last: tuple[int, int]) -> bool:
    """Whether a day of any year lies in a span of the year, which may pass new year."""
    here = (day.month, day.day)
    return first <= here <= last if first <= last else here >= first or here <= last
