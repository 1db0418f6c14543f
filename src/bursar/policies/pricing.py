"""What a planned change costs a month: from Infracost where it is given, else from the user's own bill, else not known.

Nothing unknown is taken for zero: it is listed, and lowers the coverage.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Literal, cast

from bursar.domain.money import total
from bursar.policies.infracost import Infracost, read_infracost
from bursar.policies.own_prices import OwnPrices, Priced, catalogue, parts_of, service_of
from bursar.policies.planned import Planned, Resource

Source = Literal["infracost", "own_bill", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A change's monthly cost, in one currency. `deltas` has every planned resource that costs something; None is not known.

    `low` and `high` lie around `delta_monthly` (list price), between what is really paid and the list; `coverage` is the share of
    resources with a price among those that have one to be known, 0 to 1. Usage-based ones are told, and neither priced nor missed.
    """

    price_source: Source
    currency: str | None
    deltas: Mapping[str, Decimal | None]
    delta_monthly: Decimal | None
    low: Decimal | None
    high: Decimal | None
    delta_effective: Decimal | None
    planned: int
    priced: int
    unpriced: tuple[str, ...]
    usage_based: tuple[str, ...]
    price_period: str | None = None

    @property
    def coverage(self) -> Decimal:
        """The share that has a price; 1 where nothing needs one."""
        return Decimal(self.priced) / Decimal(self.planned) if self.planned else Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Delta:
    list: Decimal | None
    effective: Decimal | None = None
    currency: str | None = None
    is_usage: bool = False


def estimate(planned: Planned, *, infracost: Path | None, own: OwnPrices | None) -> Estimate:
    """The estimate of a change. Raises Undecidable when the Infracost file cannot be read."""
    given = read_infracost(infracost) if infracost else None
    costing = [resource for resource in planned.resources if planned.kind == "plan" and not _is_free(resource.type)]
    deltas = {resource.address: _delta(resource, given, own) for resource in costing}
    source: Source = "infracost" if given else "own_bill" if own else "unknown"
    return _summed(deltas, source=source, currency=given.currency if given else None, period=own.period if own and not given else None)


def _delta(resource: Resource, given: Infracost | None, own: OwnPrices | None) -> _Delta:
    if given:
        return _infracost_delta(resource, given, own)
    if _named(resource.type, "usage_based"):
        return _Delta(list=None, is_usage=True)
    return _own_delta(resource, own)


def _infracost_delta(resource: Resource, given: Infracost, own: OwnPrices | None) -> _Delta:
    if given.is_free(resource.type):
        return _Delta(list=Decimal(0), effective=Decimal(0))
    if resource.address in given.usage_based:
        return _Delta(list=given.deltas.get(resource.address), is_usage=True)
    listed = given.deltas.get(resource.address)
    ratio = own.ratio(resource.provider, service_of(resource.type), resource.region) if own else None
    effective = listed * ratio if listed is not None and ratio is not None else None
    return _Delta(list=listed, effective=effective, currency=given.currency)


_NOTHING = Priced(list=Decimal(0), effective=Decimal(0), currency="")


def _own_delta(resource: Resource, own: OwnPrices | None) -> _Delta:
    """After less before at the bill's unit prices. What changes nothing that is paid for costs nothing more, whatever its price."""
    if own is None and resource.action in {"create", "delete"}:
        return _Delta(list=None)
    before = parts_of(resource, resource.before) if resource.action != "create" else ()
    after = parts_of(resource, resource.after) if resource.action != "delete" else ()
    if before is None or after is None:
        return _Delta(list=None)
    if before == after:
        return _Delta(list=Decimal(0), effective=Decimal(0))
    if own is None:
        return _Delta(list=None)
    sides = [own.price(parts, provider=resource.provider, region=resource.region) if parts else _NOTHING for parts in (before, after)]
    old, new = sides
    if old is None or new is None or len({side.currency for side in (old, new) if side.currency}) > 1:
        return _Delta(list=None)
    return _Delta(list=new.list - old.list, effective=new.effective - old.effective, currency=new.currency or old.currency)


def _summed(deltas: Mapping[str, _Delta], *, source: Source, currency: str | None, period: str | None) -> Estimate:
    currencies = sorted({one.currency for one in deltas.values() if one.currency})
    chosen = currency or _main_currency(list(deltas.values()), currencies)
    fitting = {address: one for address, one in deltas.items() if one.currency in {None, chosen}}
    known = {address: one for address, one in fitting.items() if one.list is not None}
    usage = tuple(sorted(address for address, one in deltas.items() if one.is_usage))
    needed = [address for address in deltas if address not in usage]
    unpriced = tuple(sorted(address for address in needed if address not in known))
    listed = total(one.list for one in known.values() if one.list is not None)
    paid = [one.effective for one in known.values()]
    effective = total(one for one in paid if one is not None) if all(one is not None for one in paid) else None
    says = bool(known) or not deltas
    ends = [listed, effective if effective is not None else listed]
    return Estimate(
        price_source=source,
        currency=chosen,
        deltas={address: known[address].list if address in known else None for address in deltas},
        delta_monthly=listed if says else None,
        low=min(ends) if says else None,
        high=max(ends) if says else None,
        delta_effective=effective if says else None,
        planned=len(needed),
        priced=len(needed) - len(unpriced),
        unpriced=unpriced,
        usage_based=usage,
        price_period=period,
    )


def _main_currency(deltas: Sequence[_Delta], currencies: Sequence[str]) -> str | None:
    """The currency most resources are priced in: amounts of two are never added, so those of the others count as not priced."""
    return max(currencies, key=lambda name: sum(one.currency == name for one in deltas), default=None)


def _is_free(kind: str) -> bool:
    return _named(kind, "free")


@cache
def _named(kind: str, where: str) -> bool:
    return any(fnmatchcase(kind, pattern) for pattern in cast("list[str]", catalogue()[where]))
