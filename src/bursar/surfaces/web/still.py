"""The chart as a still picture, for those without JavaScript: rectangles in a box of 1000 × 240, drawn by the template."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from bursar.domain.money import total

WIDTH, HEIGHT = 1000, 240
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A rectangle in whole units of the box, and the colour of its series."""

    x: int
    y: int
    width: int
    height: int
    colour: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Still:
    """The picture: blocks, the line of zero, ticks of the compared span as (x, y, width), and the highest total drawn."""

    blocks: Sequence[Block]
    zero: int
    ticks: Sequence[tuple[int, int, int]]
    high: Decimal


def still(columns: Sequence[Sequence[tuple[int, Decimal]]], before: Sequence[Decimal | None]) -> Still:
    """Stacks of (colour, amount), one per bucket; negative amounts hang below zero."""
    highs = [total(value for _, value in column if value > 0) for column in columns]
    lows = [total(value for _, value in column if value < 0) for column in columns]
    known = [value for value in before if value is not None]
    high, low = max([*highs, *known, ZERO]), min([*lows, ZERO])
    scale = HEIGHT / ((high - low) or Decimal(1))
    step = WIDTH / max(1, len(columns))
    bar = max(1, round(step * 0.84))

    def at(value: Decimal) -> int:
        return round((high - value) * scale)

    blocks: list[Block] = []
    for index, column in enumerate(columns):
        up = down = ZERO
        for colour, value in column:
            start = up if value > 0 else down
            top, bottom = sorted((at(start + value), at(start)))
            if bottom > top:
                blocks.append(Block(x=round(index * step), y=top, width=bar, height=bottom - top, colour=colour))
            up, down = (up + value, down) if value > 0 else (up, down + value)
    ticks = [(round(index * step), at(value), bar) for index, value in enumerate(before) if value is not None]
    return Still(blocks=blocks, zero=at(ZERO), ticks=ticks[: len(columns)], high=high)
