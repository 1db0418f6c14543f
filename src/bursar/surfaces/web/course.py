"""A figure of sums that grow: lines over days and a fan between two edges; as data, still picture and table."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from bursar.surfaces.web.charting import ESCAPES
from bursar.surfaces.web.display import places, rounded
from bursar.surfaces.web.still import HEIGHT, WIDTH

ZERO = Decimal(0)

Kind = Literal["act", "exp", "fc", "pace", "lim"]
"""How a line is drawn: what was (solid), what was expected (dashed), what is forecast, an even pace, a limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One sum by day; None where it is not known yet or any more."""

    name: str
    kind: Kind
    values: Sequence[Decimal | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """Shapes in a box of 1000 × 240: the fan, each line with its kind, the line of zero, and the highest amount."""

    fan: str
    lines: Sequence[tuple[str, str]]
    zero: int
    high: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """The figure. `lo` and `hi` bound the fan and are called by `edges`; both are empty where there is none."""

    id: str
    say: str
    currency: str
    days: Sequence[date]
    lines: Sequence[Line]
    edges: tuple[str, str] = ("p10", "p90")
    lo: Sequence[Decimal | None] = ()
    hi: Sequence[Decimal | None] = ()

    @property
    def columns(self) -> Sequence[tuple[str, Sequence[Decimal | None]]]:
        """Every sum by name, for the table twin."""
        fan = [(self.edges[0], self.lo), (self.edges[1], self.hi)] if self.lo else []
        return [*((one.name, one.values) for one in self.lines), *fan]

    @property
    def data(self) -> str:
        """The JSON for the page; nothing in it can end the element."""
        told: dict[str, object] = {
            "kind": "course",
            "say": self.say,
            "unit": "day",
            "currency": self.currency,
            "digits": places(self.currency),
            "buckets": [day.isoformat() for day in self.days],
            "lines": [{"name": one.name, "kind": one.kind, "data": self._texts(one.values)} for one in self.lines],
            "edges": list(self.edges),
            "lo": self._texts(self.lo),
            "hi": self._texts(self.hi),
        }
        return json.dumps(told, separators=(",", ":"), ensure_ascii=False).translate(ESCAPES)

    @property
    def still(self) -> Drawn:
        """The same as a picture that needs no script."""
        known = [value for _, values in self.columns for value in values if value is not None]
        high, low = max([*known, ZERO]), min([*known, ZERO])
        scale, step = HEIGHT / ((high - low) or Decimal(1)), Decimal(WIDTH) / max(1, len(self.days) - 1)

        def point(at: int, value: Decimal) -> str:
            return f"{round(at * step)} {round((high - value) * scale)}"

        tops, bottoms = ([point(at, value) for at, value in enumerate(edge) if value is not None] for edge in (self.hi, self.lo))
        return Drawn(
            fan="M" + "L".join([*tops, *reversed(bottoms)]) + "Z" if tops else "",
            lines=[(one.kind, _path(one.values, point)) for one in self.lines],
            zero=round((high - ZERO) * scale),
            high=high,
        )

    def _texts(self, values: Iterable[Decimal | None]) -> list[str | None]:
        return [None if value is None else f"{rounded(value, self.currency):f}" for value in values]


def _path(values: Sequence[Decimal | None], point: Callable[[int, Decimal], str]) -> str:
    """A path through what is known, broken where it is not."""
    found, pen = "", "M"
    for at, value in enumerate(values):
        found += "" if value is None else f"{pen}{point(at, value)}"
        pen = "M" if value is None else "L"
    return found
