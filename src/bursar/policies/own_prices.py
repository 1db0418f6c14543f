"""Unit prices from the user's own published bill: meter × region × unit of the last closed month. No price list of ours.

What the bill has never seen has no price here, and is told as such.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import cast

import yaml

from bursar.domain.money import total
from bursar.domain.periods import Period
from bursar.lake.generations import Generation
from bursar.policies.planned import Resource
from bursar.ports import Warehouse
from bursar.query.router import relation_of

HOURS_A_MONTH = Decimal(730)

_PREFIX = re.compile(r"^[A-Z]{2,4}\d?-")
_ATTRIBUTE = re.compile(r"\{([a-z0-9_.]+)\}")
_GOOGLE = re.compile(r"^(?P<family>[a-z]\d[a-z]?)-(?P<shape>standard|highmem|highcpu)-(?P<cores>\d+)$")
_GIB_A_CORE = {"standard": 4, "highmem": 8, "highcpu": 1}
_DISKS = {"pd-ssd": "SSD backed PD Capacity", "pd-standard": "Storage PD Capacity", "pd-balanced": "Balanced PD Capacity"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """A monthly cost at list price and at what is really paid."""

    list: Decimal
    effective: Decimal
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One unit price of the bill, from its sums over a month."""

    provider: str
    service: str | None
    meter: str
    region: str | None
    unit: str
    currency: str
    quantity: Decimal
    list: Decimal
    effective: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What of a resource is paid for: a meter, so many units a month."""

    meter: str
    unit: str
    amount: Decimal
    begins: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPrices:
    """The prices of a billing period."""

    period: str
    lines: tuple[Line, ...]

    def price(self, parts: tuple[Part, ...], *, provider: str, region: str | None) -> Priced | None:
        """What the parts cost in a month; None where the bill has no price for one of them, or several currencies for all."""
        found = [self._part(part, provider=provider, region=region) for part in parts]
        if any(one is None for one in found):
            return None
        known = [one for one in found if one is not None]
        if len({one.currency for one in known}) != 1:
            return None
        return Priced(list=total(one.list for one in known), effective=total(one.effective for one in known), currency=known[0].currency)

    def ratio(self, provider: str, service: str | None, region: str | None) -> Decimal | None:
        """What is really paid of the list price: of a service in a region, else of the provider."""
        for lines in (
            [line for line in self.lines if line.provider == provider and line.service == service and line.region == region],
            [line for line in self.lines if line.provider == provider],
        ):
            whole = total(line.list for line in lines)
            if whole > 0:
                return total(line.effective for line in lines) / whole
        return None

    def _part(self, part: Part, *, provider: str, region: str | None) -> Priced | None:
        lines = [line for line in self.lines if line.provider == provider and _meets(line, part) and region in {None, line.region}]
        quantity = total(line.quantity for line in lines)
        if not quantity or len({line.currency for line in lines}) != 1:
            return None
        times = part.amount / quantity
        return Priced(
            list=total(line.list for line in lines) * times,
            effective=total(line.effective for line in lines) * times,
            currency=lines[0].currency,
        )


def own_prices(generation: Generation | None, *, warehouse: Warehouse, now: datetime) -> OwnPrices | None:
    """The unit prices of the last closed month (of the newest, while none is closed); None while nothing is published."""
    periods = generation.periods() if generation else []
    if generation is None or not periods:
        return None
    closed = [period for period in periods if Period.parse(period).is_closed(now)]
    period = max(closed, default=max(periods))
    sql = files("bursar.policies").joinpath("own_prices.sql").read_text("utf-8")
    relation = relation_of(generation.of("cost_and_usage", period=period))
    rows = warehouse.rows(sql.replace("{relation}", relation), reads=[file.path for file in generation.files]).rows
    return OwnPrices(period=period, lines=tuple(_line(row) for row in rows))


def _line(row: tuple[object, ...]) -> Line:
    provider, service, meter, region, unit, currency, quantity, listed, effective = row
    return Line(
        provider=str(provider),
        service=cast("str | None", service),
        meter=_PREFIX.sub("", str(meter)),
        region=cast("str | None", region),
        unit=_unit(str(unit)),
        currency=str(currency),
        quantity=cast("Decimal", quantity),
        list=cast("Decimal", listed),
        effective=cast("Decimal", effective),
    )


def _unit(text: str) -> str:
    """Hour or month, where a pricing unit is one of them; else the text."""
    words = set(re.split(r"[^a-z]+", text))
    if words & {"hour", "hours", "hrs"}:
        return "hour"
    return "month" if words & {"month", "months", "mo"} else text


def _meets(line: Line, part: Part) -> bool:
    return line.unit == part.unit and (line.meter.startswith(part.meter) if part.begins else line.meter == part.meter)


@cache
def catalogue() -> Mapping[str, object]:
    """The packaged table of kinds."""
    text = files("bursar.policies").joinpath("prices.yaml").read_text("utf-8")
    return cast("Mapping[str, object]", yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))  # noqa: S506 - our own file


def service_of(kind: str) -> str | None:
    """The cloud's service a kind of resource is billed under."""
    entry = cast("Mapping[str, Mapping[str, object]]", catalogue()["kinds"]).get(kind)
    return str(entry["service"]) if entry else None


