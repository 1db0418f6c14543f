"""What a change saved: what the resources would have cost without it, less what they did cost.

The counterfactual is a difference in differences: as the untouched ones like them went, so would these have gone. Below
five of those it is the resources' own history by day of the week. The interval comes from a block bootstrap: whole weeks of
days before are drawn again for the level and for the noise, so that neighbouring days stay neighbours; four weeks are four
draws, not thirty, and the interval is widened accordingly. A fixed seed: the same bill gives the same digits. Never a float.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from bursar.domain.money import DIGITS
from bursar.domain.plans import Range
from bursar.domain.savings import CHECKPOINTS, Measured
from bursar.query.resources import Day, Days

DONORS = 5
BLOCK = 7
DRAWS = 500
LOW, HIGH = 25, 475
"""Which of the sorted draws bound the middle nine tenths."""
LEAST = 7
"""Fewer days before than these say nothing."""
MONTH = 30
SEED = 20260101


@dataclass(frozen=True, slots=True)
class Series:
    """One cost by day over [start, change) and [change, end), in units; `index` is what the same days were like elsewhere."""

    before: tuple[int, ...]
    after: tuple[int, ...]
    index_before: tuple[int, ...]
    index_after: tuple[int, ...]


def measure(found: Days, *, start: date, change: date, currency: str, generation: int) -> Measured | None:
    """The saving over the days from a change to the end of the data, at most ninety; None where too few are known.

    `start` is the first day looked at, `change` the first that can show the effect. A day without a charge cost nothing; what
    it cost before the last of them was made says nothing of what all would have cost since.
    """
    end = min(found.end, change + timedelta(days=CHECKPOINTS[-1]))
    start = max(start, _since(found.touched, change))
    if (change - start).days < LEAST or (end - change).days < 1:
        return None
    is_compared = found.donors >= DONORS
    effective = _series(found, start=start, change=change, end=end, name="effective", is_compared=is_compared)
    cash = _series(found, start=start, change=change, end=end, name="billed", is_compared=is_compared)
    draws = sorted(_drawn(effective))
    amount, expected = _point(effective)
    wider = _widening(len(effective.before))
    low, high = (amount + int((draws[at] - amount) * wider) for at in (LOW, HIGH - 1))
    realised = Range(amount=_money(amount), low=_money(low), high=_money(high), currency=currency)
    return Measured(
        start=change, end=end, realised=realised, cash=_money(_point(cash)[0]), expected_cost=_money(expected),
        actual_cost=_money(sum(effective.after)), donors=found.donors if is_compared else 0, generation=generation,
        method="difference in differences" if is_compared else "own history by day of the week",
    )  # fmt: skip


def _since(touched: Sequence[Day], change: date) -> date:
    """The day from which they are compared: once the last of them was there, where that leaves enough days, else the first's."""
    before = [day for day in touched if day.day < change]
    most = max((day.resources for day in before), default=0)
    last = min((day.day for day in before if day.resources == most), default=change)
    enough = (change - last).days >= LEAST
    return last if enough else min((day.day for day in before), default=change)


def _series(found: Days, *, start: date, change: date, end: date, name: str, is_compared: bool) -> Series:
    touched = _by_day(found.touched, name)
    earlier, later = _span(start, change), _span(change, end)
    before, after = (tuple(touched.get(day, 0) for day in span) for span in (earlier, later))
    if is_compared:
        similar = _by_day(found.similar, name)
        index_before, index_after = (tuple(similar.get(day, 0) for day in span) for span in (earlier, later))
        if all(value > 0 for value in index_before):
            return Series(before, after, index_before, index_after)
    week = _week(earlier, before)
    return Series(before, after, tuple(week[day.weekday()] for day in earlier), tuple(week[day.weekday()] for day in later))


def _week(days: Sequence[date], costs: Sequence[int]) -> dict[int, int]:
    """What each day of the week is worth, from four weeks of history on; a flat week below."""
    if len(days) < 4 * BLOCK:
        return dict.fromkeys(range(BLOCK), 10**DIGITS)
    held = {weekday: [cost for day, cost in zip(days, costs, strict=True) if day.weekday() == weekday] for weekday in range(BLOCK)}
    mean = {weekday: sum(each) // len(each) for weekday, each in held.items()}
    return mean if all(value > 0 for value in mean.values()) else dict.fromkeys(range(BLOCK), 10**DIGITS)


def _point(series: Series) -> tuple[int, int]:
    """The saving of thirty days, and what the measured days would have cost."""
    level, scale = sum(series.before), sum(series.index_before)
    expected = sum(level * value // scale for value in series.index_after)
    return (expected - sum(series.after)) * MONTH // len(series.after), expected


def _drawn(series: Series) -> list[int]:
    """The saving of thirty days under each draw: another level, and other noise on the days after."""
    draw = random.Random(SEED)  # noqa: S311 - reproducible, not secret
    level, scale = sum(series.before), sum(series.index_before)
    noise = [cost - level * value // scale for cost, value in zip(series.before, series.index_before, strict=True)]
    found: list[int] = []
    for _ in range(DRAWS):
        days = _blocks(draw, len(series.before), len(series.before))
        near, wide = sum(series.before[day] for day in days), sum(series.index_before[day] for day in days)
        extra = sum(noise[day] for day in _blocks(draw, len(noise), len(series.after)))
        expected = sum(near * value // wide for value in series.index_after) + extra
        found.append((expected - sum(series.after)) * MONTH // len(series.after))
    return found


def _widening(days: int) -> Decimal:
    """How much wider the interval is than the draws, from so many days before.

    Blocks from within n days know (n - b) / n of the variance (Künsch 1989); and n / b of them are a small sample, whose
    quantile is Student's, here to second order (Cornish and Fisher).
    """
    freedom = max(Decimal(1), Decimal(days) / BLOCK - 1)
    student = 1 + Decimal("0.926") / freedom + Decimal("0.863") / freedom**2
    return student * (Decimal(days) / max(1, days - BLOCK)).sqrt()


def _blocks(draw: random.Random, length: int, wanted: int) -> list[int]:
    """So many day numbers in runs of a week, each run from a random place; the last one cut.

    The days are a circle, so that each is as likely as any other: else the draws lie beside the measured value.
    """
    size = min(BLOCK, length)
    days: list[int] = []
    while len(days) < wanted:
        first = draw.randrange(length)
        days.extend((first + step) % length for step in range(size))
    return days[:wanted]


def _by_day(days: Sequence[Day], name: str) -> dict[date, int]:
    return {day.day: int((day.effective if name == "effective" else day.billed).scaleb(DIGITS)) for day in days}


def _span(start: date, end: date) -> list[date]:
    return [start + timedelta(days=step) for step in range((end - start).days)]


def _money(units: int) -> Decimal:
    return Decimal(units).scaleb(-DIGITS)
