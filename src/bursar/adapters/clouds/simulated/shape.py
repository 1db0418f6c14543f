"""What a meter costs on a day: base × weekday × noise × planted events, in whole units throughout."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from bursar.adapters.clouds.simulated.absences import Absences
from bursar.adapters.clouds.simulated.amounts import UNIT
from bursar.adapters.clouds.simulated.draws import PPM, Draws
from bursar.adapters.clouds.simulated.planted import Planted, Seen

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

    `monthly` is in whole currency units, effective cost before planted events. `cv_ppm` is the day-to-day noise. A launch
    costs nothing but while its event goes on.
    """

    key: str
    team: str
    service: str
    env: str
    monthly: int
    profile: str = "office"
    cv_ppm: int = 18_000
    is_launch: bool = False


@dataclass(slots=True)
class Shape:
    """Daily amounts of one simulated estate, and what was seen of its planted events."""

    seed: int
    planted: Sequence[Planted]
    seen: dict[Planted, Seen] = field(default_factory=lambda: defaultdict(Seen))
    absences: Absences = field(default_factory=Absences)

    def event(self, provider: str, meter: Meter, day: date) -> Planted | None:
        """What happens to a meter on a day, if anything does: one event at most."""
        for event in self.planted:
            if (event.provider, event.team, event.service, event.env) == (provider, meter.team, meter.service, meter.env) and event.is_on(
                day
            ):
                return event
        return None

    def daily(self, provider: str, meter: Meter, day: date, *, scale_ppm: int = PPM) -> int:
        """What the meter costs that day, its event included; what was expected is booked. `scale_ppm` enlarges the meter."""
        event = self.event(provider, meter, day)
        if meter.is_launch and not event:
            return 0
        base = meter.monthly * UNIT // 30 * scale_ppm // PPM
        noise = Draws(self.seed, provider, meter.key, "day").noise(meter.cv_ppm, day.toordinal())
        level = base * WEEKS[meter.profile][day.weekday()] // PPM * noise // PPM
        if not event:
            return level
        self.seen[event].expected[day] += 0 if event.is_launch else level
        return level * event.factor(day) // PPM
