"""The rows of an answer on Explore: labels, colours, trend, and where each opens."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from bursar.domain.money import total
from bursar.query.ask import OTHER, Row
from bursar.query.catalogue import DIMENSIONS
from bursar.surfaces.web.asked import Asked, drilled
from bursar.surfaces.web.display import MINUS, UNALLOCATED, clean, percent, provider_name
from bursar.surfaces.web.drawn import Spark, spark
from bursar.surfaces.web.entries import COLOURS, HATCHED, OTHERS, Group
from bursar.surfaces.web.movers import ZERO, is_hot


@dataclass(frozen=True, slots=True, kw_only=True)
class ExploreRow:
    """One group: its values, what it cost now and then, and where it opens (`into` names that; empty href: the rest)."""

    label: str
    colour: int
    now: Decimal
    then: Decimal | None
    share: str
    spark: Spark | None
    href: str
    into: str
    is_hot: bool
    is_rest: bool

    @property
    def change(self) -> Decimal | None:
        """Now minus then, None where nothing is compared."""
        return None if self.then is None else self.now - self.then


def heading(name: str) -> str:
    """A dimension as people call it."""
    return DIMENSIONS.get(name, clean(name))


def value_label(name: str, value: str | None) -> str:
    """A dimension's value as it is shown; None is what the bill does not say."""
    if value is None or not value:
        return "not known"
    return provider_name(value) if name == "provider" else clean(value)


def _sums(rows: Sequence[Row]) -> dict[tuple[str | None, ...], tuple[Decimal, Decimal]]:
    """Now and then per group, the largest first, the rest last."""
    parts: dict[tuple[str | None, ...], list[Row]] = {}
    for row in rows:
        parts.setdefault(row.keys, []).append(row)
    sums = {keys: (total(row.value for row in found), total(row.previous or ZERO for row in found)) for keys, found in parts.items()}
    order = sorted(sums, key=lambda keys: (_is_rest(keys), -sums[keys][0], -sums[keys][1], tuple(key or "" for key in keys)))
    return {keys: sums[keys] for keys in order}


def _is_rest(keys: tuple[str | None, ...]) -> bool:
    return bool(keys) and all(key == OTHER for key in keys)


def _colour(keys: tuple[str | None, ...], place: int) -> int:
    """Six colours in order of size; what has no owner, and all beyond, is hatched."""
    return HATCHED if place >= COLOURS or _is_rest(keys) or UNALLOCATED in keys else place + 1


def known_days(rows: Sequence[Row], *, end: date) -> list[date]:
    """The buckets that are shown: those the data reaches (`end` exclusive), and any other that holds an amount.

    A longer month compared with this one leaves buckets with nothing of ours in them.
    """
    return sorted({row.start for row in rows if row.value or row.start < end})


def answer_rows(asked: Asked, rows: Sequence[Row], *, compared: bool, end: date) -> list[ExploreRow]:
    """An answer's groups as rows, largest first, the rest last; they sum to the total."""
    sums = _sums(rows)
    of = total(now for now, _ in sums.values())
    days = known_days(rows, end=end)
    result: list[ExploreRow] = []
    place = 0
    for keys, (now, then) in sums.items():
        colour = _colour(keys, place)
        place += colour != HATCHED
        rest = _is_rest(keys)
        href, into = ("", "") if rest else drilled(asked, keys)
        label = (
            "all others" if rest else " · ".join(value_label(name, key) for name, key in zip(asked.dimensions, keys, strict=True)) or "All"
        )
        mine = {row.start: row.value for row in rows if row.keys == keys}
        hot = compared and not rest and is_hot(now, then)
        result.append(
            ExploreRow(
                label=label,
                colour=colour,
                now=now,
                then=then if compared else None,
                share=f"{MINUS if now / of < 0 else ''}{percent(now, of)}" if of else "",
                spark=spark([mine.get(day, ZERO) for day in days], present=len(days), hot=hot),
                href=href,
                into=heading(into).lower() if into else "charge lines",
                is_hot=hot,
                is_rest=rest,
            )
        )
    return result


def answer_groups(rows: Sequence[ExploreRow], entries: Sequence[Row]) -> list[Group]:
    """The chart's series: the coloured rows by name, all others as one, and what has no owner as one."""
    pairs = list(zip(_sums(entries), rows, strict=True))
    named = [_group(row.label, row.colour, [key]) for key, row in pairs if row.colour != HATCHED]
    rest = [(key, row) for key, row in pairs if row.colour == HATCHED and UNALLOCATED not in key]
    unowned = [(key, row) for key, row in pairs if UNALLOCATED in key]
    return [*named, *_together(rest, f"{len(rest)} {OTHERS}"), *_together(unowned, "no owner")]


def _together(pairs: Sequence[tuple[tuple[str | None, ...], ExploreRow]], name: str) -> list[Group]:
    """Several rows as one hatched series; a single one keeps its name."""
    if not pairs:
        return []
    return [_group(pairs[0][1].label if len(pairs) == 1 else name, HATCHED, [key for key, _ in pairs])]


def _group(name: str, colour: int, keys: Sequence[tuple[str | None, ...]]) -> Group:
    return Group(name=name, colour=colour, now=ZERO, then=None, members=frozenset(group_name(key) for key in keys))


def group_name(keys: tuple[str | None, ...]) -> str:
    """A group's key as one text that no two groups share."""
    return "\x1f".join("\x00" if key is None else key for key in keys)
