"""What happens to an estate: planted events, each on a service of its own, and what was seen of them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from bursar.adapters.clouds.simulated.amounts import text
from bursar.adapters.clouds.simulated.draws import PPM, Draws
from bursar.adapters.clouds.simulated.ledger import Key
from bursar.domain.periods import Period

LAUNCHES = frozenset({"new_service", "planned_launch", "left_behind"})
"""Events that begin with nothing: their meters cost nothing on any other day."""
TOLD = 200
"""So many resources of an event are listed by id; their number is told whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """Something that happened to one service's environment: from `first` to `last`, both inclusive.

    `ppm` is the factor from the first day on, `daily_ppm` what each day adds to it. A planned one was announced before.
    """

    kind: str
    provider: str
    team: str
    service: str
    env: str
    first: date
    last: date
    ppm: int
    daily_ppm: int = 0

    @property
    def is_launch(self) -> bool:
        """Whether there was nothing before."""
        return self.kind in LAUNCHES

    def is_on(self, day: date) -> bool:
        """Whether it goes on that day."""
        return self.first <= day <= self.last

    def factor(self, day: date) -> int:
        """The cost's factor on a day, in ppm."""
        return self.ppm + self.daily_ppm * ((day - self.first).days + 1) if self.is_on(day) else PPM


@dataclass(slots=True)
class Seen:
    """What an event came to: by day what was expected without it and what was charged, where and for which resources."""

    expected: dict[date, int] = field(default_factory=lambda: defaultdict(int))
    actual: dict[date, int] = field(default_factory=lambda: defaultdict(int))
    keys: set[Key] = field(default_factory=set[Key])
    resources: set[str] = field(default_factory=set[str])

    def charge(self, day: date, amount: int, key: Key, *, resource: str) -> None:
        """Book effective cost of the event's service on a day it goes on."""
        self.actual[day] += amount
        self.keys.add(key)
        self.resources.add(resource)

    @property
    def excess(self) -> int:
        """What the event cost over all its days."""
        return sum(self.actual.values()) - sum(self.expected.values())


def told(seen: Mapping[Planted, Seen]) -> list[dict[str, object]]:
    """The events that were charged, as truth.json lists them."""
    return [_told(event, what) for event, what in seen.items() if what.keys]


def _told(event: Planted, seen: Seen) -> dict[str, object]:
    resources = _names(seen.resources)
    return {
        "kind": event.kind, "provider": event.provider, "service": event.service, "team": event.team, "env": event.env,
        "first_day": event.first.isoformat(), "last_day": event.last.isoformat(), "is_planned": event.kind == "planned_launch",
        "factor": None if event.is_launch else f"{event.factor(event.last) / PPM:.6f}", "excess": text(seen.excess),
        "currency": next(key.currency for key in seen.keys),
        "accounts": _names(key.account for key in seen.keys),
        "cloud_services": _names(key.service for key in seen.keys),
        "resources": resources[:TOLD], "resource_count": len(resources),
        "days": {
            day.isoformat(): {"expected": text(seen.expected[day]), "actual": text(amount)} for day, amount in sorted(seen.actual.items())
        },
    }  # fmt: skip


def _names(values: Iterable[str]) -> list[str]:
    return sorted({value for value in values if value})


def planted(first: Period, months: int, *, seed: int, month: Period | None = None) -> tuple[Planted, ...]:
    """The events of an estate, each on a service of its own, in its last month or in `month`; what lasts goes on to its end."""
    last = first.shift(months - 1)
    month = month or last
    draw = Draws(seed, "planted")

    def day(least: int, spread: int, index: int) -> date:
        return month.start + timedelta(days=least + draw.below(spread, index))

    spike, end = day(16, 4, 1), last.end - timedelta(days=1)
    while spike.weekday() >= 5:
        spike -= timedelta(days=1)
    burst = day(20, 4, 4)

    def event(kind: str, where: str, begins: date, ends: date, *, ppm: int = PPM, daily_ppm: int = 0) -> Planted:
        provider, team, service, env = where.split("/")
        return Planted(
            kind=kind, provider=provider, team=team, service=service, env=env, first=begins, last=ends, ppm=ppm, daily_ppm=daily_ppm
        )

    return (
        event("spike", "aws/ml/training/prod", spike, spike, ppm=1_250_000),
        event("level_shift", "gcp/search/query/prod", day(11, 3, 2), end, ppm=1_400_000),
        event("drift", "aws/platform/observability/prod", day(7, 3, 3), end, daily_ppm=15_000),
        event("egress", "gcp/web/cdn/prod", burst, burst + timedelta(days=2), ppm=6_000_000),
        event("credit_expiry", "gcp/data/warehouse/prod", day(9, 4, 5), end, ppm=1_333_333),
        event("new_service", "aws/ml/assistant/prod", day(5, 5, 6), end),
        event("left_behind", "aws/search/reindex/staging", day(13, 2, 7), end),
        event("planned_launch", "azure/web/copilot/prod", month.start + timedelta(days=14), end),
    )
