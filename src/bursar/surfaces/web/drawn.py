"""Cells drawn as SVG: sparklines and bars as plain numbers; the templates write the shapes, with percent widths and no style."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

_WIDTH, _HEIGHT = 92, 22


@dataclass(frozen=True, slots=True, kw_only=True)
class Spark:
    """A line of daily amounts: path before the present span, path of it, and its last point, in a box of 92 × 22."""

    before: str
    now: str
    x: str
    y: str
    hot: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A bar from `x` over `width` percent of the cell; `kind` is act, over, blu or sub3."""

    x: str
    width: str
    kind: str


def spark(values: Sequence[Decimal], *, present: int, hot: bool = False) -> Spark | None:
    """The last `present` values drawn dark, those before them quiet. None when there is no line to draw."""
    if len(values) < 2:
        return None
    low, high = min(values), max(values)
    low = min(Decimal(0), low) if low < high / 2 else low - (high - low) / 10
    reach = (high - low) or Decimal(1)

    def point(index: int) -> tuple[str, str]:
        x = 2 + Decimal(index * (_WIDTH - 6)) / (len(values) - 1)
        y = _HEIGHT - 3 - (values[index] - low) / reach * (_HEIGHT - 7)
        return f"{x:.1f}", f"{y:.1f}"

    points = [" ".join(point(index)) for index in range(len(values))]
    cut = max(1, len(values) - present)
    x, y = point(len(values) - 1)
    return Spark(before="M" + "L".join(points[: cut + 1]), now="M" + "L".join(points[cut:]), x=x, y=y, hot=hot)


def share_bar(value: Decimal, of: Decimal, *, quiet: bool = False) -> Bar:
    """A share of the largest, from the left; negative amounts are drawn blue at their size, sums of many quiet."""
    width = min(Decimal(100), abs(value) / of * 100) if of else Decimal(0)
    return Bar(x="0", width=f"{width:.2f}", kind="blu" if value < 0 else "sub3" if quiet else "act")


def step_bar(start: Decimal, change: Decimal, *, low: Decimal, high: Decimal) -> Bar:
    """One step of a waterfall between `low` and `high`: where it starts and how far it goes; at least a hair wide."""
    reach = (high - low) or Decimal(1)
    left, right = sorted((start, start + change))
    x = (left - low) / reach * 100
    return Bar(x=f"{x:.2f}", width=f"{max(Decimal('0.6'), (right - left) / reach * 100):.2f}", kind="blu" if change < 0 else "over")


def total_bar(value: Decimal, *, low: Decimal, high: Decimal) -> Bar:
    """A total of a waterfall, from its cut axis."""
    reach = (high - low) or Decimal(1)
    return Bar(x="0", width=f"{max(Decimal(0), (value - low) / reach * 100):.2f}", kind="act")
