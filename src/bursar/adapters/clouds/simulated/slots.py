"""How a day's amount of one meter is spread over resources and hours."""

from dataclasses import dataclass

from bursar.adapters.clouds.simulated.draws import Draws

DAY, HOUR = 24, 1
WASTED = 3
"""At most so many resources of a kind are wasted, however large the bill."""
_HOURS = (88, 86, 85, 85, 86, 88, 93, 99, 105, 109, 111, 111, 110, 110, 111, 110, 108, 106, 104, 102, 100, 97, 94, 92)


def moment(start_hour: int, hours: int) -> int:
    """A stretch of time within a month as one number: the hour it starts, times 1000, plus its length in hours."""
    return start_hour * 1000 + hours


@dataclass(frozen=True, slots=True)
class Slots:
    """So many resources of a meter, each with one row a day or twenty-four; `weights` are per resource."""

    weights: tuple[int, ...]
    is_hourly: bool

    @classmethod
    def of(cls, rows: int, *, draws: Draws) -> "Slots":
        """About so many rows a day: up to 24 daily rows of as many resources, beyond that hourly ones."""
        is_hourly = rows > 24
        resources = max(1, rows // 24 if is_hourly else rows)
        return cls(tuple(3 + draws.below(6, index) for index in range(resources)), is_hourly)

    @classmethod
    def daily(cls, rows: int, *, draws: Draws) -> "Slots":
        """So many daily rows, one for each of as many resources, however many that is."""
        return cls(tuple(3 + draws.below(6, index) for index in range(rows)), is_hourly=False)

    def row_weights(self) -> tuple[int, ...]:
        """The share of each row of one resource's day."""
        return _HOURS if self.is_hourly else (1,)

    def moments(self, day_index: int) -> list[int]:
        """When each row of one resource's day is; `day_index` counts from the month's first day."""
        start = day_index * 24
        if self.is_hourly:
            return [moment(start + hour, HOUR) for hour in range(24)]
        return [moment(start, DAY)]


def per_meter(rows_a_day: int, meters: int, *, essential: int) -> tuple[int, int]:
    """How many meters to keep and how many rows a day each gets, for a number of rows a day."""
    kept = max(min(meters, rows_a_day), min(essential, meters))
    return kept, max(1, rows_a_day // kept)
