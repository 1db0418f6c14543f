"""Which days a question is about: windows of charge days, billing periods, and what they are compared with. UTC, ends exclusive.

Relative windows (`today`, `month`, `30d`, …) count from the data's latest day, not from the clock: a question asked while the
newest bill is two days old still has an answer. A billing period may hold charges of other months, as providers bill late.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from bursar.domain.periods import Period
from bursar.lake.generations import Generation
from bursar.query.errors import QuestionError, nearest

NAMED = ("today", "yesterday", "week", "month", "lastweek", "lastmonth")
GRANULARITIES = ("day", "week", "month", "total")
COMPARISONS = ("previous_period", "previous_year")

_DAY = timedelta(days=1)
_YEARS = range(1970, 2900)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """The charges of `start` up to but not including `end`, or of a billing period; of that, only days before `cut` if given."""

    start: date
    end: date
    period: Period | None = None
    cut: date | None = None

    def where(self, day: str, billing_period: str) -> str:
        """The slice as SQL over these two date expressions. Dates are ours, so they stand as literals."""
        if self.period is None:
            return f"{day} >= DATE '{self.start}' AND {day} < DATE '{self.end}'"
        cut = f" AND {day} < DATE '{self.cut}'" if self.cut else ""
        return f"{billing_period} = DATE '{self.period.start}'{cut}"


def latest_day(generation: Generation) -> date | None:
    """The newest charge day of the data; charges dated after the newest export do not move it."""
    days = [file.max_day for file in generation.of("cost_and_usage") if file.max_day]
    if not days:
        return None
    return min(max(days), generation.data_as_of.date()) if generation.data_as_of else max(days)


def slice_of(window: str | None, period: str | None, *, generation: Generation) -> Slice:
    """The slice a question names; without any, the latest billing period. Raises QuestionError for what is no window."""
    if window and period:
        raise QuestionError("a question has a window or a period, not both", pointer="window")
    latest = latest_day(generation) or generation.at.date()
    if window:
        return window_slice(window, latest=latest)
    chosen = period_of(period) if period else Period.parse(max(generation.periods(), default=str(Period.of(latest))))
    return Slice(start=chosen.start, end=chosen.end, period=chosen)


def window_slice(window: str, *, latest: date) -> Slice:
    """A window of charge days; `week` (from Monday) and `month` are whole even while the data ends within them."""
    text = window.strip().lower()
    rolling = re.fullmatch(r"([1-9]\d{0,3})d", text)
    if rolling:
        return Slice(start=latest + _DAY - int(rolling[1]) * _DAY, end=latest + _DAY)
    if ".." in text:
        return _between(text, pointer="window")
    if re.fullmatch(r"\d{4}-\d{2}", text):
        month = period_of(text, pointer="window")
        return Slice(start=month.start, end=month.end)
    return _named(text, latest=latest)


def compared(current: Slice, compare: str, *, latest: date | None) -> Slice:
    """What a slice is compared with: as long as itself, and while it is still open the same days of the other one."""
    if ".." in compare:
        return _between(compare, pointer="compare")
    if compare not in COMPARISONS:
        cure = nearest(compare, COMPARISONS) or f"choose {' or '.join(COMPARISONS)}, or START..END"
        raise QuestionError(f"'{compare}' is nothing to compare with", cure=cure, pointer="compare")
    years = compare == "previous_year"
    end = latest + _DAY if latest and current.start <= latest < current.end else current.end
    if current.period:
        other = current.period.shift(-12 if years else -1)
        cut = min(other.end, other.start + (end - current.start)) if end < current.period.end else None
        return Slice(start=other.start, end=other.end, period=other, cut=cut)
    if years:
        return Slice(start=_months_earlier(current.start, 12), end=_months_earlier(end, 12))
    return _previous(current, end=end)


def _previous(current: Slice, *, end: date) -> Slice:
    """A calendar month looks at the month before, anything else at as many days before it."""
    month = Period.of(current.start)
    if (current.start, current.end) != (month.start, month.end):
        length = current.end - current.start
        return Slice(start=current.start - length, end=end - length)
    before = month.shift(-1)
    whole = end == current.end
    return Slice(start=before.start, end=before.end if whole else min(before.end, before.start + (end - current.start)))


def _named(text: str, *, latest: date) -> Slice:
    monday = latest - latest.weekday() * _DAY
    month = Period.of(latest)
    known = {
        "today": (latest, latest + _DAY),
        "yesterday": (latest - _DAY, latest),
        "week": (monday, monday + 7 * _DAY),
        "lastweek": (monday - 7 * _DAY, monday),
        "month": (month.start, month.end),
        "lastmonth": (month.shift(-1).start, month.start),
    }
    if text not in known:
        cure = nearest(text, NAMED) or f"write {', '.join(NAMED)}, 30d, YYYY-MM or START..END"
        raise QuestionError(f"'{text}' is not a window", cure=cure, pointer="window")
    start, end = known[text]
    return Slice(start=start, end=end)


def _between(text: str, *, pointer: str) -> Slice:
    """`START..END`, end exclusive; a month stands for its first day."""
    start, _, end = text.partition("..")
    found = Slice(start=_day(start, pointer=pointer), end=_day(end, pointer=pointer))
    if found.start >= found.end:
        raise QuestionError(
            f"'{text}' ends before it starts", cure="the end is exclusive: 2026-07-01..2026-07-02 is one day", pointer=pointer
        )
    return found


def _day(text: str, *, pointer: str) -> date:
    written = text.strip()
    whole = f"{written}-01" if re.fullmatch(r"\d{4}-\d{2}", written) else written
    try:
        found = datetime.strptime(whole, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        found = None
    if found is None or found.year not in _YEARS:
        raise QuestionError(f"'{written[:20]}' is not a day", cure="write YYYY-MM-DD", pointer=pointer)
    return found


def period_of(text: str, *, pointer: str = "period") -> Period:
    """`YYYY-MM`, and nothing else that `Period.parse` would read."""
    written = text.strip()
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", written) or int(written[:4]) not in _YEARS:
        raise QuestionError(f"'{written[:20]}' is not a month", cure="write YYYY-MM", pointer=pointer)
    return Period.parse(written)


def _months_earlier(day: date, months: int) -> date:
    """The same day of an earlier month, or that month's last."""
    month = Period.of(day).shift(-months)
    return min(month.start + timedelta(days=day.day - 1), month.end - _DAY)
