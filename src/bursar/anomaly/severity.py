"""How loud an incident is, from dollars: S1 wakes somebody, S4 is for the log and the digest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from bursar.anomaly.thresholds import Severities


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """What severity looks at, in dollars: the whole |excess|, what was expected of these days, how many there are, and the estate's day."""

    excess: Decimal
    expected: Decimal
    days: int
    estate: Decimal
    is_drop: bool


def severity(size: Size, rules: Severities) -> tuple[str, str]:
    """S1 to S4 and the rule that says so, in words. A drop is S3 at most."""
    level, rule = next(_matching(size, rules), ("S4", "below every rule"))
    if size.is_drop and level < "S3":
        return "S3", f"{rule}; a drop is S3 at most"
    return level, rule


def _matching(size: Size, rules: Severities) -> Iterator[tuple[str, str]]:
    """The rules that hold, loudest first."""
    daily = size.excess / max(size.days, 1)
    first, second, third = rules.s1, rules.s2, rules.s3
    if daily >= _exact(first.dollars_a_day):
        yield "S1", f"at least ${first.dollars_a_day:g} a day"
    if size.excess >= _exact(first.dollars) and _part(size, first.ratio):
        yield "S1", f"at least {first.ratio:.0%} of the expected and ${first.dollars:g}"
    if size.excess >= _exact(second.dollars):
        yield "S2", f"at least ${second.dollars:g}"
    if size.excess >= _exact(second.ratio_dollars) and _part(size, second.ratio):
        yield "S2", f"at least {second.ratio:.0%} of the expected and ${second.ratio_dollars:g}"
    if size.excess >= _exact(third.dollars):
        yield "S3", f"at least ${third.dollars:g}"
    if size.excess >= max(_exact(third.ratio_dollars), _exact(third.estate_ratio) * size.estate) and _part(size, third.ratio):
        yield "S3", f"at least {third.ratio:.0%} of the expected, and {third.estate_ratio:.0%} of the estate's day"


def _part(size: Size, ratio: float) -> bool:
    """Whether the excess is at least this part of what was expected."""
    return size.excess >= _exact(ratio) * size.expected


def _exact(value: float) -> Decimal:
    return Decimal(str(value))
