"""How a day's amount of one meter is spread over resources and hours."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Generic, TypeVar

from bursar.adapters.clouds.simulated.draws import Draws

T = TypeVar("T")

DAY, HOUR = 24, 1
WASTED = 3
"""At most so many resources of a kind are wasted, however large the bill."""
_HOURS = (88, 86, 85, 85, 86, 88, 93, 99, 105, 109, 111, 111, 110, 110, 111, 110, 108, 106, 104, 102, 100, 97, 94, 92)


def moment(start_hour: int, hours: int) -> int:
    """A stretch of time within a month as one number: the hour it starts, times 1000, plus its length in hours."""
    return start_hour * 1000 + hours


@dataclass(frozen=True, slots=True)
class Slots:
    """So many places of a meter, each with one row a day or twenty-four; `weights` are per place.

    A place is one resource for good, or, where the meter scales by itself, one resource after another.
    """

    weights: tuple[int, ...]
    is_hourly: bool
    is_autoscaled: bool = False

    @classmethod
    def of(cls, rows: int, *, draws: Draws, is_autoscaled: bool = False) -> "Slots":
        """About so many rows a day: up to 24 daily rows of as many resources, beyond that hourly ones."""
        is_hourly = rows > 24
        places = max(1, rows // 24 if is_hourly else rows)
        return cls(tuple(3 + draws.below(6, index) for index in range(places)), is_hourly, is_hourly and is_autoscaled)

    @classmethod
    def wasted(cls, rows: int, *, draws: Draws) -> "Slots":
        """A few resources, however large the bill; hourly ones where it is large enough, so that their nights show."""
        slots = cls.of(rows, draws=draws)
        return cls(slots.weights[:WASTED], slots.is_hourly)

    @classmethod
    def daily(cls, rows: int, *, draws: Draws) -> "Slots":
        """So many daily rows, one for each of as many resources, however many that is."""
        return cls(tuple(3 + draws.below(6, index) for index in range(rows)), is_hourly=False)

    def resource(self, place: int, day: date) -> int:
        """The number of the resource that fills a place on a day. Autoscaled ones live one to seven days, over month ends too."""
        if not self.is_autoscaled:
            return place
        return place + len(self.weights) * ((day.toordinal() + place) // (1 + place % 7))

    def row_weights(self, *, is_flat: bool = False) -> tuple[int, ...]:
        """The share of each row of one resource's day; a flat one costs the same by night."""
        if not self.is_hourly:
            return (1,)
        return (1,) * DAY if is_flat else _HOURS

    def moments(self, day_index: int) -> list[int]:
        """When each row of one resource's day is; `day_index` counts from the month's first day."""
        start = day_index * 24
        if self.is_hourly:
            return [moment(start + hour, HOUR) for hour in range(24)]
        return [moment(start, DAY)]


@dataclass(slots=True)
class Places(Generic[T]):
    """Who fills a meter's places, each resource made when it is first seen and forgotten when it is replaced."""

    slots: Slots
    make: Callable[[int], T]
    _held: dict[int, tuple[int, T]] = field(default_factory=dict[int, tuple[int, T]])

    def at(self, place: int, day: date) -> T:
        """The resource that fills a place on a day."""
        number = self.slots.resource(place, day)
        held = self._held.get(place)
        if held is None or held[0] != number:
            held = self._held[place] = (number, self.make(number))
        return held[1]


def per_meter(rows_a_day: int, meters: int, *, essential: int) -> tuple[int, int]:
    """How many meters to keep and how many rows a day each gets, for a number of rows a day."""
    kept = max(min(meters, rows_a_day), min(essential, meters))
    return kept, max(1, rows_a_day // kept)
