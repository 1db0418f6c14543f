"""Planted waste: what is paid for and not needed, and how much of it an undone cause would save."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bursar.adapters.clouds.simulated.amounts import text
from bursar.adapters.clouds.simulated.ledger import Key

OFFICE = range(7, 19)
"""The hours of a weekday, UTC, in which somebody works; non-production needs none of the others."""
NIGHT, OVERSIZED, DISK_WASTE = "nonprod_at_night", "oversized_database", "unattached_disk"


def avoidable(kind: str, amount: int, starts: datetime, *, hours: int) -> int:
    """How much of a charge the waste is: all of it, half where the next smaller size would do, or the hours nobody works."""
    if kind == OVERSIZED:
        return amount // 2
    if kind != NIGHT:
        return amount
    idle = sum(_is_idle(starts + timedelta(hours=hour)) for hour in range(hours))
    return amount * idle // hours


def _is_idle(hour: datetime) -> bool:
    return hour.weekday() >= 5 or hour.hour not in OFFICE


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Wasted:
    """One wasted resource: where it is, which waste it is, and whose."""

    provider: str
    kind: str
    resource: str
    account: str
    cloud_service: str
    team: str
    currency: str


@dataclass(slots=True)
class Wastes:
    """What wasted resources cost by month, and how much of it was avoidable."""

    sums: dict[Wasted, dict[str, list[int]]] = field(default_factory=dict[Wasted, dict[str, list[int]]])

    def note(self, kind: str, key: Key, resource: str, charges: Iterable[tuple[int, datetime, int]]) -> None:
        """Book charges of a wasted resource: amount, start, and length in hours."""
        wasted = Wasted(
            provider=key.provider, kind=kind, resource=resource, account=key.account, cloud_service=key.service,
            team=key.team, currency=key.currency,
        )  # fmt: skip
        sums = self.sums.setdefault(wasted, {}).setdefault(key.period, [0, 0])
        for amount, starts, hours in charges:
            sums[0] += amount
            sums[1] += avoidable(wasted.kind, amount, starts, hours=hours)

    def told(self) -> list[dict[str, str]]:
        """Every wasted resource with its last month: what it cost, and how much of it was avoidable (`monthly`)."""
        return [
            {
                "provider": wasted.provider, "kind": wasted.kind, "resource": wasted.resource,
                "monthly": text(months[max(months)][1]), "cost": text(months[max(months)][0]), "period": max(months),
                "account": wasted.account, "cloud_service": wasted.cloud_service, "team": wasted.team, "currency": wasted.currency,
            }
            for wasted, months in sorted(self.sums.items())
        ]  # fmt: skip
