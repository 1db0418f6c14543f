"""What a meter costs on a day: base × weekday × noise × planted events, in whole units throughout."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from bursar.adapters.clouds.simulated.amounts import UNIT
from bursar.adapters.clouds.simulated.draws import PPM, Draws
from bursar.domain.periods import Period

# Monday to Sunday, in ppm of the weekly mean
WEEKS: dict[str, tuple[int, ...]] = {
    "flat": (PPM,) * 7,
    "batch": (1_010_000, 1_010_000, 1_010_000, 1_010_000, 1_000_000, 980_000, 980_000),
    "office": (1_070_000, 1_080_000, 1_080_000, 1_080_000, 1_050_000, 830_000, 810_000),
    "shop": (970_000, 970_000, 980_000, 1_000_000, 1_040_000, 1_050_000, 990_000),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """One steady stream of usage of one service: what it costs in a month of thirty days, and how its week looks.

    `monthly` is in whole currency units, effective cost before planted events. `cv_ppm` is the day-to-day noise.
    """

    key: str
    team: str
    service: str
    env: str
    monthly: int
    profile: str = "office"
    cv_ppm: int = 18_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """Something that happened to one service: from `first` to `last`, both inclusive."""

    kind: str
    provider: str
    team: str
    service: str
    env: str
    first: date
    last: date
    ppm: int
    daily_ppm: int = 0

    def factor(self, day: date) -> int:
        """The cost's factor on a day, in ppm."""
        if not self.first <= day <= self.last:
            return PPM
        return self.ppm + self.daily_ppm * ((day - self.first).days + 1)


@dataclass(slots=True)
class Shape:
    """Daily amounts of one simulated estate, and the excess that its planted events came to."""

    seed: int
    planted: Sequence[Planted]
    excess: dict[Planted, int] = field(default_factory=lambda: defaultdict(int))

    def daily(self, provider: str, meter: Meter, day: date, *, scale_ppm: int = PPM) -> int:
        """What the meter costs that day, events included; their excess is booked. `scale_ppm` enlarges the meter."""
        base = meter.monthly * UNIT // 30 * scale_ppm // PPM
        noise = Draws(self.seed, provider, meter.key, "day").noise(meter.cv_ppm, day.toordinal())
        level = base * WEEKS[meter.profile][day.weekday()] // PPM * noise // PPM
        amount = level
        for event in self.planted:
            if (event.provider, event.team, event.service) == (provider, meter.team, meter.service):
                changed = amount * event.factor(day) // PPM
                self.excess[event] += changed - amount
                amount = changed
        return amount

    def events(self, excess_text: "Iterable[tuple[Planted, str]]") -> list[dict[str, str]]:
        """The planted events as truth.json lists them."""
        return [
            {
                "kind": event.kind,
                "provider": event.provider,
                "service": event.service,
                "team": event.team,
                "env": event.env,
                "first_day": event.first.isoformat(),
                "last_day": event.last.isoformat(),
                "factor": f"{event.factor(event.last) / PPM:.6f}",
                "excess": excess,
            }
            for event, excess in excess_text
        ]


def planted(first: Period, months: int, *, seed: int) -> tuple[Planted, ...]:
    """The events of an estate: all in its last month, each on a service of its own."""
    month = first.shift(months - 1)
    draw = Draws(seed, "planted")
    spike = month.start + timedelta(days=16 + draw.below(4, 1))
    while spike.weekday() >= 5:
        spike -= timedelta(days=1)
    shift = month.start + timedelta(days=11 + draw.below(3, 2))
    drift = month.start + timedelta(days=7 + draw.below(3, 3))
    end = month.end - timedelta(days=1)
    return (
        Planted(kind="spike", provider="aws", team="ml", service="training", env="prod", first=spike, last=spike, ppm=1_250_000),
        Planted(kind="level_shift", provider="gcp", team="search", service="query", env="prod", first=shift, last=end, ppm=1_400_000),
        Planted(
            kind="drift", provider="aws", team="platform", service="observability", env="prod",
            first=drift, last=end, ppm=PPM, daily_ppm=15_000,
        ),
    )  # fmt: skip
