"""The plans an anomaly leads to: those that change what costs too much, and those that touch what its owner owns."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import cast

from bursar.actions.book import OPEN, Entry
from bursar.anomaly.records import Kept
from bursar.domain.plans import HARMLESS
from bursar.surfaces.web.display import money, percent
from bursar.surfaces.web.planning import title_of
from bursar.triage.message import LASTING, LEAST, WHOLE

MOST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Ender:
    """A plan that waits: what it does, where it stands, what it saves, and what it would do to the anomaly (empty: it is the owner's)."""

    title: str
    href: str
    saves: str
    does: str


def enders(entries: Sequence[Entry], one: Kept, *, now: str) -> list[Ender]:
    """Plans that change resources it comes from, those of most of it first; without any, waiting ones of its owner and environment."""
    if one.direction != "up" or one.status not in LASTING:
        return []
    alive = [each for each in entries if each.status in OPEN and each.plan.expires_at > now]
    shares = _shares(one)
    parts = [(total_, each) for each in alive if (total_ := _part(each, shares)) >= LEAST]
    if parts:
        return [_ender(each, _does(part)) for part, each in sorted(parts, key=lambda pair: (-pair[0], pair[1].digest))[:MOST]]
    return [_ender(each, "") for each in alive if one.owner is not None and _touches(each, one)][:MOST]


def _shares(one: Kept) -> dict[str, Decimal]:
    """What part of the excess each resource carries, as detection wrote it; of a cause that is one resource, as the cause says."""
    found: dict[str, Decimal] = {}
    for cause in _rows(one.detail.get("causes")):
        name = cast("Mapping[str, object]", cause.get("scope") or {}).get("resource_id")
        if name is not None:
            found[str(name)] = Decimal(str(cause.get("share") or 0))
    for row in _rows(one.detail.get("resources")):
        found[str(row.get("resource_id"))] = Decimal(str(row.get("share") or 0))
    return found


def _rows(value: object) -> Iterator[Mapping[str, object]]:
    for row in cast("Sequence[object]", value) if isinstance(value, list) else ():
        if isinstance(row, Mapping):
            yield cast("Mapping[str, object]", row)


def _part(entry: Entry, shares: Mapping[str, Decimal]) -> Decimal:
    return sum((shares.get(name, Decimal(0)) for name in {change.resource.id for change in entry.plan.changes}), Decimal(0))


def _does(part: Decimal) -> str:
    return "would end it" if part >= WHOLE else f"would end {percent(part, Decimal(1), digits_=0)} % of it"


def _touches(entry: Entry, one: Kept) -> bool:
    """Whether a change is on something of its owner, in its environment where it has one."""
    env = one.scope.get("env")
    return any(
        change.owner == one.owner and (env is None or change.env == env or (change.env not in HARMLESS and env not in HARMLESS))
        for change in entry.plan.changes
    )


def _ender(entry: Entry, does: str) -> Ender:
    saving = entry.plan.saving
    return Ender(
        title=title_of(entry),
        href=f"/plans/{entry.digest[:12]}",
        saves=f"{money(saving.amount, saving.currency)} {saving.currency} a month" if saving else "",
        does=does,
    )
