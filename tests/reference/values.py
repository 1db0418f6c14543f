"""How one native cell is read: money, text, moments and maps, with the null words of every cloud.

Money is a Decimal of twelve digits, half-up, taken from the text of the cell and never from a binary sum.
Moments are naive datetimes that mean UTC. Source: design of the billing formats, section 1.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from typing import TypeAlias, cast

Row: TypeAlias = Mapping[str, object]

DIGITS = Decimal("1E-12")
ZERO = Decimal("0E-12")
WIDE = Context(prec=100, rounding=ROUND_HALF_UP)
NULL_NUMBERS = frozenset({"", "NULL", "null", "N/A", "None"})
NULL_WORDS = NULL_NUMBERS | {"-2", "Unassigned"}


class WrongBill(Exception):
    """The bill cannot be normalised and has to be quarantined."""


def twelve(value: Decimal | Fraction) -> Decimal:
    """The value at twelve digits after the point, ties away from zero."""
    if isinstance(value, Decimal):
        return value.quantize(DIGITS, context=WIDE)
    units, rest = divmod(abs(value.numerator) * 10**12, value.denominator)
    units += 2 * rest >= value.denominator
    return twelve(Decimal(units if value >= 0 else -units).scaleb(-12, WIDE))


def number(row: Row, name: str) -> Decimal | None:
    """A numeric cell at twelve digits, None when the cell is empty or absent. Raises WrongBill on other text."""
    value = row.get(name)
    if value is None:
        return None
    written = repr(value) if isinstance(value, float) else str(value).strip()
    if written in NULL_NUMBERS:
        return None
    try:
        return twelve(Decimal(written))
    except ArithmeticError as wrong:
        msg = f"{name} is no number: {written!r}"
        raise WrongBill(msg) from wrong


def money(row: Row, name: str) -> Decimal:
    """A money cell, zero when it is empty."""
    return number(row, name) or ZERO


def text(row: Row, *names: str) -> str | None:
    """The first of these cells that says anything."""
    for name in names:
        value = row.get(name)
        if value is None:
            continue
        written = str(value).strip()
        if written not in NULL_WORDS:
            return written
    return None


def moment(value: object) -> datetime | None:
    """A stamp in UTC: ISO with or without zone and fraction, BigQuery's `UTC` suffix, M/D/YYYY."""
    if value is None or (isinstance(value, str) and value.strip() in NULL_WORDS):
        return None
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001 naive means UTC here
    return _moment_of_text(str(value).strip())


def _moment_of_text(written: str) -> datetime:
    if "/" in written:
        month, day, year = (int(part) for part in written.split(" ", maxsplit=1)[0].split("/"))
        return datetime(year + 2000 if year < 100 else year, month, day)  # noqa: DTZ001 naive means UTC here
    stamp = datetime.fromisoformat(written.removesuffix(" UTC"))
    return stamp.astimezone(UTC).replace(tzinfo=None) if stamp.tzinfo else stamp


def month_start(stamp: datetime) -> datetime:
    """Midnight of the first day of the stamp's month."""
    return stamp.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def month_end(stamp: datetime) -> datetime:
    """The exclusive end of the stamp's month."""
    return month_start(month_start(stamp) + timedelta(days=32))


def exclusive(stamp: datetime | None) -> datetime | None:
    """The exclusive form of an end that may be written as the last second before it."""
    if stamp is not None and (stamp.minute, stamp.second) == (59, 59):
        return stamp.replace(microsecond=0) + timedelta(seconds=1)
    return stamp


def period(stamp: datetime) -> str:
    """The month as YYYY-MM."""
    return f"{stamp:%Y-%m}"


def plain(value: object) -> object:
    """A nested cell as lists and dicts: it may be one already, JSON, or Python-like single-quoted text."""
    if not isinstance(value, str):
        return value
    written = value.strip()
    if written in NULL_NUMBERS:
        return None
    try:
        return json.loads(written, parse_float=Decimal)
    except json.JSONDecodeError:
        pass
    try:
        return ast.literal_eval(written)
    except (ValueError, SyntaxError):
        return None


def records(value: object) -> list[dict[str, object]]:
    """A nested list of records; empty when there is none."""
    found = plain(value)
    return [cast("dict[str, object]", item) for item in found if isinstance(item, Mapping)] if isinstance(found, list) else []


def string_map(pairs: Iterable[tuple[object, object]]) -> dict[str, str]:
    """Tags as text to text. A key without a value, as opposed to an empty one, is `true`."""
    found: dict[str, str] = {}
    for key, value in pairs:
        written = "true" if value is None or value is True else str(value)
        found.setdefault(str(key), written)
    return found
