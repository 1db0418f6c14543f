"""A notice's payload, read with care: it was JSON in a table, and every name in it is a stranger's."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import NamedTuple, cast

from bursar.domain.money import subunit


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
    """`1,204.50 USD`, or the text itself where it is no amount; the minus is a real one."""
    try:
        amount = Decimal(str(text))
    except InvalidOperation:
        return str(text)
    digits = max(0, -int(subunit(currency).as_tuple().exponent)) if currency else 2
    shown = f"{abs(amount):,.{digits}f} {currency}".strip()
    return f"\u2212{shown}" if amount < 0 else shown


def _cause(row: Mapping[str, object], currency: str) -> Cause:
    scope = row.get("scope")
    parts = cast("Mapping[str, object]", scope).items() if isinstance(scope, Mapping) else ()
    where = ", ".join(f"{name} {value}" for name, value in parts) or "everywhere"
    try:
        share = f"{Decimal(str(row.get('share'))) * 100:.0f} %"
    except InvalidOperation:
        share = "share not known"
    return Cause(where, share, money(row.get("excess"), str(row.get("currency") or currency)))
