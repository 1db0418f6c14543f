"""The heatmap: team by day, each cell the excess over what was expected. HTML, so that it prints, tabs and needs no script."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from bursar.anomaly.records import Kept
from bursar.domain.wording import count
from bursar.query.filters import Compare, Field, Missing, to_text
from bursar.surfaces.web.display import MINUS, clean, day_month, listed, money
from bursar.surfaces.web.findings import Scored, TeamDay
from bursar.surfaces.web.frame import address

STEPS = ((Decimal(300), "4"), (Decimal(100), "3"), (Decimal(50), "2"), (Decimal(12), "1"))
"""Excess a day from which a cell is drawn one shade darker; below expected the darkest is 3."""
MOST_TEAMS = 25
MONDAY = 0
_K = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A team's day: its shade, the short number that is printed where it is outside its band, the whole truth in words, where it leads."""

    shade: str
    text: str
    title: str
    href: str
    is_framed: bool
    is_monday: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One team."""

    name: str
    cells: Sequence[Cell]


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """One day of the head: its short and its full name."""

    short: str
    full: str
    is_monday: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Heat:
    """The table, and the sentence over it."""

    title: str
    heads: Sequence[Head]
    rows: Sequence[Row]
    left_out: int


def heat(scored: Scored, incidents: Sequence[Kept], *, currency: str) -> Heat | None:
    """The table of these days, teams that were furthest out first; None where there is nothing to draw."""
    days = sorted({one.day for one in scored.days})
    if not days:
        return None
    by_team: dict[str, dict[date, TeamDay]] = {}
    for one in scored.days:
        by_team.setdefault(one.team, {})[one.day] = one
    order = sorted(by_team, key=lambda team: (-_furthest(by_team[team].values()), team))
    known = [one for one in incidents if one.currency == currency and one.status != "retracted"]
    rows = [_row(team, by_team[team], days, known=known, currency=currency) for team in order[:MOST_TEAMS]]
    return Heat(
        title=_title(scored.days),
        heads=[_head(day, first=day == days[0]) for day in days],
        rows=rows,
        left_out=max(0, len(order) - MOST_TEAMS),
    )


def _title(days: Sequence[TeamDay]) -> str:
    """How many teams are outside their band on the newest day that is known."""
    newest = max((one.day for one in days if one.actual is not None), default=days[-1].day)
    out = sorted({clean(one.team) for one in days if one.day == newest and one.is_outside})
    if not out:
        return f"Every team is inside its band on {day_month(newest)}"
    names = listed(out) if len(out) <= 3 else count(len(out), "team")
    return f"{names} {'is' if len(out) == 1 else 'are'} outside {'its' if len(out) == 1 else 'their'} band on {day_month(newest)}"


def _furthest(days: Iterable[TeamDay]) -> Decimal:
    return max((abs(one.excess or Decimal(0)) for one in days if one.is_outside), default=Decimal(0))


def _head(day: date, *, first: bool) -> Head:
    short = day_month(day) if first or day.day == 1 else str(day.day)
    return Head(short=short, full=day_month(day), is_monday=day.weekday() == MONDAY)


def _row(team: str, known_days: dict[date, TeamDay], days: Sequence[date], *, known: Sequence[Kept], currency: str) -> Row:
    mine = [one for one in known if one.scope.get("team") == team]
    return Row(name=clean(team, longest=40), cells=[_cell(team, day, known_days.get(day), mine=mine, currency=currency) for day in days])


def _cell(team: str, day: date, found: TeamDay | None, *, mine: Sequence[Kept], currency: str) -> Cell:
    monday = day.weekday() == MONDAY
    excess = found.excess if found else None
    if found is None or excess is None:
        return Cell(shade="miss", text="", title=f"{day_month(day)}: not known", href="", is_framed=False, is_monday=monday)
    part = next((one for one in mine if one.onset <= day <= one.last_day), None)
    how = f"{'outside' if found.is_outside else 'within'} its band{', not complete yet' if found.status == 'partial' else ''}"
    title = f"{clean(team)}, {day_month(day)}: {money(excess, currency, signed=True)} {currency}, {how}"
    href = f"/anomalies/{part.id}" if part else _lines(team, day, currency) if found.is_outside else ""
    text = short(excess) if href else ""
    return Cell(shade=shade(excess), text=text, title=title, href=href, is_framed=part is not None, is_monday=monday)


def _lines(team: str, day: date, currency: str) -> str:
    field = Field(name="team")
    wanted = Missing(field=field) if team == "no team" else Compare(field=field, op="=", value=team)
    return address(
        "/explore",
        {
            "group_by": "service",
            "window": f"{day}..{day + timedelta(days=1)}",
            "compare": "none",
            "filter": to_text(wanted),
            "currency": currency,
        },
    )


def shade(excess: Decimal) -> str:
    """The step of a colour: `u1` to `u4` above, `d1` to `d3` below, `z` in between."""
    step = next((step for least, step in STEPS if abs(excess) >= least), "")
    if not step:
        return "z"
    return f"u{step}" if excess > 0 else f"d{min(step, '3')}"


def short(excess: Decimal) -> str:
    """An amount as it fits a cell: `450`, `−61`, `12k`."""
    sign, size = MINUS if excess < 0 else "", abs(excess)
    if size >= _K:
        return f"{sign}{(size / 1000).quantize(Decimal(1), rounding=ROUND_HALF_UP)}k"
    return f"{sign}{size.quantize(Decimal(1), rounding=ROUND_HALF_UP)}"
