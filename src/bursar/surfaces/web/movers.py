"""What moved the month: services by how far they are from the same days of the month before, split into reasons where known."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from bursar.domain.money import total
from bursar.domain.wording import count
from bursar.surfaces.web.display import UNALLOCATED, clean
from bursar.surfaces.web.drawn import Spark, spark
from bursar.surfaces.web.entries import Entry, amount, between, by_bucket, sums_by
from bursar.surfaces.web.month import MonthSpan

SHOWN = 7
SPARK_DAYS = 28
RED_RATIO, RED_AMOUNT = Decimal("0.1"), Decimal(100)
"""A rise is red only from +10 % and +100 on; a fall never is."""
ZERO = Decimal(0)

Name = tuple[str, str]
"""(team, service)."""
Link = Callable[[Mapping[str, str]], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceUsage:
    """A change by its reasons; the four add up to it. `rest` has no quantity to price: fees, taxes, credits."""

    price: Decimal = ZERO
    usage: Decimal = ZERO
    new_or_gone: Decimal = ZERO
    rest: Decimal = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Mover:
    """A service of a team (or the sum of many), now and then; `split` is None where the change cannot be split."""

    service: str
    team: str
    now: Decimal
    then: Decimal
    split: PriceUsage | None
    href: str = ""
    spark: Spark | None = None
    is_rest: bool = False

    @property
    def change(self) -> Decimal:
        """Now minus then."""
        return self.now - self.then

    @property
    def is_hot(self) -> bool:
        """Whether the change is written in red."""
        return not self.is_rest and is_hot(self.now, self.then)


def is_hot(now: Decimal, then: Decimal | None) -> bool:
    """Whether a rise is red: from 10 % and 100 on."""
    return then is not None and now - then >= RED_AMOUNT and now - then >= RED_RATIO * abs(then)


def movers(owners: Sequence[Entry], span: MonthSpan, *, splits: Mapping[Name, PriceUsage] | None, link: Link) -> list[Mover]:
    """The largest moves, and one row for all others: rows sum to the month's change. `owners` has keys (team, service, …)."""
    now = sums_by(between(owners, span.start, span.month.end), _name)
    then = sums_by(between(owners, span.before.start, span.then_end), _name)
    names = sorted({*now, *then}, key=lambda name: (-abs(now.get(name, ZERO) - then.get(name, ZERO)), name))
    top = names if len(names) <= SHOWN + 1 else names[:SHOWN]
    rest = names[len(top) :]

    def mover(name: Name) -> Mover:
        return Mover(
            service="no owner" if name == (UNALLOCATED, UNALLOCATED) else clean(name[1]),
            team=clean(name[0]),
            now=now.get(name, ZERO),
            then=then.get(name, ZERO),
            split=None if splits is None else splits.get(name, PriceUsage(rest=now.get(name, ZERO) - then.get(name, ZERO))),
            href=link({"team": name[0], "service": name[1]}),
        )

    shown = set(top)
    sparks = _sparks([entry for entry in owners if _name(entry) in shown], span)
    rows = [
        replace(row, spark=spark(sparks[name], present=min(span.days, SPARK_DAYS), hot=row.is_hot))
        for name, row in zip(top, map(mover, top), strict=True)
    ]
    return [*rows, _rest([mover(name) for name in rest], link)] if rest else rows


def everything(rows: Sequence[Mover], owners: Sequence[Entry], span: MonthSpan) -> Mover:
    """The total under the rows, summed from the entries themselves."""
    now = amount(between(owners, span.start, span.month.end))
    then = amount(between(owners, span.before.start, span.then_end))
    return Mover(service="Total", team="", now=now, then=then, split=_sum([row.split for row in rows]))


def _name(entry: Entry) -> Name:
    return entry.key[0], entry.key[1]


def _rest(rows: Sequence[Mover], link: Link) -> Mover:
    return Mover(
        service=count(len(rows), "other service"),
        team="",
        now=total(row.now for row in rows),
        then=total(row.then for row in rows),
        split=_sum([row.split for row in rows]),
        href=link({}),
        is_rest=True,
    )


def _sparks(owners: Sequence[Entry], span: MonthSpan) -> dict[Name, list[Decimal]]:
    """The last days of each name, up to the month's latest."""
    mine: dict[Name, list[Entry]] = {}
    for entry in owners:
        mine.setdefault(_name(entry), []).append(entry)
    days = [span.end - timedelta(days=back) for back in range(SPARK_DAYS, 0, -1)]
    return {name: by_bucket(found, days) for name, found in mine.items()}


def _sum(splits: Sequence[PriceUsage | None]) -> PriceUsage | None:
    """Reason by reason; None as soon as one change could not be split."""
    known = [split for split in splits if split is not None]
    if len(known) < len(splits) or not known:
        return None
    return PriceUsage(
        price=total(split.price for split in known),
        usage=total(split.usage for split in known),
        new_or_gone=total(split.new_or_gone for split in known),
        rest=total(split.rest for split in known),
    )
