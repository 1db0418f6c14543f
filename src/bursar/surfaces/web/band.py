"""The figure of an incident: actual against expected within its band, the excess from the onset; as data, still picture and table."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from bursar.surfaces.web.charting import ESCAPES, MOST_POINTS
from bursar.surfaces.web.display import places, rounded
from bursar.surfaces.web.still import HEIGHT, WIDTH

ZERO = Decimal(0)
HEADROOM = Decimal("1.1")
"""A band that is wider than all amounts is cut a little above them: what was charged is what must be seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BandDay:
    """One day: amounts are None where nothing is known. `status` is closed, partial or missing."""

    day: date
    actual: Decimal | None
    expected: Decimal | None
    lo: Decimal | None
    hi: Decimal | None
    status: str = "closed"

    @property
    def excess(self) -> Decimal | None:
        """What was charged beyond the expectation."""
        return None if self.actual is None or self.expected is None else self.actual - self.expected


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """Shapes in a box of 1000 × 240: filled areas and lines as paths, and the highest amount. `is_below` is of an excess below zero."""

    band: str
    excess: str
    expected: str
    actual: str
    zero: int
    high: Decimal
    is_below: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """The figure. `onset` and `last` are the incident's first and last day."""

    id: str
    say: str
    currency: str
    days: Sequence[BandDay]
    onset: date
    last: date

    @property
    def shown(self) -> Sequence[BandDay]:
        """The days that are drawn: the newest, where there are more than a page may draw."""
        return self.days[-MOST_POINTS:]

    @property
    def data(self) -> str:
        """The JSON for the page; nothing in it can end the element."""
        days = self.shown
        told: dict[str, object] = {
            "kind": "band",
            "say": self.say,
            "unit": "day",
            "currency": self.currency,
            "digits": places(self.currency),
            "buckets": [one.day.isoformat() for one in days],
            "onset": next((at for at, one in enumerate(days) if one.day >= self.onset), None),
            "last": next((at for at, one in reversed(list(enumerate(days))) if one.day <= self.last), None),
        }
        for name in ("actual", "expected", "lo", "hi"):
            told[name] = [self._text(getattr(one, name)) for one in days]
        return json.dumps(told, separators=(",", ":"), ensure_ascii=False).translate(ESCAPES)

    @property
    def still(self) -> Drawn:
        """The same as a picture that needs no script."""
        days = self.shown
        known = [value for one in days for value in (one.actual, one.expected) if value is not None]
        high, low = max([*known, ZERO]), min([*known, ZERO])
        most = high * HEADROOM
        scale, step = HEIGHT / ((most - low) or Decimal(1)), Decimal(WIDTH) / max(1, len(days) - 1)

        def point(at: int, value: Decimal) -> tuple[int, int]:
            return round(at * step), round((most - min(value, most)) * scale)

        during = [at for at, one in enumerate(days) if self.onset <= one.day <= self.last]
        return Drawn(
            band=_area(days, range(len(days)), point, lambda one: (one.hi, one.lo)),
            excess=_area(days, during, point, lambda one: (one.actual, one.expected)),
            expected=_line(days, point, lambda one: one.expected),
            actual=_line(days, point, lambda one: one.actual),
            zero=point(0, ZERO)[1],
            high=high,
            is_below=sum((days[at].excess or ZERO for at in during), ZERO) < 0,
        )

    def _text(self, value: Decimal | None) -> str | None:
        return None if value is None else f"{rounded(value, self.currency):f}"


Point = Callable[[int, Decimal], tuple[int, int]]


def _line(days: Sequence[BandDay], point: Point, value: Callable[[BandDay], Decimal | None]) -> str:
    """A path through the known days, broken where one is not."""
    found, pen = "", "M"
    for at, one in enumerate(days):
        amount = value(one)
        if amount is None:
            pen = "M"
            continue
        x, y = point(at, amount)
        found, pen = f"{found}{pen}{x} {y}", "L"
    return found


def _area(
    days: Sequence[BandDay], places_: Sequence[int], point: Point, edges: Callable[[BandDay], tuple[Decimal | None, Decimal | None]]
) -> str:
    """The area between two lines over the days on which both are known."""
    tops: list[tuple[int, int]] = []
    bottoms: list[tuple[int, int]] = []
    for at in places_:
        top, bottom = edges(days[at])
        if top is not None and bottom is not None:
            tops.append(point(at, top))
            bottoms.append(point(at, bottom))
    if not tops:
        return ""
    return "M" + "L".join(f"{x} {y}" for x, y in [*tops, *reversed(bottoms)]) + "Z"
