"""Infracost's JSON, schema 0.2: what each resource of a change adds to a month. Decimals are texts or null.

Source: infracost.io/docs (`infracost breakdown --format json`, `infracost diff --format json`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import cast

from bursar.policies.planned import Undecidable, clean

VERSION = "0.2"
_CURE = "Make it with: infracost breakdown --path plan.json --format json --out-file infracost.json"
_MOST = Decimal(10) ** 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Infracost:
    """Monthly differences by address, at list price; None where Infracost has no price. Types it knows to be free cost nothing."""

    currency: str
    deltas: Mapping[str, Decimal | None]
    usage_based: frozenset[str]
    free_types: frozenset[str]

    def is_free(self, kind: str) -> bool:
        """Whether Infracost says that resources of this type have no price."""
        return kind in self.free_types


def read_infracost(path: Path) -> Infracost:
    """The file, read. Raises Undecidable when it is not Infracost JSON 0.2."""
    try:
        document: object = json.loads(path.read_text("utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise Undecidable(f"{path.name}: cannot be read as Infracost JSON", cure=_CURE) from error
    told = _object(document)
    if told.get("version") != VERSION or not isinstance(told.get("currency"), str) or not isinstance(told.get("projects"), list):
        raise Undecidable(f"{path.name}: not Infracost JSON {VERSION}", cure=_CURE)
    deltas: dict[str, Decimal | None] = {}
    usage: set[str] = set()
    free: set[str] = set()
    for project in cast("list[object]", told["projects"]):
        _add(deltas, usage, _object(project), file=path.name)
        free |= set(_object(_object(_object(project).get("summary")).get("noPriceResourceCounts")))
    free |= set(_object(_object(told.get("summary")).get("noPriceResourceCounts")))
    return Infracost(currency=clean(str(told["currency"])), deltas=deltas, usage_based=frozenset(usage), free_types=frozenset(free))


def _add(deltas: dict[str, Decimal | None], usage: set[str], project: Mapping[str, object], *, file: str) -> None:
    """What a project's resources cost after less before; its own difference where it gives only that."""
    before = dict(_costs(project.get("pastBreakdown"), usage, file=file))
    after = dict(_costs(project.get("breakdown"), usage, file=file))
    if not before and not after:
        deltas.update(_costs(project.get("diff"), usage, file=file))
        return
    for address in {*before, *after}:
        old, new = before.get(address, Decimal(0)), after.get(address, Decimal(0))
        deltas[address] = None if old is None or new is None else new - old


def _costs(part: object, usage: set[str], *, file: str) -> Iterator[tuple[str, Decimal | None]]:
    for one in cast("list[object]", _object(part).get("resources") or []):
        resource = _object(one)
        if not isinstance(resource.get("name"), str):
            raise Undecidable(f"{file}: a resource has no name", cure=_CURE)
        address = clean(str(resource["name"]))
        if any(_object(component).get("monthlyCost") is None for component in cast("list[object]", resource.get("costComponents") or [])):
            usage.add(address)
        yield address, _decimal(resource.get("monthlyCost"), file=file)


def _decimal(value: object, *, file: str) -> Decimal | None:
    """A text's exact amount. A JSON number has passed through a float somewhere and is refused."""
    if value is None:
        return None
    try:
        amount = Decimal(value) if isinstance(value, str) else None
    except InvalidOperation:
        amount = None
    if amount is None or not amount.is_finite() or abs(amount) > _MOST:
        raise Undecidable(f"{file}: {str(value)[:40]!r} is not an amount as text", cure=_CURE)
    return amount


def _object(value: object) -> Mapping[str, object]:
    return cast("Mapping[str, object]", value) if isinstance(value, dict) else {}
