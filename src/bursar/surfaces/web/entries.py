"""What a question answered, in the one shape the pages think in: a key, a day, an amount. One currency at a time."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple, TypeVar

from bursar.domain.money import total
from bursar.surfaces.web.display import UNALLOCATED

COLOURS = 6
"""Names that get a colour of their own; all others, and what has no owner, are drawn hatched."""
HATCHED = 7
OTHERS = "others"

Key = TypeVar("Key")


class Entry(NamedTuple):
    """An amount of one group (its values in the order asked for) in the bucket that starts on a day."""

    key: tuple[str, ...]
    start: date
    value: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One name of a page: its colour (1…6, 7 hatched), what it cost now, and in the span compared with (None: nothing compared)."""

    name: str
    colour: int
    now: Decimal
    then: Decimal | None
    members: frozenset[str]

    @property
    def change(self) -> Decimal | None:
        """Now minus then, or None where nothing is compared."""
        return None if self.then is None else self.now - self.then


def between(entries: Iterable[Entry], start: date, end: date) -> list[Entry]:
    """The entries of buckets from `start` up to but not including `end`."""
    return [entry for entry in entries if start <= entry.start < end]


def amount(entries: Iterable[Entry]) -> Decimal:
    """Their exact sum."""
    return total(entry.value for entry in entries)


def sums_by(entries: Iterable[Entry], key: Callable[[Entry], Key]) -> dict[Key, Decimal]:
    """Exact sums by any key of an entry, in order of first appearance."""
    parts: dict[Key, list[Decimal]] = {}
    for entry in entries:
        parts.setdefault(key(entry), []).append(entry.value)
    return {name: total(values) for name, values in parts.items()}


def groups(now: Sequence[Entry], then: Sequence[Entry] | None, *, at: int = 0) -> list[Group]:
    """The names at one place of the key, largest first; beyond six they are one row, and what has no owner comes last.

    Rows always sum to the total of `now`. The order, and so the colour, is that of the larger of the two spans' amounts
    when the present one is empty.
    """
    present, past = sums_by(now, lambda entry: entry.key[at]), sums_by(then or [], lambda entry: entry.key[at])
    names = sorted({*present, *past}, key=lambda name: (-abs(present.get(name, Decimal(0))), -abs(past.get(name, Decimal(0))), name))
    owned = [name for name in names if name != UNALLOCATED]
    alone, rest = owned[:COLOURS], owned[COLOURS:]

    def group(name: str, members: Sequence[str], colour: int) -> Group:
        before = total(past.get(member, Decimal(0)) for member in members)
        return Group(
            name=name,
            colour=colour,
            now=total(present.get(member, Decimal(0)) for member in members),
            then=None if then is None else before,
            members=frozenset(members),
        )

    rows = [group(name, [name], index + 1) for index, name in enumerate(alone)]
    if rest:
        rows.append(group(rest[0] if len(rest) == 1 else f"{len(rest)} {OTHERS}", rest, HATCHED))
    if UNALLOCATED in names:
        rows.append(group(UNALLOCATED, [UNALLOCATED], HATCHED))
    return rows


def by_bucket(entries: Iterable[Entry], buckets: Sequence[date], *, at: int = 0, members: frozenset[str] | None = None) -> list[Decimal]:
    """One amount per bucket for the given names (None: all), zero where nothing was charged."""
    chosen = (entry for entry in entries if members is None or entry.key[at] in members)
    found = sums_by(chosen, lambda entry: entry.start)
    return [found.get(bucket, Decimal(0)) for bucket in buckets]
