"""Why a cost moved: price against usage, SKU by SKU, summed per owner. The mart is `price_volume_daily` (direct effective cost).

With q and c the quantity and cost of one SKU in one unit, before (0) and now (1): usage = c0·q1/q0 − c0, price = c1 − c0·q1/q0.
A SKU that only one side has is new or gone. What has no quantity (fees, taxes, credits) is neither: it stays in the rest, which
the caller has as the change less these three.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import cast

from bursar.domain.money import cost
from bursar.lake.generations import Generation
from bursar.ports import Warehouse
from bursar.query.router import relation_of
from bursar.query.windows import Slice

MART = "price_volume_daily"
ZERO = Decimal(0)


@dataclass(slots=True, kw_only=True)
class Effect:
    """The parts of a change in one currency, in money; they need not add up to it."""

    price: Decimal = field(default=ZERO)
    usage: Decimal = field(default=ZERO)
    new_or_gone: Decimal = field(default=ZERO)


def effects(now: Slice, before: Slice, *, generation: Generation | None, warehouse: Warehouse) -> dict[tuple[str, str, str], Effect] | None:
    """Effects by (currency, team, service) of two spans of days; None where the mart does not cover both."""
    files = generation.of(MART, start=min(now.start, before.start), end=max(now.end, before.end)) if generation else ()
    if not files:
        return None
    first, second = before.where("day", "billing_period"), now.where("day", "billing_period")
    sql = f"""SELECT currency, team, service,
  sum(effective_cost) FILTER (WHERE {first}) AS c0, sum(consumed_quantity) FILTER (WHERE {first}) AS q0,
  sum(effective_cost) FILTER (WHERE {second}) AS c1, sum(consumed_quantity) FILTER (WHERE {second}) AS q1
FROM {relation_of(files)}
WHERE ({first}) OR ({second})
GROUP BY currency, team, service, provider, service_name, sku_id, consumed_unit"""
    rows = warehouse.rows(sql, reads=[file.path for file in files]).rows
    return _summed(cast("Iterable[tuple[str, str, str, Decimal | None, Decimal | None, Decimal | None, Decimal | None]]", rows))


def _summed(
    rows: Iterable[tuple[str, str, str, Decimal | None, Decimal | None, Decimal | None, Decimal | None]],
) -> dict[tuple[str, str, str], Effect]:
    found: dict[tuple[str, str, str], Effect] = {}
    for currency, team, service, c0, q0, c1, q1 in rows:
        effect = found.setdefault((currency, team, service), Effect())
        if q0 is None and q1 is None:
            continue
        if c0 is None or c1 is None:
            effect.new_or_gone += (c1 or ZERO) - (c0 or ZERO)
        elif q0 and q1 and q0 > 0 and q1 > 0:
            at_old_price = cost(c0 * q1 / q0)
            effect.usage += at_old_price - c0
            effect.price += c1 - at_old_price
    return found
