"""What single resources cost by day: for the price of a plan, and for what came of it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from importlib.resources import files as package_files
from pathlib import Path

from bursar.lake.generations import Generation
from bursar.ports import Warehouse

TABLE = "charge_daily"
MONTH = 30
NOBODY = "unallocated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a resource costs in thirty days, up to `last_day`; owner and environment where all its charges agree on one."""

    monthly: Decimal
    currency: str
    last_day: date
    owner: str | None
    env: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One day's effective and billed cost, and of how many resources it is."""

    day: date
    effective: Decimal
    billed: Decimal
    resources: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """Daily costs of named resources and of those like them that nobody touched; `donors` counts the latter.

    A day on which nothing was charged is not in them. `end` is the first day without any data.
    """

    touched: tuple[Day, ...]
    similar: tuple[Day, ...]
    donors: int
    end: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which days: [start, ...) around `change`, of `before` resources, those that came `after`, without `others` as donors."""

    start: date
    change: date
    end: date
    before: Collection[str]
    after: Collection[str]
    others: Collection[str]


def costs(resources: Collection[str], *, generation: Generation | None, warehouse: Warehouse) -> dict[str, Cost]:
    """Thirty days of each resource, from the newest charges; not in the answer where the bill does not name it.

    A resource charged on fewer days is scaled to thirty. One billed in two currencies has no one price and is left out.
    """
    files = generation.of(TABLE) if generation else ()
    last = max((file.max_day for file in files if file.max_day), default=None)
    if last is None or not resources:
        return {}
    start = last - timedelta(days=MONTH - 1)
    paths = [file.path for file in files if file.max_day and file.max_day >= start]
    found = warehouse.rows(_sql("resource_worth", paths), (start, last + timedelta(days=1), sorted(resources)), reads=paths)
    told: dict[str, list[Cost]] = {}
    for resource, currency, effective, days, team, env in found.rows:
        monthly = Decimal(str(effective)) * MONTH / int(str(days))
        cost = Cost(monthly=monthly, currency=str(currency), last_day=last, owner=_known(team), env=_known(env))
        told.setdefault(str(resource), []).append(cost)
    return {resource: each[0] for resource, each in told.items() if len(each) == 1}


def days(wanted: Wanted, *, currency: str, generation: Generation, warehouse: Warehouse, enough: Decimal) -> Days:
    """The daily costs around a change. A donor was charged on `enough` (a ratio) of the days before it."""
    files = generation.of(TABLE, start=wanted.start, end=wanted.end)
    last = max((file.max_day for file in generation.of(TABLE) if file.max_day), default=wanted.start)
    end = min(wanted.end, last + timedelta(days=1))
    if not files:
        return Days(touched=(), similar=(), donors=0, end=end)
    paths = [file.path for file in files]
    before, named = sorted(wanted.before), sorted({*wanted.before, *wanted.after})
    least = int((wanted.change - wanted.start).days * enough)
    parameters = (
        wanted.start, end, named, sorted({name.rpartition("/")[2] for name in wanted.after}), before, wanted.change,
        sorted({*named, *wanted.others}), wanted.change, least,
    )  # fmt: skip
    rows = [row for row in warehouse.rows(_sql("resource_days", paths), parameters, reads=paths).rows if row[2] == currency]
    similar = [row for row in rows if row[0] == "donor"]
    return Days(
        touched=tuple(_day(row) for row in rows if row[0] == "touched"),
        similar=tuple(_day(row) for row in similar),
        donors=int(str(similar[0][3])) if similar else 0,
        end=end,
    )


def _day(row: Sequence[object]) -> Day:
    day = row[1] if isinstance(row[1], date) else date.fromisoformat(str(row[1]))
    return Day(day=day, effective=Decimal(str(row[4])), billed=Decimal(str(row[5])), resources=int(str(row[3])))


def _known(value: object) -> str | None:
    return None if value in {None, NOBODY} else str(value)


def _sql(name: str, paths: Sequence[Path]) -> str:
    listed = ", ".join("'" + str(path).replace("'", "''") + "'" for path in paths)
    return package_files("bursar.query").joinpath(f"{name}.sql").read_text("utf-8").replace("{files}", listed)