def parts_of(resource: Resource, values: Mapping[str, object]) -> tuple[Part, ...] | None:
    """What of these attributes is paid for; None where the kind is not known here or an attribute is not known yet."""
    entry = cast("Mapping[str, Mapping[str, object]]", catalogue()["kinds"]).get(resource.type)
    if entry is None:
        return None
    attributes = {**values, **_made(values)}
    found: list[Part] = []
    for one in cast("list[Mapping[str, object]]", entry["parts"]):
        part = _made_part(one, attributes)
        if part is None and not one.get("optional"):
            return None
        found += [part] if part else []
    return tuple(found)


def _made_part(one: Mapping[str, object], attributes: Mapping[str, object]) -> Part | None:
    names = _ATTRIBUTE.findall(str(one["meter"]))
    told = {name: _at(attributes, name) for name in names}
    times = _number(_at(attributes, str(one["times"]))) if "times" in one else Decimal(1)
    if times is None or any(not isinstance(value, str) or not value for value in told.values()):
        return None
    unit = str(one["unit"])
    meter = _ATTRIBUTE.sub(lambda match: str(told[match[1]]), str(one["meter"]))
    return Part(meter=meter, unit=unit, amount=times * (HOURS_A_MONTH if unit == "hour" else 1), begins=bool(one.get("begins")))


def _at(values: object, path: str) -> object:
    for step in path.split("."):
        if isinstance(values, Mapping):
            values = cast("Mapping[str, object]", values).get(step)
        elif isinstance(values, list) and step.isdigit() and int(step) < len(cast("list[object]", values)):
            values = cast("list[object]", values)[int(step)]
        else:
            return None
    return values


def _number(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    number = Decimal(str(value))
    return number if number.is_finite() and 0 <= number < 10**9 else None


def _made(values: Mapping[str, object]) -> dict[str, object]:
    return dict(_derived(values))


def _derived(values: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Attributes a meter is named by, made of those a plan has."""
    machine = re.match(_GOOGLE, str(values.get("machine_type", "")))
    if machine:
        cores = int(machine["cores"])
        yield from (("family", machine["family"].upper()), ("cores", cores), ("ram_gib", cores * _GIB_A_CORE[machine["shape"]]))
    size = values.get("size")
    if isinstance(size, str) and size.startswith("Standard_"):
        yield "machine", size.removeprefix("Standard_").replace("_", " ")
    if isinstance(values.get("type"), str) and values["type"] in _DISKS:
        yield "disk", _DISKS[str(values["type"])]
