"""A notice's payload, read with care: it was JSON in a table, and every name in it is a stranger's."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import NamedTuple, cast

from bursar.domain import wording

WORDS = {"sku_id": "SKU", "resource_id": "resource", "sub_account_id": "account", "service_name": "cloud service", "region_id": "region"}
"""Dimensions as people say them; others by their own name."""


class Cause(NamedTuple):
    """Where the money went: the place, its part of the excess, and the amount; words for people."""

    where: str
    share: str
    excess: str


Causes = tuple[Cause, ...]


def texts(payload: Mapping[str, object], name: str) -> list[str]:
    """A list of sentences."""
    found = payload.get(name)
    return [str(item) for item in cast("Sequence[object]", found)] if isinstance(found, list | tuple) else []


def causes_of(payload: Mapping[str, object], *, most: int = 3) -> Causes:
    """The first causes, in their order."""
    found = payload.get("causes")
    rows = cast("Sequence[Mapping[str, object]]", found) if isinstance(found, list | tuple) else ()
    return tuple(_cause(row, str(payload.get("currency") or "")) for row in rows[:most])


def money(text: object, currency: str) -> str:
    """An amount for people, or the text itself where it is none."""
    try:
        amount = Decimal(str(text))
    except InvalidOperation:
        return str(text)
    return wording.money(amount, currency) if amount.is_finite() else str(text)


def _cause(row: Mapping[str, object], currency: str) -> Cause:
    scope = row.get("scope")
    parts = cast("Mapping[str, object]", scope).items() if isinstance(scope, Mapping) else ()
    where = ", ".join(f"{WORDS.get(name, name.replace('_', ' '))} {value}" for name, value in parts) or "everywhere"
    try:
        share = f"{Decimal(str(row.get('share'))) * 100:.0f} %"
    except InvalidOperation:
        share = "share not known"
    return Cause(where, share, money(row.get("excess"), str(row.get("currency") or currency)))
