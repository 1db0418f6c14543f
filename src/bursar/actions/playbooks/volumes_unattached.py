"""Disks that nothing is attached to. No cloud says since when: a daily ledger of observations does.

A disk of a volume claim or a storage driver belongs to a controller that would make it anew or miss it; a locked one to
somebody who said so. Both are left alone. Source: ADR 0006, docs/plans.md.
"""

import re
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from typing import cast

from bursar.actions.cards import Card
from bursar.actions.playbooks.playbook import Left, Seen, Worth, Worths
from bursar.domain.estates import Resource, State
from bursar.domain.plans import PROD, Change, Range, Undo

_CONTROLLER = re.compile(r"(^|[^a-z])(kubernetes|k8s|csi|csivolumename|pvc|pv)([^a-z]|$)")
"""Tag keys by which controllers mark what they own. One key too many leaves a disk in peace; one too few loses data."""
_CENT_OF_CENT = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class VolumesUnattached:
    """The playbook; its thresholds are the card's."""

    kind: str = "disk"

    def judge(self, seen: Seen, *, card: Card, worths: Worths) -> Change | Left | None:
        """A snapshot and a deletion where the evidence is whole; why not, where a disk is unattached and left alone."""
        state, resource = seen.now.state, seen.now.resource
        if state is None or state.get("attached_to") is not None:
            return None
        idle = _idle(seen)
        if why := _spared(state) or _too_early(idle, card):
            return Left(resource=resource, why=why)
        return _change(seen, idle, card, worths(resource))


PLAYBOOK = VolumesUnattached()


def _idle(seen: Seen) -> list[date]:
    """The days of the unbroken run of observations without attachment that ends today."""
    run: list[date] = []
    for day, state in reversed(seen.days):
        if state.get("attached_to") is not None:
            break
        run.append(day)
    return run[::-1]


def _spared(state: State) -> str:
    tags = cast("dict[str, str]", state.get("tags") or {})
    if state.get("locked"):
        return "it is locked"
    owned = [key for key in sorted(tags) if _CONTROLLER.search(key.lower())]
    return f"a controller owns it (tag {owned[0]})" if owned else ""


def _too_early(idle: list[date], card: Card) -> str:
    observations, days = card.evidence["observations"], card.evidence["days"]
    span = (idle[-1] - idle[0]).days if idle else 0
    if len(idle) < observations or span < days:
        return f"unattached on {len(idle)} observed days over {span} days; it takes {observations} over {days}"
    return ""


def _change(seen: Seen, idle: list[date], card: Card, worth: Worth | None) -> Change:
    resource, state = seen.now.resource, seen.now.state
    permissions = card.permissions[resource.provider]
    because = (
        f"Nothing was attached on any of {len(idle)} days it was looked at, from {idle[0]} to {idle[-1]}.",
        "No volume claim, no storage driver and no lock holds it.",
        f"It costs {worth.monthly:.2f} {worth.currency} in thirty days ({worth.source})." if worth else "What it costs is not known.",
    )
    return Change(
        resource=resource,
        verb="delete_disk",
        params={"snapshot": "required"},
        before=state,
        after=None,
        because=because,
        saving=_saving(resource, card, worth) if worth else None,
        undo=Undo(verb="restore_disk", params={}, needs=("snapshot",)),
        permissions=(*permissions.observe, *permissions.change),
        env=(worth.env if worth else None) or PROD,
        owner=worth.owner if worth else None,
    )


def _saving(resource: Resource, card: Card, worth: Worth) -> Range:
    """The disk's cost, less a snapshot's: how full the disk is nobody knows, so between none of it and all of it."""
    percent = card.evidence.get(f"{resource.provider}_snapshot_percent", 100)
    whole = worth.monthly * percent / 100
    low, amount = ((worth.monthly - part).quantize(_CENT_OF_CENT, rounding=ROUND_HALF_EVEN) for part in (whole, whole / 2))
    return Range(amount=amount, low=low, high=worth.monthly.quantize(_CENT_OF_CENT, rounding=ROUND_HALF_EVEN), currency=worth.currency)
