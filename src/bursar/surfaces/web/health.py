"""Data health: are the books right, how old are they, what is held back and what mends it.

`build` is pure: reports in, a page's values out.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from bursar.domain.periods import Period
from bursar.domain.wording import count
from bursar.lake.reports import Delivery, Freshness, Reconciled, Version
from bursar.surfaces.web import sentences
from bursar.surfaces.web.display import age, clean, moment, month_name, month_short, month_year, ratio_percent, sentence
from bursar.surfaces.web.frame import Choice, address
from bursar.surfaces.web.ledgers import InvoiceTable, Waterfall, invoice_table, month_waterfall, waterfall
from bursar.surfaces.web.seals import Seal, covered, scope, seal

MONTHS = 12
_PLAIN = re.compile(r"[\w./][\w./=+:@-]*")
"""A path that needs no quoting in a shell."""
RECENT = 12
LATE = timedelta(hours=36)
STALE = timedelta(hours=48)
WORDS = {"ok": "published", "part": "open month", "again": "restated", "bad": "held back", "none": "nothing delivered"}
OUTCOMES = {
    "published": ("ok", "d-ok"), "staged": ("low", "d-late"), "unchanged": ("low", "d-none"), "recorded": ("low", "d-none"),
    "quarantined": ("bad", "d-bad"), "refused": ("bad", "d-bad"),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthFacts:
    """What the page is made of. `effective` is the month's effective cost per currency; `versions` are published restatements."""

    now: datetime
    period: Period
    periods: Sequence[str]
    currency: str
    invoices: Sequence[Reconciled]
    effective: Mapping[str, Decimal]
    freshness: Sequence[Freshness]
    live: Sequence[tuple[str, str]]
    deliveries: Sequence[Delivery]
    held: Sequence[Delivery]
    versions: Sequence[Version]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One source by month: a state per month, and how old its newest export is."""

    name: str
    format: str
    cells: Sequence[tuple[str, str]]
    age: str
    state: str
    icon: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A delivery that is not published: what is wrong, what mends it, the command to type then."""

    name: str
    outcome: str
    at: str
    source: str
    period: str
    rows: int | None
    sums: Sequence[tuple[str, Decimal]]
    cause: str
    cure: str
    command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A line of the delivery book."""

    at: str
    name: str
    source: str
    period: str
    rows: int | None
    sums: Sequence[tuple[str, Decimal]]
    outcome: str
    state: str
    icon: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Restatement:
    """A month that was delivered again: both totals, per currency."""

    source: str
    period: str
    at: str
    rows: int
    rows_change: int
    sums: Sequence[tuple[str, Decimal, Decimal]]
    command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """All values of the page."""

    headline: str
    lead: Sequence[str]
    period: str
    month: str
    currency: str
    periods: Sequence[Choice]
    currencies: Sequence[Choice]
    lanes_title: str
    lane_months: Sequence[tuple[str, str]]
    lanes: Sequence[Lane]
    words: Sequence[tuple[str, str]]
    table: InvoiceTable
    month_steps: Waterfall | None
    waterfalls: Sequence[Waterfall]
    held: Sequence[Held]
    held_title: str
    arrivals: Sequence[Arrival]
    restatements: Sequence[Restatement]
    restatements_title: str
    seal: Seal


def late_sources(freshness: Sequence[Freshness], now: datetime) -> list[Freshness]:
    """Sources whose newest export is older than 36 hours while more is to come.

    More is to come as long as their newest month is open, or when another source is already one month further. A source that
    ended longer ago is history, not late.
    """
    newest = max((one.newest_period for one in freshness), default="")

    def is_due(one: Freshness) -> bool:
        period = Period.parse(one.newest_period)
        return not period.is_closed(now) or str(period.shift(1)) == newest

    return [one for one in freshness if one.exported_at and now - one.exported_at > LATE and is_due(one)]


def build(facts: HealthFacts) -> Health:
    """The page of these reports, for one billing period and currency."""
    rows = scope(facts.invoices, periods=[str(facts.period)], currency=facts.currency)
    late = late_sources(facts.freshness, facts.now)
    restated = [_restatement(version) for version in facts.versions]
    table = invoice_table(rows, period=facts.period, currency=facts.currency)
    months = sorted({period for _, period in facts.live})[-MONTHS:]
    everything = [row for row in facts.invoices if row.billing_period == str(facts.period)]
    return Health(
        headline=sentences.books(
            everything, held=len(facts.held), late=len(late), restated=len({(one.source, one.period) for one in restated})
        ),
        lead=_lead(facts, rows, table),
        period=str(facts.period),
        month=month_year(facts.period.start),
        currency=facts.currency,
        periods=_periods(facts),
        currencies=_currencies(facts),
        lanes_title=_lanes_title(facts, late),
        lane_months=[(month_name(Period.parse(text).start)[:3], month_year(Period.parse(text).start)) for text in months],
        lanes=[_lane(facts, one, months) for one in facts.freshness],
        words=list(WORDS.items()),
        table=table,
        month_steps=month_waterfall(rows, effective=facts.effective[facts.currency]) if facts.currency in facts.effective else None,
        waterfalls=[steps for steps in (waterfall(row) for row in rows) if steps],
        held=held_rows(facts.held),
        held_title=f"{count(len(facts.held), 'delivery is', 'deliveries are')} held back" if facts.held else "Nothing is held back",
        arrivals=[_arrival(one) for one in facts.deliveries[:RECENT]],
        restatements=restated,
        restatements_title=_restated_title(restated),
        seal=seal(rows),
    )


def held_rows(found: Sequence[Delivery]) -> list[Held]:
    """What is held back, each with cause, cure and command."""
    return [_held(one) for one in found]


def _lead(facts: HealthFacts, rows: Sequence[Reconciled], table: InvoiceTable) -> list[str]:
    """How much of the month is reconciled, how far off it is, and what waits."""
    said: list[str] = []
    cover = covered(rows)
    month = month_name(facts.period.start)
    if cover:
        said.append(f"Invoices speak of {cover * 100:.1f} % of what {month} billed in {facts.currency}.")
    if table.invoice_total and table.difference is not None:
        said.append(f"Difference {ratio_percent(table.difference / table.invoice_total)} % of the invoices that came.")
    held = sum(one.rows or 0 for one in facts.held)
    if held:
        said.append(f"{count(held, 'row waits', 'rows wait')} in quarantine; what is published does not hold them.")
    return said


def _lanes_title(facts: HealthFacts, late: Sequence[Freshness]) -> str:
    if not facts.freshness:
        return "No source has delivered yet"
    if late:
        oldest = min(late, key=lambda one: one.exported_at or facts.now)
        return f"{clean(oldest.source)} is {age(oldest.exported_at or facts.now, facts.now)} old"
    return f"{count(len(facts.freshness), 'source has', 'sources have')} delivered, none is late"


def _lane(facts: HealthFacts, one: Freshness, months: Sequence[str]) -> Lane:
    again = {version.period for version in facts.versions if version.source == one.source}
    bad = {held.period for held in facts.held if held.source == one.source}
    live = {period for source, period in facts.live if source == one.source}
    states = [_state(period, live=live, bad=bad, again=again, now=facts.now) for period in months]
    late = one in late_sources(facts.freshness, facts.now)
    old = one.exported_at or one.landed_at
    return Lane(
        name=clean(one.source),
        format=clean(one.format),
        cells=[(state, WORDS[state]) for state in states],
        age=f"{age(old, facts.now)}{', late' if late else ''}" if old else "not known",
        state="warn" if late else "ok",
        icon="d-late" if late else "d-ok",
    )


def _state(period: str, *, live: set[str], bad: set[str | None], again: set[str], now: datetime) -> str:
    """The worst that is so: held back, nothing, restated, still open, published."""
    if period in bad:
        return "bad"
    if period not in live:
        return "none"
    if period in again:
        return "again"
    return "ok" if Period.parse(period).is_closed(now) else "part"


def _held(one: Delivery) -> Held:
    command = f"bursar ingest {one.name}" if _PLAIN.fullmatch(one.name) else "bursar ingest PATH"
    return Held(
        name=clean(one.name, longest=120),
        outcome=one.outcome,
        at=moment(one.seen_at),
        source=clean(one.source) if one.source else "not known",
        period=one.period or "not known",
        rows=one.rows,
        sums=_billed(one),
        cause=sentence(one.cause or "not known"),
        cure=sentence(one.cure or "Mend the delivery and bring it again."),
        command=clean(command, longest=200),
    )


def _arrival(one: Delivery) -> Arrival:
    state, icon = OUTCOMES.get(one.outcome, ("low", "d-none"))
    return Arrival(
        at=moment(one.seen_at),
        name=clean(one.name),
        source=clean(one.source) if one.source else "",
        period=one.period or "",
        rows=one.rows,
        sums=_billed(one),
        outcome=one.outcome,
        state=state,
        icon=icon,
    )


def _billed(one: Delivery) -> list[tuple[str, Decimal]]:
    return [(currency, four.billed) for currency, four in sorted(one.sums.items())]


def _restatement(version: Version) -> Restatement:
    change = version.change or {}
    return Restatement(
        source=clean(version.source),
        period=version.period,
        at=moment(version.published_at) if version.published_at else "not known",
        rows=version.rows,
        rows_change=version.rows_change or 0,
        sums=[
            (code, four.billed - change[code].billed if code in change else four.billed, four.billed)
            for code, four in sorted(version.sums.items())
        ],
        command=f"bursar history --period {version.period}",
    )


def _restated_title(restated: Sequence[Restatement]) -> str:
    if not restated:
        return "No month was delivered again"
    months = len({(one.source, one.period) for one in restated})
    return f"{count(months, 'month was', 'months were')} delivered again; both totals are kept"


def _here(facts: HealthFacts, **changes: str) -> str:
    return address("/health", {"period": str(facts.period), "currency": facts.currency} | changes)


def _periods(facts: HealthFacts) -> list[Choice]:
    known = sorted({*facts.periods, str(facts.period)})
    at = known.index(str(facts.period))
    return [
        Choice(label=month_short(Period.parse(text).start), href=_here(facts, period=text), current=text == str(facts.period))
        for text in known[max(0, at - 2) : at + 2]
    ]


def _currencies(facts: HealthFacts) -> list[Choice]:
    codes = sorted({row.currency for row in facts.invoices if row.billing_period == str(facts.period)} | {facts.currency})
    return (
        [Choice(label=code, href=_here(facts, currency=code), current=code == facts.currency) for code in codes] if len(codes) > 1 else []
    )
