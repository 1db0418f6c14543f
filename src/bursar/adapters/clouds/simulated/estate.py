"""What all clouds of one simulation share: the seed, the daily shapes, the ledger, and the planted waste."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from bursar.adapters.clouds.simulated.amounts import text
from bursar.adapters.clouds.simulated.ledger import Ledger
from bursar.adapters.clouds.simulated.shape import Planted, Shape
from bursar.domain.periods import Period


@dataclass(slots=True, kw_only=True)
class Estate:
    """One simulation under way. `rows` are usage rows a month, by cloud; `first` is the month commitments are bought in."""

    seed: int
    first: Period
    rows: Mapping[str, int]
    planted: Sequence[Planted]
    ledger: Ledger = field(default_factory=Ledger)
    shape: Shape = field(init=False)
    waste: dict[tuple[str, str, str], dict[str, int]] = field(default_factory=dict[tuple[str, str, str], dict[str, int]])

    def __post_init__(self) -> None:
        """Wire the shapes to the planted events."""
        self.shape = Shape(self.seed, self.planted)

    def aside(self) -> "Estate":
        """The same estate with books of its own: for files that no truth may count."""
        return replace(self, ledger=Ledger(), waste={})

    def note_waste(self, provider: str, kind: str, resource: str, *, period: str, amount: int) -> None:
        """Book what a wasted resource cost."""
        months = self.waste.setdefault((provider, kind, resource), {})
        months[period] = months.get(period, 0) + amount

    def wasted(self) -> list[dict[str, str]]:
        """The planted waste, each with what it cost in its last month."""
        return [
            {"provider": provider, "kind": kind, "resource": resource, "monthly": text(months[max(months)])}
            for (provider, kind, resource), months in sorted(self.waste.items())
        ]
