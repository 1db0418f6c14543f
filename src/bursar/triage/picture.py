"""The picture in a message: a few weeks of what was expected, its band, and what came. SVG, then PNG.

It holds days and amounts, no stranger's word. The font ships with it: without one resvg draws no text and says nothing. It is
weight 400 of surfaces/web/static/vendor/hanken-grotesk.woff2 (OFL 1.1) as TrueType, by fonttools: resvg reads no WOFF2.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from importlib.resources import as_file, files

from bursar.domain.wording import money
from bursar.triage.rows import Json, decimal, rows_of

WIDTH, HEIGHT = 760, 280
LEFT, RIGHT, TOP, BOTTOM = 16, 744, 48, 240
INK, QUIET, RULE, BAND, LINE, BEYOND = "#14201b", "#54625b", "#e2e8e3", "#dbe7e1", "#0b5d49", "#b3261e"
BAND_SHARE = Decimal("1.5")  # a band far wider than any cost is cut off there, so that it does not flatten what came
FAMILY = "Hanken Grotesk"
STEPS = tuple(Decimal(step) for step in ("1", "1.2", "1.6", "2", "3", "4", "6", "8", "10"))


def png(payload: Mapping[str, object]) -> bytes | None:
    """The picture of a payload's series at twice its size; None with less than two days of actual cost."""
    if (drawn := svg(payload)) is None:
        return None
    from resvg_py import svg_to_bytes  # noqa: PLC0415 - only where a picture is drawn

    with as_file(files("bursar.triage") / "fonts" / "hanken-grotesk.ttf") as font:
        return bytes(svg_to_bytes(svg_string=drawn, zoom=2, skip_system_fonts=True, font_files=[str(font)], font_family=FAMILY))


def svg(payload: Mapping[str, object]) -> str | None:
    """The picture as SVG."""
    days = rows_of(payload, "series")
    actual = [decimal(row.get("actual")) for row in days]
    if sum(value is not None for value in actual) < 2:
        return None
    lo, hi, expected = ([decimal(row.get(name)) for row in days] for name in ("lo", "hi", "expected"))
    costs = [value for values in (actual, expected) for value in values if value is not None]
    edge = max(costs) * BAND_SHARE
    scale = _Scale(len(days), _top([*costs, *(min(value, edge) for value in hi if value is not None)]))
    parts = [
        *_grid(scale, str(payload.get("currency") or "")),
        *(f'<path d="{area}" fill="{BAND}"/>' for area in _areas(lo, hi, scale)),
        *(f'<path d="{line}" fill="none" stroke="{QUIET}" stroke-dasharray="4 3"/>' for line in _lines(expected, scale)),
        *(f'<path d="{line}" fill="none" stroke="{LINE}" stroke-width="2"/>' for line in _lines(actual, scale)),
        *_beyond(actual, lo, hi, scale),
        *_axis(days, scale),
        *_legend(),
    ]
    style = f'font-family="{FAMILY}" font-size="13" fill="{INK}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" {style}>\n'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>\n{"".join(parts)}\n</svg>'
    )


Amounts = Sequence[Decimal | None]


class _Scale:
    """Days and amounts as places."""

    def __init__(self, days: int, top: Decimal) -> None:
        self.days = days
        self.top = top

    def x(self, index: int) -> str:
        return f"{LEFT + (RIGHT - LEFT) * index / max(self.days - 1, 1):.1f}"

    def y(self, amount: Decimal) -> str:
        share = max(Decimal(0), min(amount, self.top)) / self.top
        return f"{BOTTOM - (BOTTOM - TOP) * share:.1f}"


def _top(amounts: Sequence[Decimal]) -> Decimal:
    """A round amount at or above the largest."""
    largest = max(*amounts, Decimal("0.01"))
    unit = Decimal(1).scaleb(largest.adjusted())
    return next(unit * step for step in STEPS if unit * step >= largest)


def _runs(values: Amounts) -> list[list[int]]:
    """Unbroken runs of known days: an unknown day is a gap, not a zero."""
    runs: list[list[int]] = []
    for index, value in enumerate(values):
        if value is not None and runs and runs[-1][-1] == index - 1:
            runs[-1].append(index)
        elif value is not None:
            runs.append([index])
    return runs


def _lines(values: Amounts, scale: _Scale) -> list[str]:
    return ["M" + " L".join(f"{scale.x(i)} {scale.y(values[i] or Decimal(0))}" for i in run) for run in _runs(values)]


def _areas(lo: Amounts, hi: Amounts, scale: _Scale) -> list[str]:
    """The band, where both its edges are known."""
    both = [upper if lower is not None else None for lower, upper in zip(lo, hi, strict=True)]
    areas: list[str] = []
    for run in _runs(both):
        there = [f"{scale.x(i)} {scale.y(hi[i] or Decimal(0))}" for i in run]
        back = [f"{scale.x(i)} {scale.y(lo[i] or Decimal(0))}" for i in reversed(run)]
        areas.append("M" + " L".join(there + back) + " Z")
    return areas


def _beyond(actual: Amounts, lo: Amounts, hi: Amounts, scale: _Scale) -> list[str]:
    """A dot on each day outside the band."""
    return [
        f'<circle cx="{scale.x(i)}" cy="{scale.y(cost)}" r="3.5" fill="{BEYOND}"/>'
        for i, (cost, low, high) in enumerate(zip(actual, lo, hi, strict=True))
        if cost is not None and ((high is not None and cost > high) or (low is not None and cost < low))
    ]


def _grid(scale: _Scale, currency: str) -> list[str]:
    """Two lines with their amounts, and the ground."""
    code = currency if len(currency) == 3 and currency.isalpha() else ""
    marks = [(amount, scale.y(amount)) for amount in (scale.top, scale.top / 2, Decimal(0))]
    lines = [f'<path d="M{LEFT} {y} H{RIGHT}" stroke="{RULE}"/>' for _, y in marks]
    return lines + [f'<text x="{LEFT}" y="{float(y) - 4:.1f}" fill="{QUIET}">{money(cost, code)} a day</text>' for cost, y in marks[:2]]


def _axis(days: Sequence[Json], scale: _Scale) -> list[str]:
    """The first day, the middle one and the last."""
    places = ((0, "start"), ((len(days) - 1) // 2, "middle"), (len(days) - 1, "end"))
    return [
        f'<text x="{scale.x(i)}" y="{BOTTOM + 22}" text-anchor="{anchor}" fill="{QUIET}">{_day(days[i])}</text>' for i, anchor in places
    ]


def _legend() -> list[str]:
    return [
        f'<path d="M16 18 h22" stroke="{LINE}" stroke-width="2"/><text x="44" y="22">cost</text>',
        f'<path d="M92 18 h22" stroke="{QUIET}" stroke-dasharray="4 3"/><text x="120" y="22">expected</text>',
        f'<rect x="194" y="11" width="22" height="14" fill="{BAND}"/><text x="222" y="22">usual range</text>',
        f'<circle cx="320" cy="18" r="3.5" fill="{BEYOND}"/><text x="330" y="22">outside it</text>',
    ]


def _day(row: Json) -> str:
    try:
        day = date.fromisoformat(str(row.get("day")))
    except ValueError:
        return ""
    return f"{day.day} {day:%b %Y}"
